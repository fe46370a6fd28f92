"""A day of the stock `docker` command, from `pull` to `system prune`: what a person types, and what must come back."""
import json
import re
import subprocess
import tarfile

import clients
from clients import eventually
from day import day, driver, image, office, registry, time_of  # noqa: F401 fixtures


def test_runs(day):
    docker = day.docker
    assert docker("run", "--rm", day.image, "echo", "hello").out == "hello\n"
    failed = docker("run", "--rm", day.image, "sh", "-c", "echo out; echo err >&2; exit 3", check=False)
    assert (failed.code, failed.out, failed.err.splitlines()[-1]) == (3, "out\n", "err")
    assert docker("run", "-i", "--rm", day.image, "tr", "a-z", "A-Z", stdin=b"typed\n").out == "TYPED\n"
    assert docker("run", "--rm", day.image.split("/")[0] + "/nosuch:v1", "true", check=False).code == 125
    assert docker("run", "--rm", day.image, "nosuch", check=False).code == 127
    assert docker("run", "--rm", day.image, "/notexecutable", check=False).code == 126
    box = docker("run", "-d", "--name", "box", "-e", "A=1", "-w", "/tmp", "-u", "1000:1001", day.image, "sleep", "600").out.strip()
    assert len(box) == 64 and docker("ps", "-q", "--no-trunc").lines == [box]
    said = docker("ps", "--format", "{{.Names}}|{{.Image}}|{{.Command}}|{{.Status}}").out
    assert re.fullmatch(rf'box\|{re.escape(day.image)}\|"sleep 600"\|Up .*\n', said), said
    assert docker("exec", "box", "sh", "-c", "echo $A; pwd; id -u").lines == ["1", "/tmp", "1000"]


def test_terminal(day):
    client = clients.Client(day, "docker")
    with client.terminal("run", "-it", "--rm", "--name", "box", day.image, "sh") as child:
        child.expect("[$#] ")
        child.sendline("until stty size | grep -q 33.101; do sleep 0.1; done; stty size; tty")
        child.expect("33 101")
        child.expect("/dev/pts/0")
        child.sendline("exit 4")
        assert clients.ended(child)[1] == 4
    assert day.docker("ps", "-aq").out == ""
    day.docker("run", "-d", "--name", "box", day.image, "sleep", "600")
    with client.terminal("exec", "-it", "box", "sh", "-c", "tty; exit 5") as child:
        said, status = clients.ended(child)
        assert said.startswith("/dev/pts/") and status == 5


