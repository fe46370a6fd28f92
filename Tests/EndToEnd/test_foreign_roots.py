"""Data roots of aufs and devicemapper, for which there is no dockerd any more: they open here, run and go on."""
import pytest

import conftest
import dataroot
import foreign
import tricky

DRIVERS = [driver for driver in ("aufs", "devicemapper") if driver in conftest.DRIVERS]


@pytest.mark.parametrize("driver", DRIVERS)
def test_made_by_docker_in_that_layout(make_daemon, place, disk, driver, busybox_tar):
    """Images of several layers with all that is tricky, containers with changes; then ours on top of them."""
    root = disk / f"foreign-{driver}"
    dockerd = make_daemon("overlay2", kind="dockerd", data_root=root)
    dockerd.docker("load", "-i", busybox_tar)
    dockerd.docker("build", "--network", "none", "-t", "tricky:v1", "-", stdin=tricky.context(), timeout=120)
    dockerd.docker("run", "--name", "wrote", "--network", "none", "busybox", "sh", "-c", "echo mine >/mine; rm /etc/motd; exit 3", check=False)
    tree = tricky.exported(dockerd, "tricky:v1")
    images = sorted(dockerd.docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").lines)
    dockerd.stop()
    if driver == "aufs":
        foreign.to_aufs(root)
    else:
        foreign.to_devicemapper(root, place)
    varved = make_daemon(driver, data_root=root)
    assert sorted(varved.docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").lines) == images
    assert varved.docker("run", "--rm", "--network", "none", "tricky:v1").lines[:5] == tricky.SAYS
    assert not tricky.difference(tricky.exported(varved, "tricky:v1")[0], tree[0])
    assert sorted(varved.docker("diff", "wrote").lines) == ["A /mine", "C /etc", "D /etc/motd"]
    assert varved.docker("commit", "wrote", "more:v1").out
    assert varved.docker("run", "--rm", "--network", "none", "more:v1", "cat", "/mine").out == "mine\n"
    varved.docker("save", "-o", varved.place / "saved.tar", "tricky:v1", "more:v1")
    assert not dataroot.problems(varved)
    varved.remove_containers()
    varved.docker("rmi", "-f", *set(varved.docker("images", "-q").lines))
    assert dataroot.is_empty(varved)
