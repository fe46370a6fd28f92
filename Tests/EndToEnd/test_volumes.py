"""Volumes: what containers keep beyond their lives, and what nobody may delete while they have it."""
import json
import pathlib
import subprocess

import clients
from tidying import tidy  # noqa: F401 fixture


def volumes(daemon, *filters):
    return daemon.docker("volume", "ls", "-q", *filters).lines


def test_keeps_what_is_written(tidy):
    """A named volume is made at first use, and the next container finds what the last one wrote."""
    tidy("run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", "echo kept >/data/f")
    assert tidy("run", "--rm", "-v", "data:/data:ro", "busybox", "cat", "/data/f").out == "kept\n"
    failed = tidy("run", "--rm", "-v", "data:/data:ro", "busybox", "touch", "/data/g", check=False)
    assert failed.code == 1 and "Read-only" in failed.err
    assert volumes(tidy.daemon) == ["data"]
    tidy.daemon.restart()
    assert tidy("run", "--rm", "--mount", "type=volume,source=data,target=/else", "busybox", "cat", "/else/f").out == "kept\n"


def test_filled_from_the_image(tidy):
    """An empty volume gets what the image has there, with its owner and mode; one that is not empty stays as it is."""
    tidy("run", "--name", "maker", "busybox", "sh", "-c", "mkdir -p /srv/app/sub; echo image >/srv/app/sub/f; chown 12:34 /srv/app; chmod 2750 /srv/app; ln -s f /srv/app/sub/l")
    tidy("commit", "-c", "VOLUME /srv/app", "maker", "with-volume")
    show = "stat -c '%u %g %a' /srv/app; cat /srv/app/sub/l"
    assert tidy("run", "--rm", "-v", "named:/srv/app", "with-volume", "sh", "-c", show).lines == ["12 34 2750", "image"]
    tidy("run", "--rm", "-v", "named:/srv/app", "with-volume", "sh", "-c", "rm -r /srv/app/sub; echo own >/srv/app/g")
    assert tidy("run", "--rm", "-v", "named:/srv/app", "with-volume", "ls", "/srv/app").lines == ["g"]
    assert tidy("run", "--rm", "-v", "bare:/srv/app:nocopy", "with-volume", "ls", "/srv/app").out == ""
    before = set(volumes(tidy.daemon))
    tidy("run", "--name", "anonymous", "with-volume", "sh", "-c", show)
    new = set(volumes(tidy.daemon)) - before
    assert len(new) == 1 and len(new.pop()) == 64
    tidy("rm", "-v", "anonymous")
    assert set(volumes(tidy.daemon)) == before
    tidy("run", "--rm", "with-volume", "true")
    assert set(volumes(tidy.daemon)) == before, "--rm takes what nobody named"


def test_is_not_deleted_while_somebody_has_it(tidy):
    """Not under a container that runs, that has ended, or that was only created; not after a restart of the daemon."""
    tidy("create", "--name", "box", "-v", "data:/data", "busybox", "true")
    for _ in range(2):
        failed = tidy("volume", "rm", "data", check=False)
        assert failed.code == 1 and "volume is in use" in failed.err, failed
        assert "data" not in tidy("volume", "prune", "-f", "-a").out
        tidy.daemon.restart()
    tidy("rm", "-v", "box")
    assert volumes(tidy.daemon) == ["data"], "what has a name stays"
    tidy("volume", "rm", "data")
    assert volumes(tidy.daemon) == [] and tidy("volume", "rm", "-f", "data", check=False).code == 0
    assert "no such volume" in tidy("volume", "rm", "data", check=False).err


