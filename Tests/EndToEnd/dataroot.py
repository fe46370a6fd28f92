"""Is a data root consistent? Read from the outside, by Docker's layout, without asking the daemon."""
import hashlib
import json
import re

HEX64 = re.compile(r"^[0-9a-f]{64}$")


def chain_id(parent, diff):
    return "sha256:" + hashlib.sha256(f"{parent} {diff}".encode()).hexdigest() if parent else diff


class DataRoot:
    """The database of one driver below a data root."""

    def __init__(self, path, driver):
        self.path, self.driver = path, driver
        self.image = path / "image" / driver
        self.layerdb, self.imagedb = self.image / "layerdb", self.image / "imagedb"

    @staticmethod
    def entries(folder):
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def driver_layers(self):
        """The ids in the driver's home."""
        inside = {"vfs": "dir", "btrfs": "subvolumes", "aufs": "layers", "devicemapper": "metadata"}
        if folder := inside.get(self.driver):
            found = {entry.name for entry in self.entries(self.path / self.driver / folder)}
            return found - {"base", "deviceset-metadata", "transaction-metadata"}
        return {entry.name for entry in self.entries(self.path / self.driver) if entry.is_dir() and entry.name != "l"}

    def layers(self):
        """Layers that can be used: name → the driver's id."""
        return {e.name: (e / "cache-id").read_text() for e in self.entries(self.layerdb / "sha256") if HEX64.match(e.name)}

    def mounts(self):
        return {entry.name: entry for entry in self.entries(self.layerdb / "mounts")}

    def problems(self):
        """Everything that contradicts everything else, as text; empty means consistent."""
        found = [*self.layer_problems(), *self.home_problems(), *self.image_problems(), *self.leftovers()]
        return found or list(self.orphans())

    def layer_problems(self):
        for entry in self.entries(self.layerdb / "sha256"):
            if not HEX64.match(entry.name):
                yield f"half-removed layer {entry.name}"
                continue
            files = {file.name for file in entry.iterdir()}
            if missing := {"cache-id", "diff", "size", "tar-split.json.gz"} - files:
                yield f"layer {entry.name} has no {missing}"
                continue
            parent = (entry / "parent").read_text() if "parent" in files else None
            if parent and not (self.layerdb / "sha256" / parent[7:]).is_dir():
                yield f"layer {entry.name} has the unknown parent {parent}"
            if chain_id(parent, (entry / "diff").read_text()) != f"sha256:{entry.name}":
                yield f"layer {entry.name}: its name is not its chain id"

    def home_problems(self):
        named = set(self.layers().values())
        for name, entry in self.mounts().items():
            named |= {(entry / file).read_text() for file in ("mount-id", "init-id") if (entry / file).exists()}
            if not (self.path / "containers" / name / "config.v2.json").is_file():
                yield f"writable layer {name} belongs to no container"
        there = self.driver_layers()
        yield from (f"the driver has layer {name}, which nobody names" for name in there - named)
        yield from (f"the driver lacks layer {name}" for name in named - there)
        if self.driver == "overlay2":
            links = {link.name for link in self.entries(self.path / "overlay2/l")}
            wanted = {(self.path / "overlay2" / name / "link").read_text() for name in there}
            if links != wanted:
                yield f"short links: {links - wanted} too many, {wanted - links} missing"

    def image_problems(self):
        images = set()
        for entry in self.entries(self.imagedb / "content/sha256"):
            raw = entry.read_bytes()
            images.add(entry.name)
            if hashlib.sha256(raw).hexdigest() != entry.name:
                yield f"image {entry.name}: its bytes have another digest"
                continue
            chain = None
            for diff in json.loads(raw)["rootfs"]["diff_ids"]:
                chain = chain_id(chain, diff)
                if not (self.layerdb / "sha256" / chain[7:]).is_dir():
                    yield f"image {entry.name} lacks layer {chain}"
        file = self.image / "repositories.json"
        names = json.loads(file.read_text())["Repositories"] if file.exists() else {}
        for references in names.values():
            yield from (f"{name} names {image}, which is not there" for name, image in references.items() if image[7:] not in images)

    def orphans(self):
        """Layers that no image, no container and no other layer stands on."""
        needed = {(mount / "parent").read_text() for mount in self.mounts().values() if (mount / "parent").exists()}
        for entry in self.entries(self.imagedb / "content/sha256"):
            chain = None
            for diff in json.loads(entry.read_bytes())["rootfs"]["diff_ids"]:
                chain = chain_id(chain, diff)
                needed.add(chain)
        parents = {name: self.layerdb / "sha256" / name / "parent" for name in self.layers()}
        needed |= {file.read_text() for file in parents.values() if file.exists()}
        yield from (f"layer {name} is needed by nobody" for name in self.layers() if f"sha256:{name}" not in needed)

    def leftovers(self):
        for folder in (self.layerdb / "tmp", self.path / "tmp"):
            yield from (f"temporary {entry}" for entry in self.entries(folder))
        for entry in self.entries(self.path / "containers"):
            if entry.name not in self.mounts():
                yield f"container {entry.name} has no writable layer"


def problems(daemon):
    return list(DataRoot(daemon.data_root, daemon.driver).problems())


def is_empty(daemon):
    """Nothing of any image or container is left in the database and the driver's home."""
    root = DataRoot(daemon.data_root, daemon.driver)
    return not (root.driver_layers() or root.layers() or root.mounts() or root.entries(root.imagedb / "content/sha256"))
