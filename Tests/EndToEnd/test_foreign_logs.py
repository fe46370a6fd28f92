"""Logs of one data root, two engines: what one wrote the other reads, and goes on writing."""
import re

import pytest

from talkers import DRIVER, FORMS, numbers, sh


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first, second", [("varved", "dockerd"), ("dockerd", "varved")])
def test_logs_of_the_other_engine(make_daemon, disks, busybox_tar, form, first, second):
    """Rotated and compressed ones, long lines and times: each reads what the other wrote, and goes on writing."""
    if DRIVER not in ("overlay2", "vfs", "btrfs"):
        pytest.skip(f"Debian's dockerd can't run {DRIVER} on this kernel")
    root = disks.of(DRIVER) / f"logs-{form}-{first}"
    flags = ["--log-driver", form, "--log-opt", "max-size=30k", "--log-opt", "max-file=30", "--log-opt", "compress=true"]
    one = make_daemon(DRIVER, kind=first, data_root=root)
    one.docker("load", "-i", busybox_tar)
    sh(one, "seq 1 2000; head -c 20000 /dev/zero | tr '\\0' x; echo; printf end", *flags)
    said, late = one.docker("logs", "-t", "box").out, one.docker("logs", "--tail", "3", "box").out
    assert [line.split()[1] for line in said.splitlines()][:2000] == [str(number) for number in range(1, 2001)]
    one.stop()
    other = make_daemon(DRIVER, kind=second, data_root=root)
    # dockerd 20.10 shows no line's end behind the last part of a long line.
    assert "".join(other.docker("logs", "--tail", "3", "box").out.split()) == "".join(late.split())
    assert other.docker("logs", "-t", "box").out.splitlines()[:2000] == said.splitlines()[:2000]
    other.docker("start", "-a", "box")
    assert other.docker("logs", "box").out.count("x" * 3000) >= 2
    assert numbers(re.sub(r"[^0-9\n]", "", other.docker("logs", "box").out)) == list(range(1, 2001)) * 2