def test_verbs(tidy):
    """create, ls, inspect, prune, in Docker's forms."""
    assert tidy("volume", "create", "--label", "a=1", "one").out == "one\n"
    assert tidy("volume", "create", "one").out == "one\n", "the same again"
    name = tidy("volume", "create").out.strip()
    assert len(name) == 64
    shown = json.loads(tidy("volume", "inspect", "one").out)[0]
    assert (shown["Driver"], shown["Scope"], shown["Labels"]) == ("local", "local", {"a": "1"}) and shown["CreatedAt"].endswith("Z")
    assert pathlib.Path(shown["Mountpoint"]) == tidy.daemon.data_root / "volumes/one/_data"
    assert tidy("volume", "ls", "--filter", "label=a=1", "--format", "{{.Name}}").out == "one\n"
    assert set(volumes(tidy.daemon, "--filter", "dangling=true")) == {"one", name}
    assert name in tidy("volume", "prune", "-f").out and volumes(tidy.daemon) == ["one"]
    for bad in ["../x", "a", "/x y", "x" * 300, "ä"]:
        assert tidy("volume", "create", bad, check=False).code != 0, bad
    failed = tidy("volume", "create", "-d", "nfs", "two", check=False)
    assert failed.code == 1 and "volume driver nfs" in failed.err


def test_mounts_of_another_container(tidy, tmp_path):
    """--volumes-from: the other one's volumes and folders of the host, also read-only."""
    (tmp_path / "f").write_text("host\n")
    tidy("create", "--name", "first", "-v", "data:/data", "-v", f"{tmp_path}:/host", "busybox", "true")
    assert tidy("run", "--name", "second", "--volumes-from", "first", "busybox", "sh", "-c", "echo x >/data/f; cat /host/f").out == "host\n"
    assert tidy("run", "--rm", "--volumes-from", "first:ro", "busybox", "sh", "-c", "cat /data/f; touch /data/g /host/g 2>&1", check=False).out.count("Read-only") == 2
    tidy("rm", "first")
    assert "volume is in use" in tidy("volume", "rm", "data", check=False).err
    mounts = {m["Destination"]: m for m in tidy.daemon.inspect("second", "{{json .Mounts}}")}
    assert (mounts["/data"]["Type"], mounts["/data"]["Name"], mounts["/data"]["Driver"]) == ("volume", "data", "local") and mounts["/host"]["Type"] == "bind"


def test_one_place_written_in_two_ways(tidy, tmp_path):
    """What the user mounts is not hidden by the volume that the image wants there, nor mounted twice."""
    daemon = tidy.daemon
    daemon.docker("create", "--name", "maker", "busybox")
    daemon.docker("commit", "-c", "VOLUME /data", "maker", "wants-data")
    daemon.docker("rm", "maker")
    (tmp_path / "f").write_text("mine\n")
    said = tidy("run", "--rm", "-v", f"{tmp_path}:/data/", "wants-data", "sh", "-c", "cat /data/f; echo new >/data/g")
    assert said.out == "mine\n" and (tmp_path / "g").read_text() == "new\n"
    failed = tidy("create", "-v", f"{tmp_path}:/data/", "-v", "data://data", "busybox", check=False)
    assert failed.code != 0 and "Duplicate mount point: /data" in failed.err
    tidy("run", "--name", "first", "-v", "data:/data", "wants-data", "sh", "-c", "echo first >/data/f")
    assert tidy("run", "--rm", "--volumes-from", "first", "wants-data", "cat", "/data/f").out == "first\n"


def test_filled_while_somebody_has_it(tidy):
    """A container that runs with an empty volume goes on seeing it when another one's image fills it."""
    daemon = tidy.daemon
    tidy("run", "-d", "--name", "box", "-v", "data:/data", "busybox", "sleep", "600")
    tidy("create", "-v", "data:/etc", "busybox")
    assert "passwd" in daemon.docker("exec", "box", "ls", "/data").lines
    daemon.docker("exec", "box", "sh", "-c", "echo x >/data/new")
    assert (daemon.data_root / "volumes/data/_data/new").read_text() == "x\n"


