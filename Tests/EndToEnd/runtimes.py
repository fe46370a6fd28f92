"""Containers of other runtimes than Varve's own."""
import pathlib
import shutil

import pytest

import bundles

RUNTIMES = ["runc", "crun"]
TICKER = ["busybox", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"]


class Runs:
    """`docker run` by one of the runtimes."""

    def __init__(self, engine, runtime):
        self.engine, self.runtime = engine, runtime

    def __call__(self, *args, **options):
        return self.engine.docker("run", "--runtime", self.runtime, *args, **options)

    def box(self, *args, name="box"):
        """One that sleeps."""
        self("-d", "--name", name, "--stop-timeout", "0", *args, "busybox", "sleep", "600")


@pytest.fixture(params=RUNTIMES)
def run(engine, request):
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    if request.param == "crun" and (left := bundles.left_to_v2()):
        pytest.skip(f"crun refuses this host, which has control groups of v1 but {', '.join(left)} in v2")
    return Runs(engine, request.param)


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
