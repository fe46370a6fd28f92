"""Data roots of aufs and devicemapper, for which there is no dockerd any more: they open here, run and go on.

In an emulated processor dockerd takes minutes: what it made on the host is kept in $VARVE_DOCKER_ROOT, and taken from there.
"""
import hashlib
import json
import os
import pathlib
import tarfile

import pytest

import conftest
import dataroot
import foreign
import tricky

# aufs is tried with each way to join its branches.
WAYS = {"aufs": ["aufs.union=overlayfs", "aufs.union=fuse-overlayfs"], "devicemapper": [None]}
CASES = [(driver, option) for driver in WAYS if driver in conftest.DRIVERS for option in WAYS[driver]]
KEPT = os.environ.get("VARVE_DOCKER_ROOT")


def listed(daemon):
    return sorted(daemon.docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").lines)


def saved(daemon, name):
    """The digests of a saved image's configuration and layers, each of which must be what its name says."""
    path = daemon.place / "saved.tar"
    daemon.docker("save", "-o", path, name)
    with tarfile.open(path) as archive:
        (image,) = json.load(archive.extractfile("manifest.json"))
        config = archive.extractfile(image["Config"]).read()
        layers = [hashlib.file_digest(archive.extractfile(layer), "sha256").hexdigest() for layer in image["Layers"]]
    path.unlink()
    assert [f"sha256:{layer}" for layer in layers] == json.loads(config)["rootfs"]["diff_ids"]
    return [hashlib.sha256(config).hexdigest(), *layers]


def made_by_docker(make_daemon, root, busybox_tar):
    """Images of several layers with all that is tricky, and containers with changes; gives what dockerd shows of them."""
    dockerd = make_daemon("overlay2", kind="dockerd", data_root=root)
    dockerd.docker("load", "-i", busybox_tar)
    dockerd.docker("build", "--network", "none", "-t", "tricky:v1", "-", stdin=tricky.context(), timeout=120)
    dockerd.docker("run", "--name", "wrote", "--network", "none", "busybox", "sh", "-c", "echo mine >/mine; rm /etc/motd; exit 3", check=False)
    shown = [listed(dockerd), saved(dockerd, "tricky:v1"), tricky.exported(dockerd, "tricky:v1")[0]]
    dockerd.stop()
    return shown


@pytest.mark.skipif(not KEPT, reason="a data root is kept where VARVE_DOCKER_ROOT names a folder for it")
def test_kept_for_another_kernel(make_daemon, disk, busybox_tar):
    if foreign.is_kept(pathlib.Path(KEPT)):
        pytest.skip(f"{KEPT} has one")
    root = disk / "kept"
    shown = made_by_docker(make_daemon, root, busybox_tar)
    foreign.keep(root, pathlib.Path(KEPT), shown)


@pytest.mark.parametrize("driver, option", CASES)
def test_made_by_docker_in_that_layout(make_daemon, place, disk, driver, option, busybox_tar):
    """It opens with all that dockerd showed; then containers and images of ours on top of it."""
    root = disk / f"foreign-{driver}-{CASES.index((driver, option))}"
    if KEPT and foreign.is_kept(pathlib.Path(KEPT)):
        images, image, tree = foreign.take(pathlib.Path(KEPT), root)
    else:
        images, image, tree = made_by_docker(make_daemon, root, busybox_tar)
    if driver == "aufs":
        foreign.to_aufs(root)
    else:
        foreign.to_devicemapper(root, place)
    varved = make_daemon(driver, data_root=root, arguments=["--storage-opt", option] if option else [])
    assert listed(varved) == images
    assert varved.docker("run", "--rm", "--network", "none", "tricky:v1").lines[:5] == tricky.SAYS
    assert not tricky.difference(tricky.exported(varved, "tricky:v1")[0], tree)
    assert saved(varved, "tricky:v1") == image
    for _ in range(2):
        assert sorted(varved.docker("diff", "wrote").lines) == ["A /mine", "C /etc", "D /etc/motd"]
        assert varved.docker("start", "-a", "wrote", check=False).code == 3
    if driver == "aufs":
        assert foreign.is_at_rest(root)
    assert varved.docker("commit", "wrote", "more:v1").out
    assert varved.docker("run", "--rm", "--network", "none", "more:v1", "cat", "/mine").out == "mine\n"
    saved(varved, "more:v1")
    assert not dataroot.problems(varved)
    varved.remove_containers()
    # The newest first: no image goes before those that were made of it.
    for name in dict.fromkeys(varved.docker("images", "-q").lines):
        varved.docker("rmi", "-f", name)
    assert dataroot.is_empty(varved)