def test_volumes_of_another_drivers_containers_stay(make_daemon, busybox_tar):
    """Containers that a daemon does not show, because another driver has them, keep their volumes."""
    daemon = make_daemon("overlay2")
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("run", "--name", "box", "-v", "data:/data", "-v", "/own", "busybox", "sh", "-c", "echo x >/data/f")
    daemon.stop()
    other = make_daemon("vfs", data_root=daemon.data_root)
    other.docker("volume", "prune", "-af")
    assert "volume is in use" in other.docker("volume", "rm", "data", check=False).err
    other.stop()
    daemon.start()
    assert (daemon.data_root / "volumes/data/_data/f").read_text() == "x\n" and len(volumes(daemon)) == 2


def test_copies_into_volumes(tidy, tmp_path):
    """`cp` sees a volume, whether the container runs or not."""
    (tmp_path / "f").write_text("in\n")
    tidy("create", "--name", "box", "-v", "data:/data", "busybox", "sleep", "600")
    tidy.daemon.docker("cp", tmp_path / "f", "box:/data/f")
    assert (tidy.daemon.data_root / "volumes/data/_data/f").read_text() == "in\n"
    tidy("rm", "-f", "box")


def test_events(tidy):
    """Volumes are mounted before a container starts and unmounted after it died; prunes say what they brought."""
    daemon = tidy.daemon
    now = lambda: json.loads(daemon.api("GET", "/info")[1])["SystemTime"]
    tidy("create", "--name", "box", "--network", "none", "-v", "data:/data:ro", "busybox", "true")
    since = now()
    tidy("start", "-a", "box")
    box = daemon.inspect("box", "{{json .Id}}")
    clients.eventually(lambda: daemon.docker("events", "--since", since, "--until", now(), "--filter", "event=unmount").out, what="unmount")
    tidy("container", "prune", "-f")
    tidy("volume", "prune", "-af")
    tidy("image", "prune", "-f")
    lines = daemon.docker("events", "--since", since, "--until", now(), "--format", "{{json .}}").lines
    told = [(e["Type"], e["Action"], e["Actor"]["ID"], e["Actor"]["Attributes"]) for e in map(json.loads, lines)]
    beside = ("attach", "connect", "disconnect", "delete")      # of images that other tests left
    assert [(kind, action) for kind, action, _, _ in told if action not in beside] == [
        ("volume", "mount"), ("container", "start"), ("container", "die"), ("volume", "unmount"), ("container", "destroy"),
        ("container", "prune"), ("volume", "destroy"), ("volume", "prune"), ("image", "prune"),
    ]
    by_action = {(kind, action): (name, attributes) for kind, action, name, attributes in told}
    place = {"driver": "local", "container": box, "destination": "/data", "propagation": "", "read/write": "false"}
    assert by_action["volume", "mount"] == ("data", place)
    assert by_action["volume", "unmount"] == ("data", {"driver": "local", "container": box})
    ended = by_action["container", "die"][1]
    assert ended["exitCode"] == "0" and ended["execDuration"].isdigit()
    assert by_action["volume", "prune"] == ("", {"reclaimed": "0"})


def part(path, target="/x", *more):
    return ["--mount", ",".join(["type=volume", "source=data", f"target={target}", f"volume-subpath={path}", *more])]


