"""Volumes with a device: mounted from the first to the last who uses them."""
import json
import os
import signal

import clients
from tidying import tidy  # noqa: F401 fixture


def mounted(daemon, name):
    """What the host has mounted for the volume."""
    point = str(daemon.data_root / "volumes" / name / "_data")
    return [line.split(" - ")[1].split()[0] for line in open("/proc/self/mountinfo") if line.split()[4] == point]


def test_mounted_while_it_is_used(tidy):
    """`type`, `device` and `o`: all who have the volume see the same mount, which is there from the first to the last of them."""
    daemon = tidy.daemon
    tidy("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,mode=700,noexec", "fast")
    asked = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m,mode=700,noexec"}
    assert json.loads(tidy("volume", "inspect", "fast").out)[0]["Options"] == asked
    assert not mounted(daemon, "fast")
    first = tidy("run", "-d", "-v", "fast:/fast", "busybox", "sh", "-c", "echo shared >/fast/f; sleep 1000").out.strip()
    second = tidy("run", "-d", "--volumes-from", first, "busybox", "sleep", "1000").out.strip()
    clients.eventually(lambda: tidy("exec", second, "cat", "/fast/f", check=False).out == "shared\n")
    shown = tidy("exec", second, "sh", "-c", "stat -c %a /fast; grep ' /fast ' /proc/mounts; dd if=/dev/zero of=/fast/g bs=1M count=2 2>&1; true")
    assert shown.lines[0] == "700" and "noexec" in shown.lines[1] and "No space left" in shown.out, shown
    assert mounted(daemon, "fast") == ["tmpfs"]
    tidy("kill", first)
    tidy("wait", first)
    assert mounted(daemon, "fast") == ["tmpfs"] and tidy("exec", second, "cat", "/fast/f").out == "shared\n"
    usage = json.loads(daemon.api("GET", "/system/df?type=volume")[1])["Volumes"]
    assert [v["UsageData"] for v in usage if v["Name"] == "fast"] == [{"Size": -1, "RefCount": 2}]
    tidy("rm", "-f", second)
    assert not mounted(daemon, "fast")
    tidy("rm", first)
    tidy("volume", "rm", "fast")


def test_options_of_a_mount(tidy):
    """The same in one word of `run --mount`, whose commas need quotes."""
    mount = 'type=volume,source=fast,target=/fast,volume-driver=local,volume-label=kind=fast,volume-opt=type=tmpfs,volume-opt=device=none,"volume-opt=o=size=64k,uid=12"'
    assert tidy("run", "--rm", "--mount", mount, "busybox", "stat", "-c", "%u", "/fast").out == "12\n"
    volume = json.loads(tidy("volume", "inspect", "fast").out)[0]
    assert volume["Options"] == {"type": "tmpfs", "device": "none", "o": "size=64k,uid=12"} and volume["Labels"] == {"kind": "fast"}


def test_a_folder_or_a_disk_as_volume(tidy, tmp_path):
    """Bound by `o=bind`, or a file system; filled if empty, copied to, never deleted with the volume."""
    folder = tmp_path / "folder"
    folder.mkdir()
    daemon = tidy.daemon
    tidy("volume", "create", "-o", "type=none", "-o", f"device={folder}", "-o", "o=bind", "bound")
    tidy("run", "--name", "maker", "busybox", "sh", "-c", "mkdir -p /srv/sub; echo image >/srv/sub/f")
    tidy("commit", "maker", "with-files")
    assert tidy("run", "--rm", "-v", "bound:/srv", "with-files", "cat", "/srv/sub/f").out == "image\n"
    assert [path.name for path in folder.iterdir()] == ["sub"] and not mounted(daemon, "bound")
    tidy("create", "--name", "still", "-v", "bound:/srv", "busybox", "true")
    source = tmp_path / "copied"
    source.write_text("copied\n")
    tidy("cp", source, "still:/srv/g")
    assert (folder / "g").read_text() == "copied\n" and not mounted(daemon, "bound")
    assert "copied\n" in tidy("cp", "still:/srv/g", "-").out and not mounted(daemon, "bound")
    assert tidy("run", "--rm", "--mount", "type=volume,source=bound,target=/part,volume-subpath=sub", "busybox", "cat", "/part/f").out == "image\n"
    tidy("rm", "still")
    tidy("volume", "rm", "bound")
    assert (folder / "g").read_text() == "copied\n" and (folder / "sub/f").exists()

    # What others leave in it is none of ours, whatever it is called.
    hostile = tmp_path / "hostile"
    (hostile / ".varve-full-x").mkdir(parents=True)
    (hostile / ".varve-full-x").chmod(0o777)
    (hostile / ".varve-full-y").symlink_to("x")
    hostile.chmod(0o1700)
    tidy("volume", "create", "-o", "type=none", "-o", f"device={hostile}", "-o", "o=bind,rprivate", "hostile")
    tidy("run", "--rm", "-v", "hostile:/srv", "with-files", "true")
    assert hostile.stat().st_mode & 0o7777 == 0o1700 and len(list(hostile.iterdir())) == 2

    readonly = tmp_path / "ro"
    readonly.mkdir()
    tidy("volume", "create", "-o", "type=none", "-o", f"device={readonly}", "-o", "o=bind,ro", "fixed")
    failed = tidy("run", "--rm", "-v", "fixed:/srv", "with-files", "touch", "/srv/x", check=False)
    assert failed.code == 1 and "Read-only" in failed.err, failed
    assert not list(readonly.iterdir())


