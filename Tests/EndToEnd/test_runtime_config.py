"""What `varve-runtime` makes of a bundle's `config.json`, each part with runc as the control where that can do it."""
import os
import pathlib
import re
import subprocess

import pytest

import bundles
from clients import eventually
from test_runtime import bundle, ours, runtime  # noqa: F401


def said(runtime, bundle, script, *flags, **options):
    bundle.shell(script)
    return runtime.run(bundle, *flags, **options).out


def test_environment_folder_and_arguments(runtime, bundle):
    bundle.process |= {"env": ["PATH=/bin", "A=b c", "EMPTY="], "cwd": "/made/here"}
    bundle.process["args"] = ["sh", "-c", 'pwd; echo "$0-$1"; env | sort', "zero", "one two"]
    lines = runtime.run(bundle).lines
    assert lines[:2] == ["/made/here", "zero-one two"]
    assert {"A=b c", "EMPTY=", "HOME=/root"} <= set(lines) or "HOME=/" in lines, lines


def test_user_by_numbers_only(runtime, bundle):
    """Groups are those of the configuration: what the image's /etc/group says does not count."""
    bundle.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 77], "umask": 0o027}
    lines = said(runtime, bundle, "id -u; id -g; id -G; umask; grep CapEff /proc/self/status").splitlines()
    assert lines[:2] == ["1000", "1001"] and set(lines[2].split()) == {"1001", "5", "77"}, lines
    assert lines[3:] == ["0027", "CapEff:\t" + "0" * 16]


def test_host_devices_keep_their_owner(runtime, bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1001}
    before = os.stat("/dev/null")
    said(runtime, bundle, "true")
    assert (os.stat("/dev/null").st_uid, os.stat("/dev/null").st_gid) == (before.st_uid, before.st_gid)


def test_ambient_capabilities(runtime, bundle):
    """A user's program keeps those, and no other."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    for name in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][name] = ["CAP_NET_BIND_SERVICE", "CAP_KILL"]
    for name in ("inheritable", "ambient"):
        bundle.process["capabilities"][name] = ["CAP_NET_BIND_SERVICE"]
    status = dict(re.findall(r"Cap(\w+):\t(\w+)", said(runtime, bundle, "grep Cap /proc/self/status")))
    own = f"{1 << 10:016x}"
    assert status == {"Inh": own, "Prm": own, "Eff": own, "Bnd": f"{1 << 10 | 1 << 5:016x}", "Amb": own}


def test_limits_score_and_no_new_privileges(runtime, bundle):
    bundle.process |= {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}], "oomScoreAdj": 321, "noNewPrivileges": True}
    lines = said(runtime, bundle, "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status").split()
    assert lines == ["100", "200", "321", "NoNewPrivs:", "1"]


def test_names_and_read_only_root(runtime, bundle):
    bundle.spec |= {"hostname": "harbour", "root": {"path": str(bundle.tree), "readonly": True}}
    assert said(runtime, bundle, "hostname; touch /x 2>&1; true").splitlines() == ["harbour", "touch: /x: Read-only file system"]


def test_domain_name(ours, bundle):
    bundle.spec["domainname"] = "example.org"
    assert said(ours, bundle, "cat /proc/sys/kernel/domainname") == "example.org\n"


def test_mounts(runtime, bundle):
    (bundle.folder / "shared").mkdir()
    (bundle.folder / "shared/file").write_text("from the host\n")
    bundle.spec["mounts"] += [
        {"destination": "/ro", "type": "bind", "source": str(bundle.folder / "shared"), "options": ["rbind", "ro", "nosuid"]},
        {"destination": "/etc/one", "type": "none", "source": str(bundle.folder / "shared/file"), "options": ["bind"]},
        {"destination": "/small", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k", "mode=1750", "noexec"]},
    ]
    script = "cat /ro/file /etc/one; touch /ro/x 2>&1; stat -c %a /small; grep -E ' (/ro|/small) ' /proc/mounts"
    lines = said(runtime, bundle, script).splitlines()
    assert lines[:2] == ["from the host"] * 2 and "Read-only" in lines[2] and lines[3] == "1750", lines
    assert "ro,nosuid" in lines[4] and "noexec" in lines[5] and "size=64k" in lines[5], lines


def test_bind_of_a_part_of_the_bundle(ours, bundle):
    (bundle.folder / "part").mkdir()
    (bundle.folder / "part/file").write_text("near\n")
    bundle.spec["mounts"].append({"destination": "/part", "type": "bind", "source": "part", "options": ["bind"]})
    assert said(ours, bundle, "cat /part/file") == "near\n"


def test_tmpcopyup(runtime, bundle):
    """A tmpfs that begins with what it covers: owners, modes, links and folders; the image stays as it is."""
    made = bundle.tree / "data"
    (made / "inner").mkdir(parents=True)
    (made / "inner/file").write_text("kept\n")
    os.chown(made / "inner/file", 1000, 1001)
    (made / "inner/file").chmod(0o4644)
    (made / "link").symlink_to("inner/file")
    bundle.spec["mounts"].append({"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "nodev"]})
    script = "cat /data/link; stat -c '%a %u %g' /data/inner/file; rm /data/link; stat -f -c %T /data"
    assert said(runtime, bundle, script).splitlines() == ["kept", "4644 1000 1001", "tmpfs"]
    assert (made / "link").is_symlink()


def test_what_the_host_mounts_later_shows(runtime, bundle, place):
    """A slave bind gets it, and nothing of the container's gets to the host."""
    host = place / "host-mounts"
    host.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", host], check=True)
    try:
        subprocess.run(["mount", "--make-shared", host], check=True)
        (host / "later").mkdir()
        bundle.linux["rootfsPropagation"] = "rslave"
        bundle.spec["mounts"].append({"destination": "/host", "type": "bind", "source": str(host), "options": ["rbind", "rslave"]})
        bundle.shell("until [ -e /host/later/file ]; do sleep 0.05; done; touch /seen; sleep 100")
        runtime.run(bundle, "-d")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", host / "later"], check=True)
        (host / "later/file").touch()
        eventually(lambda: (bundle.tree / "seen").exists(), what="the mount to be seen")
        runtime("delete", "--force", "box")
    finally:
        subprocess.run(["umount", "-R", host], check=True)
    assert str(bundle.folder) not in pathlib.Path("/proc/self/mountinfo").read_text()