def test_part_of_a_volume(tidy, tmp_path):
    """`volume-subpath`: a folder or a file of it, for the next container too, over a restart, and for `cp`."""
    daemon = tidy.daemon
    tidy("run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", "mkdir -p /data/a/b; echo deep >/data/a/b/f; echo top >/data/g; ln -s a/b /data/l")
    assert tidy("run", "--rm", *part("a/b"), "busybox", "cat", "/x/f").out == "deep\n"
    assert tidy("run", "--rm", *part("l"), "busybox", "ls", "/x").out == "f\n"
    assert tidy("run", "--rm", *part("g"), "busybox", "cat", "/x").out == "top\n"
    failed = tidy("run", "--rm", *part("a", "/x", "readonly"), "busybox", "touch", "/x/new", check=False)
    assert failed.code == 1 and "Read-only" in failed.err
    tidy("create", "--name", "box", *part("a/b"), "busybox", "sh", "-c", "echo x >/x/made")
    (tmp_path / "in").write_text("in\n")
    daemon.docker("cp", tmp_path / "in", "box:/x/in")
    daemon.docker("cp", "box:/x/f", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "deep\n"
    daemon.restart()
    tidy("start", "box")
    tidy("wait", "box")
    assert {path.name for path in (daemon.data_root / "volumes/data/_data/a/b").iterdir()} == {"f", "in", "made"}
    assert tidy("run", "--rm", "--volumes-from", "box", "busybox", "ls", "/x").lines == ["f", "in", "made"]
    (mount,) = daemon.inspect("box", "{{json .Mounts}}")
    assert (mount["Name"], mount["Destination"], mount["Source"]) == ("data", "/x", str(daemon.data_root / "volumes/data/_data")) and "Spec" not in mount


def test_part_that_leads_out(tidy, tmp_path):
    """Links of a volume lead nowhere else, at the start either; what is not there is said when the container is made."""
    (tmp_path / "secret").write_text("host\n")
    tidy("run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", f"mkdir /data/own; ln -s {tmp_path} /data/out; ln -s ../../../../../.. /data/up")
    for bad, reason in [("/own", "relative path"), ("own/../..", "relative path"), ("missing", "no such file"), ("own/missing", "no such file")]:
        failed = tidy("create", *part(bad), "busybox", "true", check=False)
        assert failed.code != 0 and reason in failed.err, failed
    assert tidy("run", "--rm", *part("out"), "busybox", "ls", "/x", check=False).code != 0
    assert tidy("run", "--rm", *part("up"), "busybox", "ls", "/x").lines == ["out", "own", "up"]
    tidy("create", "--name", "box", *part("own"), "busybox", "ls", "/x")
    tidy("run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", f"rmdir /data/own; ln -s {tmp_path} /data/own")
    failed = tidy("start", "-a", "box", check=False)
    assert failed.code != 0 and "secret" not in failed.out
    failed = tidy.daemon.docker("cp", "box:/x/secret", tmp_path / "copied", check=False)
    assert failed.code != 0 and not (tmp_path / "copied").exists()


def test_nothing_outside_is_reached(tidy, tmp_path):
    """A volume's files are the container's to change: its links lead nowhere when it is measured or removed."""
    (tmp_path / "marker").write_text("stays\n")
    (tmp_path / "large").write_bytes(bytes(4 << 20))
    links = f"ln -s {tmp_path} /data/folder; ln -s {tmp_path}/large /data/file"
    tidy("run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", links)
    (usage,) = json.loads(tidy.daemon.api("GET", "/system/df?type=volume")[1])["Volumes"]
    assert usage["Name"] == "data" and usage["UsageData"]["Size"] < 1 << 20, usage
    tidy("volume", "rm", "data")
    assert (tmp_path / "marker").read_text() == "stays\n" and (tmp_path / "large").stat().st_size == 4 << 20


def test_df(tidy):
    tidy("run", "--name", "box", "-v", "data:/data", "busybox", "dd", "if=/dev/zero", "of=/data/f", "bs=1k", "count=100")
    usage = json.loads(tidy.daemon.api("GET", "/system/df?type=volume")[1])["Volumes"]
    assert [(v["Name"], v["UsageData"]) for v in usage] == [("data", {"Size": 102400, "RefCount": 1})]


def test_what_somebody_mounts_in_a_volume_stays(tidy, tmp_path):
    """By hand, on the host: neither deleted with the volume, nor is the volume."""
    (tmp_path / "precious").write_text("x")
    tidy("volume", "create", "data")
    point = tidy.daemon.data_root / "volumes/data/_data/sub"
    point.mkdir()
    subprocess.run(["mount", "--bind", tmp_path, point], check=True)
    try:
        failed = tidy("volume", "rm", "data", check=False)
        assert failed.code == 1 and "something is mounted on" in failed.err, failed
    finally:
        subprocess.run(["umount", point], check=True)
    assert (tmp_path / "precious").exists() and point.is_dir()