def test_mounts_of_volumes_outlive_the_daemon(fresh):
    """Killed, it finds again what containers use, and unmounts what nobody does."""
    for name in ("used", "left"):
        fresh.docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", name)
    box = fresh.docker("run", "-d", "--network", "none", "-v", "used:/used", "busybox", "sh", "-c", "echo kept >/used/f; sleep 1000").out.strip()
    gone = fresh.docker("run", "-d", "--network", "none", "-v", "left:/left", "busybox", "sleep", "1000").out.strip()
    assert mounted(fresh, "used") == mounted(fresh, "left") == ["tmpfs"]
    pid = fresh.inspect(gone, "{{.State.Pid}}")
    fresh.kill9()
    os.kill(pid, signal.SIGKILL)
    fresh.start()
    clients.eventually(lambda: not fresh.inspect(gone, "{{json .State.Running}}"))
    clients.eventually(lambda: not mounted(fresh, "left"))
    assert mounted(fresh, "used") == ["tmpfs"]
    assert fresh.docker("run", "--rm", "--network", "none", "-v", "used:/u", "busybox", "cat", "/u/f").out == "kept\n"
    assert mounted(fresh, "used") == ["tmpfs"]
    fresh.docker("rm", "-f", box, gone)
    assert not mounted(fresh, "used")


def test_options_that_are_wrong(tidy):
    """Are refused, or fail the start, in words that say what; and nothing stays mounted."""
    for options, words in [
        (["color=red"], "invalid option"), (["type=tmpfs"], "missing required option"), (["size=1g"], "quota size requested"),
        (["o=bind"], "missing required option"),
    ]:
        failed = tidy("volume", "create", *[word for option in options for word in ("-o", option)], "wrong", check=False)
        assert failed.code == 1 and words in failed.err, failed
    tidy("volume", "create", "-o", "type=nosuchfs", "-o", "device=none", "wrong")
    failed = tidy("run", "--name", "box", "-v", "wrong:/x", "busybox", "true", check=False)
    assert failed.code != 0 and "failed to mount local volume" in failed.err and "nosuchfs" in failed.err, failed
    assert not mounted(tidy.daemon, "wrong")


def test_volumes_of_dockerd_with_options(make_daemon, busybox_tar, tmp_path):
    """dockerd's file says what they show, and it is the same for both."""
    daemon = make_daemon("overlay2")
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("volume", "create", "far")
    (tmp_path / "f").write_text("far\n")
    options = {"MountType": "none", "MountOpts": "bind", "MountDevice": str(tmp_path), "Quota": {"Size": 0}}
    path = daemon.data_root / "volumes/far/opts.json"
    path.write_text(json.dumps(options))
    assert daemon.docker("run", "--rm", "--network", "none", "-v", "far:/far", "busybox", "cat", "/far/f").out == "far\n"
    daemon.docker("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", f"device={tmp_path}", "near")
    assert json.loads((daemon.data_root / "volumes/near/opts.json").read_text()) == options
    path.write_text("{")
    failed = daemon.docker("run", "--rm", "--network", "none", "-v", "far:/far", "busybox", "true", check=False)
    assert failed.code != 0 and "opts.json is damaged" in failed.err, failed
    daemon.docker("volume", "rm", "far", "near")
    assert (tmp_path / "f").exists()
