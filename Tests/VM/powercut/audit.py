"""A daemon on a disk as a power cut left it: does everything hold that was promised, and is nothing half there?"""
import functools
import hashlib
import http.client
import io
import json
import pathlib
import subprocess
import tarfile
import urllib.parse

import dataroot
import disk
import engine


# What the questions end with when the daemon, a client or a program of the host's does not answer as it must.
ERRORS = (AssertionError, OSError, RuntimeError, ValueError, disk.Unavailable, http.client.HTTPException, subprocess.TimeoutExpired)


class Audit:
    """Collects what is wrong with one data root."""

    def __init__(self, daemon, promises, archive):
        self.daemon, self.promises, self.archive = daemon, promises, archive
        self.problems, self.images, self.containers = [], {}, {}

    def expect(self, condition, problem):
        if not condition:
            self.problems.append(problem)
        return condition

    def get(self, path, timeout=120):
        """One request's JSON; a failure is a problem and gives None."""
        status, body = self.daemon.api("GET", path, timeout=timeout)
        if not self.expect(status == 200, f"GET {path}: {status} {body[:300]!r}"):
            return None
        return json.loads(body) if body else None

    def whole(self):
        """Everything, in this order."""
        try:
            self.daemon.start(60)
        except AssertionError as error:
            self.problems.append(f"the daemon does not start: {error}")
            return
        self.lists()
        self.saved()
        for container, path in self.promises["wrote"].items():
            changes = self.get(f"/containers/{container}/changes") or []
            self.expect(path in [change["Path"] for change in changes], f"container {container} has lost what it wrote: {path}")
        self.problems += orphans(self.daemon)
        self.works()
        self.emptied()
        if not self.images or damages(self.daemon):
            self.works_again()

    def lists(self):
        """What was promised is listed, what was removed is not."""
        images = self.get("/images/json?all=1") or []
        # Children first: what others stand on can't be removed.
        images.sort(key=lambda image: not image.get("ParentId"))
        listed = self.images = {image["Id"]: image.get("RepoTags") or [] for image in images}
        for image, names in self.promises["images"].items():
            if self.expect(image in listed, f"image {names[0]} ({image[7:19]}) is not there"):
                lost = set(names) - set(listed[image])
                self.expect(not lost, f"image {image[7:19]} has lost its names {lost}, has {listed[image]}")
        for container in self.get("/containers/json?all=1") or []:
            self.containers[container["Names"][0].lstrip("/")] = container["Id"]
        for name in self.promises["containers"]:
            self.expect(name in self.containers, f"container {name} is not there")
        for name in self.promises["gone"]:
            self.expect(name not in listed and name not in self.containers, f"{name[:19]} is there again, though it was removed")

    def saved(self):
        """Images come out as they came in: each layer has the digest that the configuration names."""
        images = sorted(self.images)
        # All in one archive has the layers that they share but once.
        if not images or not list(self.wrong_in_archive_of(images)):
            return
        for image in images:
            self.problems += self.wrong_in_archive_of([image])

    def wrong_in_archive_of(self, images):
        names = "&".join(f"names={urllib.parse.quote(image)}" for image in images)
        status, body = self.daemon.api("GET", f"/images/get?{names}", timeout=120)
        if status != 200:
            return [f"image {images[0][7:19]} can't be saved: {status} {body[:300]!r}"]
        try:
            return list(wrong_in(images, body))
        except (tarfile.TarError, KeyError, ValueError) as error:
            return [f"image {images[0][7:19]}: what `save` wrote is no archive: {error!r}"]

    def works(self):
        """A container runs, on an image that there is."""
        for image in sorted(self.images)[:1]:
            result = self.daemon.varve("run", "--rm", "--network", "none", image, "echo", "works", check=False, timeout=120)
            self.expect(result.out == "works\n", f"no container runs on {image[7:19]}: {result}")

    def emptied(self):
        """All can be removed; then nothing is left, in the database or in the driver's home."""
        for name, container in self.containers.items():
            self.removed(f"/containers/{container}?force=1", f"container {name}")
        for image in self.images:
            self.removed(f"/images/{urllib.parse.quote(image)}?force=1", f"image {image[7:19]}")
        root = dataroot.DataRoot(self.daemon.data_root, self.daemon.driver)
        left = [f"the driver's layer {name}" for name in root.driver_layers()]
        left += [f"layer {name}" for name in root.layers()]
        left += [f"writable layer {name}" for name in root.mounts()]
        left += [f"image {entry.name}" for entry in root.entries(root.imagedb / "content/sha256")]
        left += [f"container {entry.name}" for entry in root.entries(root.path / "containers")]
        left += [str(path.relative_to(root.path)) for path in remains(root.path)]
        self.expect(not left, f"left when all images and containers are removed: {', '.join(sorted(left))}")

    def removed(self, path, what):
        status, body = self.daemon.api("DELETE", path, timeout=120)
        self.expect(status in (200, 204), f"{what} can't be removed: {status} {body[:300]!r}")

    def works_again(self):
        """What was lost can be loaded again."""
        result = self.daemon.varve("load", "-i", self.archive, check=False, timeout=120)
        if self.expect(result.code == 0, f"the image can't be loaded again: {result}"):
            self.images = {image["Id"]: [] for image in self.get("/images/json") or []}
            self.saved()
            self.works()


