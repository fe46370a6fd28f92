"""`--storage-opt size=`: what a container may write, where the driver can limit that; elsewhere a reason and a way out."""
import pytest

import dataroot

# Driver: the limit, and what is certainly more. devicemapper limits the whole file system, its base image included.
LIMITS = {"btrfs": ("20M", 40), "devicemapper": ("600M", 700)}


@pytest.fixture
def limit(driver):
    if driver not in LIMITS:
        pytest.skip(f"{driver} has no quotas on this file system: see test_refused_where_there_are_none")
    return LIMITS[driver]


def write(megabytes, name="/big"):
    return ["busybox", "dd", "if=/dev/zero", f"of={name}", "bs=1M", f"count={megabytes}"]


def test_limits_what_a_container_writes(cli, limit):
    """Less than the limit fits, more does not; the container can then be looked at, and removed."""
    size, more = limit
    assert cli("run", "--rm", "--storage-opt", f"size={size}", *write(8)).code == 0
    refused = cli("run", "--name", "full", "--storage-opt", f"size={size}", *write(more), check=False)
    assert refused.code == 1 and ("No space left" in refused.both or "quota exceeded" in refused.both), refused
    assert cli.daemon.inspect("full", "{{json .HostConfig.StorageOpt}}") == {"size": size}
    assert "A /big" in cli("diff", "full").lines
    cli("rm", "full")
    assert not dataroot.problems(cli.daemon)


def test_limits_nobody_else(cli, limit):
    """Another container, of the same image and at the same time, writes what it likes."""
    size, more = limit
    cli("run", "-d", "--name", "limited", "--storage-opt", f"size={size}", "busybox", "sleep", "1000")
    if cli.daemon.driver != "devicemapper":  # there every container has the pool's base size
        assert cli("run", "--rm", *write(more)).code == 0
    assert cli("exec", "limited", *write(8)[1:]).code == 0


def test_refused_where_there_are_none(cli, driver):
    if driver in LIMITS:
        pytest.skip(f"{driver} has quotas")
    refused = cli("run", "--name", "none", "--storage-opt", "size=20M", "busybox", "true", check=False)
    assert refused.code == 125 and driver in refused.both and "size" in refused.both, refused
    assert not cli("ps", "-aq").lines
    assert not dataroot.problems(cli.daemon)


@pytest.mark.parametrize("option", ["size=0", "size=lots", "size=-1", "nosuch=1"])
def test_nonsense_is_refused(cli, option):
    refused = cli("run", "--storage-opt", option, "busybox", "true", check=False)
    assert refused.code == 125 and option.partition("=")[0] in refused.both, refused
    assert not dataroot.problems(cli.daemon)


def test_nonsense_is_the_callers_mistake(engine):
    """As Docker's: 400, with the driver's reason."""
    status, body = engine.api("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"StorageOpt": {"nosuch": "1"}}})
    assert status == 400 and b"nosuch" in body
