"""Images made on the spot, from Debian's busybox-static: nothing is downloaded."""
import functools
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile

BUSYBOX = pathlib.Path("/bin/busybox")
FILES = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1001::/home/user:/bin/sh\n",
    "etc/group": b"root:x:0:\nusers:x:1001:\nextra:x:1002:user\n",
    "etc/motd": b"welcome\n",
    "notexecutable": b"data\n",
}


def member(name, kind=tarfile.REGTYPE, data=b"", mode=0o644, **fields):
    """A header and its bytes, for `tar`."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.mtime = kind, mode, len(data), 1_600_000_000
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def folder(name, mode=0o755, **fields):
    return member(name, tarfile.DIRTYPE, mode=mode, **fields)


def symlink(name, target, **fields):
    return member(name, tarfile.SYMTYPE, linkname=target, mode=0o777, **fields)


def hardlink(name, target, **fields):
    return member(name, tarfile.LNKTYPE, linkname=target, **fields)


def tar(members, form=tarfile.PAX_FORMAT):
    """The bytes of a tar with these members, in this order, whatever their names are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@functools.cache
def busybox_layer():
    """One layer: busybox with a link for each of its commands."""
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    members = [folder(name) for name in ("bin", "etc", "root", "home", "home/user")] + [folder("tmp", mode=0o1777)]
    members.append(member("bin/busybox", data=BUSYBOX.read_bytes(), mode=0o755))
    members += [symlink(f"bin/{applet}", "busybox") for applet in applets if applet != "busybox"]
    members += [member(name, data=data) for name, data in FILES.items()]
    return tar(members)


def image_config(layers, **config):
    diffs = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    return {
        "architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"], **config},
        "rootfs": {"type": "layers", "diff_ids": diffs},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": f"layer {n}"} for n in range(len(layers))],
    }


def archive_members(layers, tag, config=None, wrong=None):
    """The members of a docker-archive; `wrong` replaces members by name (None leaves one out)."""
    raw = json.dumps(config or image_config(layers)).encode()
    name = hashlib.sha256(raw).hexdigest() + ".json"
    paths = [f"{n}/layer.tar" for n in range(len(layers))]
    files = {name: raw, **dict(zip(paths, layers))}
    files["manifest.json"] = json.dumps([{"Config": name, "RepoTags": [tag] if tag else None, "Layers": paths}]).encode()
    files.update(wrong or {})
    return [member(path, data=data) for path, data in files.items() if data is not None]


def docker_archive(layers, tag, config=None, wrong=None):
    """What `docker save` writes, in the form of Docker 1.10 to 24."""
    return tar(archive_members(layers, tag, config, wrong))


@functools.cache
def busybox_archive(tag="busybox:latest"):
    return docker_archive([busybox_layer()], tag)


def image_id(layers, config=None):
    return "sha256:" + hashlib.sha256(json.dumps(config or image_config(layers)).encode()).hexdigest()