def test_what_the_container_mounts_shows(runtime, bundle, place):
    """Where all is shared; the container's own tree stays its own."""
    before = pathlib.Path("/proc/self/mountinfo").read_text()
    host = place / "shared-mounts"
    host.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", host], check=True)
    try:
        subprocess.run(["mount", "--make-shared", host], check=True)
        (host / "below").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", host / "below"], check=True)
        bundle.linux["rootfsPropagation"] = "rshared"
        for sets in bundle.process["capabilities"].values():
            sets.append("CAP_SYS_ADMIN")
        bundle.spec["mounts"].append({"destination": "/host", "type": "bind", "source": str(host), "options": ["rbind", "rshared"]})
        said(runtime, bundle, "mkdir /host/made && mount -t tmpfs tmpfs /host/made && touch /host/made/file && mount -t tmpfs tmpfs /tmp")
        assert (host / "made/file").exists()
        # The end of the host's tree in there takes nothing from the host.
        assert os.path.ismount(host / "below")
    finally:
        subprocess.run(["umount", "-R", host], check=True)
    assert pathlib.Path("/proc/self/mountinfo").read_text() == before


def test_without_pivot_root(runtime, bundle):
    """For hosts that run from their first file system."""
    assert said(runtime, bundle, "ls -d /usr /bin /work 2>/dev/null; true", "--no-pivot") == "/bin\n"


def test_masked_and_read_only_paths(runtime, bundle):
    (bundle.tree / "secret").mkdir()
    (bundle.tree / "secret/file").write_text("x")
    (bundle.tree / "word").write_text("x")
    bundle.linux |= {"maskedPaths": ["/secret", "/word", "/nosuch"], "readonlyPaths": ["/home", "/nosuch"]}
    assert said(runtime, bundle, "ls /secret; cat /word; touch /home/x 2>&1; true") == "touch: /home/x: Read-only file system\n"


