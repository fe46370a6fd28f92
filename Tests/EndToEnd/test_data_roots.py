"""One data root, two engines: what dockerd 20.10 made opens here, what varved made opens there."""
import pytest

import dataroot
import tricky


@pytest.fixture
def root(disks, driver, request):
    if driver in ("aufs", "devicemapper", "erofs"):
        pytest.skip(f"Debian's dockerd can't run {driver} on this kernel")
    return disks.of(driver) / f"root-{abs(hash(request.node.name)) % 10**8}"


def fill(daemon, busybox_tar):
    """Images, and containers in two states; gives what must be found again."""
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("tag", "busybox", "127.0.0.1:5000/team/copy:v1")
    daemon.docker("run", "--name", "wrote", "--network", "none", "busybox", "sh", "-c", "echo mine >/mine; rm /etc/motd; exit 3", check=False)
    daemon.docker("create", "--name", "waiting", "--network", "none", "busybox", "cat", "/etc/motd")
    return listing(daemon)


def listing(daemon):
    return (
        sorted(daemon.docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").lines),
        sorted(daemon.docker("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Image}}").lines),
    )


def test_made_by_varved_opened_by_dockerd(make_daemon, driver, root, busybox_tar):
    """dockerd lists its images and containers, runs the ones and starts the others."""
    varved = make_daemon(driver, data_root=root)
    made = fill(varved, busybox_tar)
    varved.stop()
    dockerd = make_daemon(driver, kind="dockerd", data_root=root)
    assert listing(dockerd) == made
    assert dockerd.docker("run", "--rm", "--network", "none", "busybox", "cat", "/etc/motd").out == "welcome\n"
    assert dockerd.inspect("wrote", "{{.State.ExitCode}}") == 3
    assert sorted(dockerd.docker("diff", "wrote").lines) == ["A /mine", "C /etc", "D /etc/motd"]
    assert dockerd.docker("start", "-a", "waiting").out == "welcome\n"
    dockerd.docker("save", "-o", dockerd.place / "out.tar", "busybox")


def test_made_by_dockerd_opened_by_varved(make_daemon, driver, root, busybox_tar):
    """varved lists what dockerd made, runs and starts it, and can remove all of it."""
    dockerd = make_daemon(driver, kind="dockerd", data_root=root)
    made = fill(dockerd, busybox_tar)
    dockerd.docker("build", "--network", "none", "-t", "tricky:v1", "-", stdin=tricky.context(), timeout=120)
    made = listing(dockerd)
    tree = tricky.exported(dockerd, "tricky:v1")
    dockerd.stop()
    varved = make_daemon(driver, data_root=root)
    assert listing(varved) == made
    assert varved.docker("run", "--rm", "tricky:v1").lines[:5] == tricky.SAYS
    assert not tricky.difference(tricky.exported(varved, "tricky:v1")[0], tree[0])
    assert varved.inspect("wrote", "{{.State.ExitCode}}") == 3
    assert sorted(varved.docker("diff", "wrote").lines) == ["A /mine", "C /etc", "D /etc/motd"]
    assert varved.docker("start", "-a", "waiting").out == "welcome\n"
    assert not dataroot.problems(varved)
    varved.remove_containers()
    for image in varved.docker("images", "-q").lines:
        varved.docker("rmi", "-f", image)
    assert dataroot.is_empty(varved)


def test_back_and_forth(make_daemon, driver, root, busybox_tar):
    """What each adds, the other one has, and the database stays consistent."""
    varved = make_daemon(driver, data_root=root)
    fill(varved, busybox_tar)
    varved.stop()
    dockerd = make_daemon(driver, kind="dockerd", data_root=root)
    dockerd.docker("commit", "wrote", "committed:v1")
    dockerd.docker("rm", "waiting")
    dockerd.docker("rmi", "127.0.0.1:5000/team/copy:v1")
    made = listing(dockerd)
    dockerd.stop()
    varved.start()
    assert listing(varved) == made
    assert varved.docker("run", "--rm", "committed:v1", "cat", "/mine").out == "mine\n"
    assert not dataroot.problems(varved)
