"""Daemons that give containers ids of their own, and what their files' owners are."""
import contextlib
import io
import pathlib
import re
import tarfile

import clients

USER, UID, GID = "daemon", 300000, 400000


@contextlib.contextmanager
def given_ids():
    """A user of every Debian host has ids to give away."""
    lines = {pathlib.Path("/etc/subuid"): f"{USER}:{UID}:65536\n", pathlib.Path("/etc/subgid"): f"{USER}:{GID}:65536\n"}
    for file, line in lines.items():
        with open(file, "a") as out:
            out.write(line)
    try:
        yield
    finally:
        for file, line in lines.items():
            file.write_text(file.read_text().replace(line, "", 1))


def remapping_daemon(make, driver, image):
    daemon = make(driver, start=False, arguments=["--userns-remap", USER])
    # The tests' own checks are of the folder that it works in.
    daemon.whole_root, daemon.data_root = daemon.data_root, daemon.data_root / f"{UID}.{GID}"
    daemon.argv = lambda made=daemon.argv: [str(daemon.whole_root) if word == str(daemon.data_root) else word for word in made()]
    daemon.start()
    daemon.docker("load", "-i", image)
    return daemon


def start_box(engine):
    """A container `box` with files of several owners."""
    engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", "touch /mine; chown 5:6 /mine; mkdir /d; touch /ready; exec sleep 600")
    clients.eventually(lambda: engine.docker("exec", "box", "test", "-e", "/ready", check=False).code == 0)
    return engine


def inside(engine, script, *flags, **options):
    return engine.docker("run", "--rm", *flags, "busybox", "sh", "-c", script, **options)


def says(engine, script, *flags):
    return inside(engine, script, *flags).out.strip()


def host_status(engine, name):
    """`/proc/PID/status` of its first process."""
    pid = engine.inspect(name, "{{.State.Pid}}")
    return dict(re.split(r":\s+", line, maxsplit=1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


def owners(result):
    """Of the members of a tar that a command wrote."""
    with tarfile.open(fileobj=io.BytesIO(result.out.encode("utf-8", "surrogateescape"))) as archive:
        return {member.name: (member.uid, member.gid) for member in archive}


def tar_of(name, uid, gid, data=b"x", capability=None):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.uid, info.gid, info.size, info.mode = uid, gid, len(data), 0o4755
        if capability:
            info.pax_headers = {"SCHILY.xattr.security.capability": capability.decode("latin-1")}
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