def test_devices(runtime, bundle):
    bundle.linux["devices"] = [{"path": "/dev/kmsg2", "type": "c", "major": 1, "minor": 11, "fileMode": 0o640, "uid": 0, "gid": 6}]
    bundle.process["capabilities"]["effective"].append("CAP_MKNOD")
    script = "stat -c '%t:%T %a %u %g' /dev/kmsg2 /dev/null; head -c1 /dev/kmsg2 2>&1; mknod /disk b 254 0 && head -c1 /disk 2>&1; readlink /dev/fd; true"
    lines = said(runtime, bundle, script).splitlines()
    assert lines[:2] == ["1:b 640 0 6", "1:3 666 0 0"] and lines[-1] == "/proc/self/fd"
    assert sum("Operation not permitted" in line for line in lines) == 2, lines


def test_sysctls(runtime, bundle):
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "5000"}
    assert said(runtime, bundle, "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax").split() == ["1", "5000"]
    bundle.linux["sysctl"] = {"kernel.panic": "5"}
    bundle.write()
    runtime.fails("run", "--bundle", bundle.folder, "box", saying="separate kernel namespace")


@pytest.mark.parametrize("is_closed", [False, True])
def test_seccomp(runtime, bundle, is_closed):
    """Rules become a filter, for execs, too; with and without no_new_privs."""
    bundle.process["noNewPrivileges"] = is_closed
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [rule]}
    assert "quota exceeded" in said(runtime, bundle, "mkdir /x 2>&1; true").lower()
    bundle.process["args"] = ["sleep", "100"]
    runtime.run(bundle, "-d")
    assert "quota exceeded" in runtime("exec", "box", "mkdir", "/x", check=False).err.lower()


def test_joined_namespaces(runtime, bundle):
    bundle.process["args"] = ["sleep", "100"]
    runtime.run(bundle, "-d", name="first")
    pid = runtime.state("first")["pid"]
    for entry in bundle.linux["namespaces"]:
        if entry["type"] in ("network", "ipc", "pid"):
            entry["path"] = f"/proc/{pid}/ns/{'net' if entry['type'] == 'network' else entry['type']}"
    script = "for kind in net ipc pid; do readlink /proc/self/ns/$kind; done; cat /proc/1/comm"
    expected = [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("net", "ipc", "pid")] + ["sleep"]
    assert said(runtime, bundle, script, name="second").split() == expected


def test_clocks(ours, bundle):
    """A time namespace; runc 1.1 has none."""
    bundle.linux["namespaces"].append({"type": "time"})
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 10_000_000}}
    script = "cut -d. -f1 /proc/uptime"
    assert int(said(ours, bundle, script)) > 10_000_000
    bundle.process["args"] = ["sleep", "100"]
    ours.run(bundle, "-d")
    assert int(ours("exec", "box", "sh", "-c", script).out) > 10_000_000


def test_personality(ours, bundle):
    bundle.linux["personality"] = {"domain": "LINUX32"}
    assert said(ours, bundle, "uname -m") == "i686\n"


def test_limits_and_their_groups(runtime, bundle):
    """Made with the container, in the place that it names or a default one, and gone with it."""
    bundle.linux["resources"] |= {"memory": {"limit": 64 << 20}, "pids": {"limit": 33}}
    bundle.linux["cgroupsPath"] = "/varve-e2e-runtime/limited"
    runtime.create(bundle)
    assert bundles.limit("varve-e2e-runtime/limited", "memory") == 64 << 20
    assert bundles.limit("varve-e2e-runtime/limited", "pids") == 33
    runtime("update", "--memory", "32m", "--pids-limit", "44", "box")
    assert bundles.limit("varve-e2e-runtime/limited", "memory") == 32 << 20
    with open(bundle.folder / "limits", "w+") as file:
        file.write('{"memory": {"limit": 16777216}}')
    runtime("update", "--resources", bundle.folder / "limits", "box")
    assert bundles.limit("varve-e2e-runtime/limited", "memory") == 16 << 20
    assert bundles.limit("varve-e2e-runtime/limited", "pids") == 44
    runtime("delete", "--force", "box")
    assert bundles.groups("varve-e2e-runtime/limited") == []
    bundles.remove_groups("varve-e2e-runtime")