def remains(root):
    """What Varve keeps beside Docker's files, and temporary ones."""
    found = [path for path in (root / "varve").rglob("*") if path.is_file() and path.name != "lock"]
    return found + [entry for folder in [root / "tmp", *root.glob("image/*/layerdb/tmp")] for entry in folder.iterdir()]


def orphans(daemon):
    """Driver's layers that neither a layer nor a container names; layers and containers that name none."""
    root = dataroot.DataRoot(daemon.data_root, daemon.driver)
    named, found = set(), []
    for entry in [*root.entries(root.layerdb / "sha256"), *root.mounts().values()]:
        for file in ("cache-id", "mount-id", "init-id"):
            if (entry / file).exists():
                named.add((entry / file).read_text(encoding="utf-8"))
    for name in sorted(root.driver_layers() - named):
        owners = [path.parent for path in (root.path / "varve/quarantine").rglob("cache-id") if path.read_text(encoding="utf-8") == name]
        found.append(f"the driver has layer {name}, which nobody names" + (f" but {owners[0]}" if owners else ""))
    return found


def wrong_in(images, archive):
    """What of saved images does not have the digest that it should have."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        digest = functools.cache(lambda name: hashlib.sha256(tar.extractfile(name).read()).hexdigest())
        manifest = json.load(tar.extractfile("manifest.json"))
        if {digest(item["Config"]) for item in manifest} != {image[7:] for image in images}:
            yield f"of images {images}, {[item['Config'] for item in manifest]} were saved"
        for item in manifest:
            wanted = json.load(tar.extractfile(item["Config"]))["rootfs"]["diff_ids"]
            found = ["sha256:" + digest(name) for name in item["Layers"]]
            if wanted != found:
                yield f"image {item['Config']}: layers {found}, and the configuration says {wanted}"


def damages(daemon):
    """What the daemon said that it had to give up."""
    log = pathlib.Path(daemon.logfile).read_text(errors="replace") if daemon.logfile.exists() else ""
    return [line for line in log.splitlines() if "damaged" in line or "not loaded" in line]


def end(daemon):
    """Nothing of the daemon runs or is mounted afterwards; what it left is said."""
    found = []
    try:
        if daemon.running:
            daemon.stop(60)
    except AssertionError as error:
        found.append(str(error))
    found += [f"left behind: {leak}" for leak in engine.leaks.of(daemon)]
    engine.leaks.end(daemon)
    # Another driver makes none; what comes meanwhile is another run's.
    made = disk.devices() - daemon.devices if daemon.driver == "devicemapper" else []
    return found + [f"left behind: device {name}" for name in sorted(made)]