def test_exec_and_logs(day):
    docker = day.docker
    script = "for i in 1 2 3; do echo line $i; done; echo late >&2; while [ ! -e /go ]; do sleep 0.05; done; echo end; exit 7"
    docker("run", "-d", "--name", "box", day.image, "sh", "-c", script)
    assert docker("exec", "-i", "box", "cat", stdin=b"through\n").out == "through\n"
    failed = docker("exec", "box", "sh", "-c", "echo e >&2; exit 9", check=False)
    assert (failed.code, failed.err) == (9, "e\n")
    assert docker("exec", "-e", "X=y", "-w", "/etc", "box", "sh", "-c", "echo $X; pwd").lines == ["y", "/etc"]
    eventually(lambda: docker("logs", "box").err == "late\n")
    assert docker("logs", "box").lines == ["line 1", "line 2", "line 3"]
    follower = day.spawn("logs", "-f", "--tail", "2", "box")
    docker("exec", "-d", "box", "touch", "/go")
    assert docker("wait", "box").out == "7\n"
    out, err = follower.communicate(timeout=20)
    assert b"end\n" in out and b"line 1" not in out and follower.returncode == 0, (out, err)
    assert docker("logs", "--tail", "1", "box").out == "end\n"
    stamped = docker("logs", "-t", "box").lines[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 1", stamped), stamped
    assert docker("logs", "--since", stamped.split()[0], "box").lines[0] == "line 1" and docker("logs", "--until", "1", "box").out == ""


def test_files(day, tmp_path):
    docker = day.docker
    (tmp_path / "in").mkdir()
    (tmp_path / "in/f").write_text("in\n")
    docker("create", "--name", "box", day.image, "sh", "-c", "cat /srv/f; rm /etc/motd; echo new >/srv/g; echo x >>/etc/passwd")
    docker("cp", tmp_path / "in/.", "box:/srv")
    assert docker("start", "-a", "box").out == "in\n"
    docker("cp", "box:/srv", tmp_path / "out")
    assert (tmp_path / "out/f").read_text() == "in\n" and (tmp_path / "out/g").read_text() == "new\n"
    piped = subprocess.run(["docker", "-H", day.host, "cp", "box:/srv/g", "-"], capture_output=True, check=True, timeout=60)
    (tmp_path / "g.tar").write_bytes(piped.stdout)
    with tarfile.open(tmp_path / "g.tar") as archive:
        assert archive.getnames() == ["g"] and archive.extractfile("g").read() == b"new\n"
    docker("cp", "-", "box:/tmp", stdin=piped.stdout)
    docker("cp", "box:/tmp/g", tmp_path / "again")
    assert (tmp_path / "again").read_text() == "new\n"
    assert docker("diff", "box").lines == ["C /etc", "D /etc/motd", "C /etc/passwd", "A /srv", "A /srv/f", "A /srv/g", "C /tmp", "A /tmp/g"]
    failed = docker("cp", "box:/nosuch", tmp_path, check=False)
    assert failed.code == 1 and "Could not find the file /nosuch in container box" in failed.err


def test_images(day, registry, tmp_path):
    docker = day.docker
    docker("run", "--name", "maker", day.image, "sh", "-c", "echo made >/made")
    made = docker("commit", "-a", "me", "-m", "words", "-c", "CMD cat /made", "-c", "LABEL day=1", "maker", "mine:v1").out.strip()
    assert docker("run", "--rm", "mine:v1").out == "made\n"
    assert docker("history", "--format", "{{.Comment}}", "mine:v1").lines[0] == "words"
    name = f"{registry.host}/day/mine:v2"
    docker("tag", "mine:v1", name)
    pushed = docker("push", name).out
    assert re.search(r"v2: digest: sha256:[0-9a-f]{64} size: \d+", pushed), pushed
    docker("rm", "maker")
    gone = docker("rmi", "mine:v1", name).lines
    assert f"Untagged: {name}" in gone and f"Deleted: {made}" in gone
    docker("pull", name)
    assert day.inspect(name, "{{json .Id}}") == made and "Image is up to date" in docker("pull", name).out
    assert docker("images", "-q", "--no-trunc", "--filter", "label=day=1").lines == [made]
    docker("save", "-o", tmp_path / "saved.tar", name)
    docker("rmi", name)
    assert docker("load", "-i", tmp_path / "saved.tar").out == f"Loaded image: {name}\n"
    assert docker("run", "--name", "box", name).out == "made\n"
    docker("export", "-o", tmp_path / "tree.tar", "box")
    flat = docker("import", "-c", "CMD [\"cat\", \"/made\"]", tmp_path / "tree.tar", "flat:v1").out.strip()
    assert docker("run", "--rm", "flat:v1").out == "made\n"
    assert day.inspect("flat:v1", "{{json .Id}}") == flat and len(day.inspect(flat, "{{json .RootFS.Layers}}")) == 1
    refused = docker("rmi", name, check=False)
    assert refused.code == 1 and "conflict: unable to remove repository reference" in refused.err


def test_volumes_and_networks(day):
    docker = day.docker
    assert docker("volume", "create", "data").out == "data\n"
    docker("run", "--rm", "-v", "data:/data", day.image, "sh", "-c", "echo kept >/data/f")
    assert docker("run", "--rm", "-v", "data:/data:ro", "--network", "none", day.image, "cat", "/data/f").out == "kept\n"
    assert docker("volume", "ls", "--format", "{{.Driver}} {{.Name}}").lines == ["local data"]
    assert docker("volume", "rm", "data").out == "data\n"
    network = docker("network", "create", "--label", "day=1", "own").out.strip()
    assert docker("network", "ls", "--filter", "label=day=1", "--format", "{{.ID}} {{.Name}} {{.Driver}}").lines == [f"{network[:12]} own bridge"]
    docker("create", "--name", "box", day.image, "true")
    docker("network", "connect", "own", "box")
    assert docker("inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", "box").out.strip() == "bridge own"
    docker("network", "disconnect", "own", "box")
    assert docker("network", "rm", "own").out == "own\n"


def test_life_and_events(day):
    docker = day.docker
    since = time_of(day)
    docker("run", "-d", "--name", "first", day.image, "sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    eventually(lambda: docker("logs", "first").lines == ["ready"], what="the trap")
    titles, *processes = docker("top", "first").lines
    assert titles.split()[:2] == ["UID", "PID"] and any("trap" in line for line in processes)
    assert docker("top", "first", "-o", "pid,args").lines[0].split() == ["PID", "COMMAND"]
    docker("rename", "first", "box")
    assert docker("update", "--restart", "on-failure:3", "box").out == "box\n"
    assert docker("inspect", "-f", "{{.Name}} {{.HostConfig.RestartPolicy.Name}} {{.State.Running}}", "box").out == "/box on-failure true\n"
    docker("update", "--restart", "no", "box")
    before = day.inspect("box", "{{json .State.Pid}}")
    assert docker("restart", "-t", "5", "box").out == "box\n" and day.inspect("box", "{{json .State.Pid}}") != before
    eventually(lambda: docker("logs", "box").lines == ["ready"] * 2, what="the trap")
    docker("stop", "box")
    assert docker("wait", "box").out == "5\n" and "Exited (5)" in docker("ps", "-a", "--format", "{{.Status}}").out
    docker("start", "box")
    docker("kill", "-s", "KILL", "box")
    assert docker("wait", "box").out == "137\n"
    docker("rm", "box")
    said = docker("events", "--since", since, "--until", time_of(day), "--filter", "type=container", "--format", "{{.Action}}").lines
    assert said == [
        "create", "start", "top", "top", "rename", "update", "update", "kill", "die", "stop", "start", "restart", "kill", "die", "stop",
        "start", "kill", "die", "destroy",
    ]


def test_prunes_and_df(day):
    docker = day.docker
    docker("run", "--name", "ended", "-v", "/own", day.image, "sh", "-c", "echo 12345 >/f")
    docker("commit", "ended", "spare:v1")
    docker("network", "create", "own")
    docker("volume", "create", "data")
    rows = {line.split("|")[0]: line.split("|")[1:] for line in docker("system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}").lines}
    assert rows == {"Images": ["2", "1"], "Containers": ["1", "0"], "Local Volumes": ["2", "1"], "Build Cache": ["0", "0"]}
    shown = docker("system", "df", "-v").out
    assert "ended" in shown and "spare" in shown and "data" in shown
    ended = docker("ps", "-aq", "--no-trunc").out.strip()
    assert docker("container", "prune", "-f").lines[:2] == ["Deleted Containers:", ended]
    assert "Total reclaimed space: 0B" in docker("image", "prune", "-f").out
    assert "untagged: spare:v1" in docker("image", "prune", "-af", "--filter", f"until={time_of(day)}").out
    docker("pull", day.image)
    assert "Total reclaimed space" in docker("volume", "prune", "-f").out and docker("volume", "ls", "-q").lines == ["data"]
    assert docker("volume", "prune", "-af").lines[:2] == ["Deleted Volumes:", "data"]
    assert docker("network", "prune", "-f").out == "Deleted Networks:\nown\n\n"
    docker("network", "create", "again")
    docker("create", day.image, "true")
    said = docker("system", "prune", "-af", "--volumes").lines
    assert "Deleted Containers:" in said and "Deleted Networks:" in said and "again" in said and f"untagged: {day.image}" in said
    assert docker("ps", "-aq").out == docker("images", "-q").out == docker("volume", "ls", "-q").out == ""
    assert "Total reclaimed space: 0B" in docker("builder", "prune", "-af").out
    docker("pull", day.image)


def test_stats(day):
    """One look at what a container uses."""
    day.docker("run", "-d", "--name", "box", day.image, "sleep", "600")
    (shown,) = [json.loads(line) for line in day.docker("stats", "--no-stream", "--format", "{{json .}}").lines]
    assert shown["Name"] == "box" and shown["CPUPerc"].endswith("%") and shown["MemUsage"].split(" / ")[0] != "0B"
    assert shown["PIDs"] == "1"


def test_pause(day):
    """A paused container does nothing, and goes on where it was."""
    docker = day.docker
    docker("run", "-d", "--name", "box", day.image, "sh", "-c", "while :; do echo x >>/f; sleep 0.02; done")
    docker("exec", "box", "true")
    assert docker("pause", "box").out == "box\n"
    assert "(Paused)" in docker("ps", "--format", "{{.Status}}").out and day.inspect("box", "{{json .State.Status}}") == "paused"
    assert "is paused" in docker("exec", "box", "true", check=False).err
    assert docker("unpause", "box").out == "box\n"
    size = len(docker("exec", "box", "cat", "/f").lines)
    eventually(lambda: len(docker("exec", "box", "cat", "/f").lines) > size)
