"""A policy for tests, small enough to be read: everything may do everything, but containers."""
import os
import pathlib
import subprocess

FILES = pathlib.Path("/sys/fs/selinux")
# The kernel's own, in its order (security/selinux/include/initial_sid_to_string.h).
SIDS = ("kernel security unlabeled fs file file_labels init any_socket port netif netmsg node igmp_packet icmp_socket tcp_socket sysctl_modprobe sysctl sysctl_fs "
        "sysctl_kernel sysctl_net sysctl_net_unix sysctl_vm sysctl_dev kmod policy scmp_packet devnull").split()
FILE = "ioctl read write create getattr setattr lock relabelfrom relabelto append map unlink link rename execute quotaon mounton audit_access open execmod watch watch_mount watch_sb watch_with_perm watch_reads"
CLASSES = {
    "process": "fork transition sigchld sigkill sigstop signull signal ptrace getsched setsched getsession getpgid setpgid getcap setcap share getattr setexec setfscreate "
               "noatsecure siginh setrlimit rlimitinh dyntransition setcurrent execmem execstack execheap setkeycreate setsockcreate getrlimit",
    "file": FILE + " execute_no_trans entrypoint", "dir": FILE + " add_name remove_name reparent search rmdir",
    **{name: FILE for name in ("lnk_file", "chr_file", "blk_file", "sock_file", "fifo_file")},
    "filesystem": "mount remount unmount getattr relabelfrom relabelto associate quotamod quotaget watch",
    "security": "compute_av compute_create compute_member check_context load_policy compute_relabel compute_user setenforce setbool setsecparam setcheckreqprot read_policy validate_trans",
}
ROLE, DOMAINS, PLACES = "system_r", ("kernel_t", "container_t", "other_t"), ("file_t", "container_file_t", "other_file_t", "secret_t")


def text():
    """In CIL: `container_t` reads and writes `container_file_t` of its own categories, may look at `file_t`, and nothing of `secret_t`."""
    out = ["(handleunknown allow)", "(mls true)"]
    out += [f"(class {name} ({perms}))" for name, perms in CLASSES.items()] + [f"(classorder ({' '.join(CLASSES)}))"]
    out += [f"(sid {sid})" for sid in SIDS] + [f"(sidorder ({' '.join(SIDS)}))"]
    out += ["(sensitivity s0)", "(sensitivityorder (s0))"] + [f"(category c{n})" for n in range(1024)]
    out += [f"(categoryorder ({' '.join(f'c{n}' for n in range(1024))}))", "(sensitivitycategory s0 (range c0 c1023))"]
    out += ["(user system_u)", "(role system_r)", "(role object_r)", "(userrole system_u system_r)", "(userrole system_u object_r)",
            "(userlevel system_u (s0))", "(userrange system_u ((s0) (s0 (range c0 c1023))))"]
    out += [f"(type {name})" for name in DOMAINS + PLACES] + [f"(roletype system_r {name})" for name in DOMAINS]
    out += [f"(roletype object_r {name})" for name in DOMAINS + PLACES]
    out += ["(typeattribute everything)", f"(typeattributeset everything ({' '.join(DOMAINS + PLACES)}))"]
    out += [f"(sidcontext {sid} (system_u {'system_r kernel_t' if sid in ('kernel', 'init') else 'object_r file_t'} ((s0) (s0{' (range c0 c1023)' if sid in ('kernel', 'init') else ''}))))" for sid in SIDS]
    for name, perms in CLASSES.items():
        out += [f"(allow {source} everything ({name} ({perms})))" for source in ("kernel_t", "other_t")]
    inodes = [name for name in CLASSES if name.endswith("file") or name == "dir"]
    for name in inodes:
        out += [f"(allow container_t container_file_t ({name} ({CLASSES[name]})))", f"(allow container_t container_t ({name} ({CLASSES[name]})))",
                f"(allow container_t file_t ({name} ({'search ' if name == 'dir' else ''}getattr read open ioctl write append map lock)))",
                f"(allow container_t kernel_t ({name} (getattr read write append ioctl)))"]
        out += [f"(mlsconstrain ({name} (read write open append execute)) (or (dom h1 h2) (or (eq t1 kernel_t) (neq t2 container_file_t))))"]
    out += [f"(allow container_t self (process ({CLASSES['process']})))", "(allow container_t kernel_t (process (sigchld)))", "(allow everything everything (filesystem (associate getattr)))"]
    for kind in ("ext4", "overlay", "btrfs", "xfs", "tmpfs", "ramfs"):
        out.append(f"(fsuse {'trans' if kind in ('tmpfs', 'ramfs') else 'xattr'} {kind} (system_u object_r file_t ((s0) (s0))))")
    for kind in ("devpts", "mqueue"):
        out.append(f"(fsuse trans {kind} (system_u object_r file_t ((s0) (s0))))")
    return "\n".join(out) + "\n"


def load(folder):
    """Compiles and loads it, where no policy is; and has the contexts of containers where the daemon looks for them."""
    folder = pathlib.Path(folder)
    (folder / "policy.cil").write_text(text())
    version = (FILES / "policyvers").read_text()
    subprocess.run(["secilc", "-c", version, "-o", folder / "policy", "-f", "/dev/null", folder / "policy.cil"], check=True)
    # The kernel takes it in one write.
    policy = (folder / "policy").read_bytes()
    descriptor = os.open(FILES / "load", os.O_RDWR)
    try:
        assert os.write(descriptor, policy) == len(policy)
    finally:
        os.close(descriptor)


CONTEXTS = pathlib.Path("/usr/share/containers/selinux/contexts")


def is_ours_to_load():
    """Whether this kernel has SELinux on and no policy: nobody's but a machine that was started for these tests."""
    found = pathlib.Path("/sys/kernel/security/lsm")
    return found.exists() and "selinux" in found.read_text().split(",") and context_of("self") in ("kernel", f"system_u:{ROLE}:kernel_t:s0-s0:c0.c1023")


def context_of(process):
    return pathlib.Path(f"/proc/{process}/attr/current").read_text().strip("\0\n")


def prepare(folder):
    """From here on the kernel forbids what the policy doesn't allow."""
    if not (FILES / "enforce").exists():
        subprocess.run(["mount", "-t", "selinuxfs", "selinuxfs", FILES], check=True)
    if context_of("self") == "kernel":
        load(folder)
        CONTEXTS.parent.mkdir(parents=True, exist_ok=True)
        CONTEXTS.write_text('# of the tests\nprocess = "system_u:system_r:container_t:s0"\nfile = "system_u:object_r:container_file_t:s0"\n')
    (FILES / "enforce").write_text("1")