def test_groups_of_others_are_refused(ours, bundle):
    """What a container's deletion removes, with all that is in it, must not be somebody else's."""
    bundle.linux["cgroupsPath"] = "/varve-e2e-runtime/mine"
    ours.create(bundle, "first")
    ours.fails("create", "--bundle", bundle.folder, "second", saying="processes of others")
    assert ours.status("first") == "created"
    ours("delete", "--force", "first")
    bundles.remove_groups("varve-e2e-runtime")


def test_own_groups_in_the_hosts_namespace(runtime, bundle):
    """Without a cgroup namespace the trees of v1 show the container's own group alone."""
    if bundles.is_unified():
        pytest.skip("this host has control groups v2, whose tree can't be shown in part")
    bundle.linux["resources"] |= {"memory": {"limit": 64 << 20}}
    bundle.spec["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]})
    assert said(runtime, bundle, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes") == f"{64 << 20}\n"


def test_ids_of_its_own(ours, bundle):
    """In a user namespace 0 is somebody else on the host, who has all rights in the container's other namespaces."""
    subprocess.run(["chown", "-Rh", "100000:100000", bundle.tree], check=True)
    for kind in ("uid", "gid"):
        bundle.linux[f"{kind}Mappings"] = [{"containerID": 0, "hostID": 100000, "size": 1000}]
    bundle.linux["namespaces"] += [{"type": "user"}, {"type": "cgroup"}]
    bundle.process["args"] = ["sh", "-c", "id -u; echo >/dev/null && hostname box && sleep 100"]
    bundle.process["capabilities"] = {name: ["CAP_SYS_ADMIN"] for name in ("bounding", "effective", "permitted")}
    ours.create(bundle, "box")
    pid = ours.state()["pid"]
    ours("start", "box")
    assert os.stat(f"/proc/{pid}").st_uid == 100000
    eventually(lambda: ours("exec", "box", "hostname").out == "box\n", what="the name to be set")
    assert ours("exec", "box", "cat", "/proc/self/uid_map").out.split() == ["0", "100000", "1000"]
    assert ours("exec", "box", "id", "-u").out == "0\n"
    assert os.readlink(f"/proc/{pid}/ns/user") == ours("exec", "box", "readlink", "/proc/self/ns/user").out.strip()
    ours("delete", "--force", "box")
    assert bundles.groups("varve-runtime/box") == []


@pytest.mark.parametrize("change, reason", [
    (lambda spec: spec["process"].pop("args"), "process.args"),
    (lambda spec: spec["process"].update(cwd="here"), "absolute"),
    (lambda spec: spec.pop("root"), "root"),
    (lambda spec: spec["root"].update(path="nosuch"), "nosuch"),
    (lambda spec: spec["linux"]["namespaces"].append({"type": "nosuch"}), "nosuch"),
    (lambda spec: spec["linux"]["namespaces"].append({"type": "pid"}), "twice"),
    (lambda spec: spec["linux"]["namespaces"].append({"type": "user"}), "uidMappings"),
    (lambda spec: spec["linux"].update(cgroupsPath="system.slice:varve:box"), "systemd"),
    (lambda spec: spec["linux"].update(intelRdt={"closID": "x"}), "intelRdt"),
    (lambda spec: spec["linux"].update(seccomp={"defaultAction": "SCMP_ACT_NOSUCH"}), "SCMP_ACT_NOSUCH"),
    (lambda spec: spec["process"].update(apparmorProfile="nosuch"), "AppArmor"),
    (lambda spec: spec["process"].update(selinuxLabel="a:b:c:s0"), "SELinux"),
    (lambda spec: spec["mounts"].append({"destination": "/proc/sys", "type": "tmpfs"}), "/proc"),
    (lambda spec: spec.update(ociVersion="2.0.0"), "2.0.0"),
])
def test_what_is_refused(ours, bundle, change, reason):
    """With a reason, and nothing is left of it."""
    change(bundle.spec)
    bundle.write()
    ours.fails("create", "--bundle", bundle.folder, "box", saying=reason)
    ours.fails("state", "box", saying="does not exist")
    assert bundles.groups("varve-runtime/box") == []
