"""What a container is given, as a table: `features.py [HOST] [flags of run…]` prints it for a daemon that has the image `features`.

test_same_as_docker.py compares the tables of two engines.
"""
import json
import pathlib
import re
import subprocess
import sys

import rootfs

HERE = pathlib.Path(__file__).parent


def image(place):
    """The archive of an image with the probe in it."""
    program = place / "features"
    subprocess.run(["clang", "-static", "-O1", "-o", program, HERE / "features.c"], check=True)
    files = {"bin/features": program.read_bytes(), "features.sh": (HERE / "features.sh").read_bytes()}
    layers = [rootfs.busybox_layer(), rootfs.tar([rootfs.member(name, data=data, mode=0o755) for name, data in files.items()])]
    path = place / "features.tar"
    path.write_bytes(rootfs.docker_archive(layers, "features:latest"))
    return path


COMMAND = ["sh", "/features.sh"]


def sections(text):
    found, name = {}, None
    for line in text.replace("\r\n", "\n").splitlines():
        if line.startswith("== "):
            name = line[3:]
            found[name] = []
        elif name:
            found[name].append(line)
    return found


OF_OVERLAY = ("lowerdir", "upperdir", "workdir", "index", "xino", "redirect_dir", "metacopy", "userxattr", "nfs_export")


def mounts(lines):
    """Mount point → type and options; what lies on the daemon's own folders is named by its kind."""
    table = {}
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, (kind, _, more) = left.split(), right.split(" ", 2)
        options = set(fields[5].split(",")) | {word for word in more.split(",") if not word.startswith(OF_OVERLAY)}
        propagation = [word for word in fields[6:] if not word.startswith("master:")]
        inside = fields[3] if kind in ("proc", "sysfs", "devpts", "cgroup", "cgroup2") else ""
        table[fields[4]] = " ".join([kind, inside, ",".join(sorted(options)), *sorted(re.sub(r":\d+", "", word) for word in propagation)]).strip()
    return table


def pairs(lines, separator=None):
    found = {}
    for line in lines:
        key, _, value = line.partition(separator or " ")
        found[key.strip()] = " ".join(value.split())
    return found


def table(text, own=None):
    """Section → name → finding, without what differs from one start to the next."""
    parts = sections(text)
    result = {name: pairs(parts[name]) for name in ("process", "sysctl", "dev", "root", "cgroups")}
    result["status"], result["first"] = pairs(parts["status"], ":"), pairs(parts["first"], ":")
    result["mounts"] = mounts(parts["mountinfo"])
    result["limits"] = {line[:26].strip(): " ".join(line[26:].split()) for line in parts["limits"]}
    result["environment"] = dict(line.partition("=")[::2] for line in parts["environment"])
    result["namespaces"] = {name: "the host's" if own and own.get(name) == value else "own" for name, value in pairs(parts["namespaces"]).items()}
    result["cgroup"] = {":".join(line.split(":")[1:2]): re.sub(r"[0-9a-f]{64}|/[pv]\d+-\d+", "ID", line.split(":", 2)[2]) for line in parts["cgroup"]}
    result["etc"] = {line.split(" ")[0]: " ".join(line.split()[1:]) for line in parts["etc"]}
    result["links"] = {name: "there" for name in parts["links"]}
    result["probe"] = dict(line.rpartition(": ")[::2] for line in parts["probe"])
    result["process"]["hostname"] = re.sub(r"^[0-9a-f]{12}$", "short id", result["process"]["hostname"])
    return normal(result)


def normal(result):
    """Names that are another's at each start."""
    text = json.dumps(result)
    text = re.sub(r"\b[0-9a-f]{64}\b", "ID", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "SHORT-ID", text)
    return json.loads(text)


def differences(one, other):
    """`section name` → the two findings, where they differ."""
    found = {}
    for section in one:
        for name in sorted({*one[section], *other[section]}):
            pair = (one[section].get(name), other[section].get(name))
            if pair[0] != pair[1]:
                found[f"{section} {name}"] = pair
    return found


def lines(result):
    return [f"{section:12} {name}: {finding}" for section in sorted(result) for name, finding in sorted(result[section].items())]


if __name__ == "__main__":
    host = ["-H", sys.argv[1]] if len(sys.argv) > 1 else []
    out = subprocess.run(["docker", *host, "run", "--rm", *sys.argv[2:], "features", *COMMAND], stdout=subprocess.PIPE, text=True, check=True).stdout
    print("\n".join(lines(table(out))))
