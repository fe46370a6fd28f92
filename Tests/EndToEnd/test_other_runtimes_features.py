"""What a container of another runtime is given, beside what Varve's own gives it."""
import re

import pytest

import features
import test_same_as_docker
from attacker import driver  # noqa: F401 fixture
from runtimes import RUNTIMES

# What differs from a container of Varve's own launcher, by runtime: `section name`, and why.
OF_BOTH = [
    (r"(cgroups|mounts|probe \w+) /sys/fs/cgroup/(hugetlb|systemd|misc|unified|rdma|perf_event|net_\w+)\b|cgroup |mounts /sys/fs/cgroup ", "groups in all of cgroup v1's trees, all of them shown; the folder above them can be written to"),
    (r"mounts /(proc|sys)/(acpi|asound|scsi|firmware|interrupts|keys|timer_list|\S*powercap) '(dev)?tmpfs ", "masks without all of the flags, and a null device that can be written to"),
    (r"mounts /proc/(bus|fs|irq|sys) 'proc ", "read-only paths without their flags, in some versions"),
]
EXPLAINED = {
    "runc": [*OF_BOTH, (r"probe open c 5:1 ", "not among the devices that it always allows")],
    "crun": [
        *OF_BOTH,
        (r"dev /dev/core ", "a link of its own"), (r"dev /dev/null ", "it gives the null device to the user"), (r"probe open c 10:200 ", "not among the devices that it always allows"),
        (r"mounts /dev/console ", "without noexec and nosuid"), (r"mounts /sys 'sysfs ", "read-only is the mount alone"),
        (r"probe write /sys/(kernel|module|power)/\S+ 'EACCES' != 'EROFS'", "read-only is the mount alone"),
        (r"probe call 4[5-9]\d 'EPERM' != 'ENOSYS'", "calls that the kernel's time does not know: refused, not said to be missing"),
    ],
}


@pytest.fixture(scope="module")
def features_engine(shared, place):
    shared.docker("load", "-i", features.image(place))
    return shared


class TestFeatures:
    """The same as from Varve's own launcher, which test_same_as_docker.py holds to Docker."""

    @staticmethod
    def unexplained(runtime, tables):
        found = {f"{name} {one!r} != {other!r}" for name, (one, other) in features.differences(*tables).items()}
        return "\n".join(sorted(line for line in found if not any(re.match(pattern, line) for pattern, _ in EXPLAINED[runtime])))

    @pytest.mark.parametrize("case", test_same_as_docker.CASES)
    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_run(self, features_engine, runtime, case):
        flags = test_same_as_docker.flags_of(case)
        said = [features_engine.docker("run", "--rm", "--runtime", name, *flags, "features", *features.COMMAND, timeout=120, check=False) for name in (runtime, "varve")]
        found = self.unexplained(runtime, list(map(test_same_as_docker.table, said)))
        assert not found, found

    @pytest.mark.parametrize("case, more", [
        ("default", []), ("default", ["--user", "1000"]), ("default", ["-t"]), ("default", ["--workdir", "/tmp", "-e", "A=b"]), ("user", []), ("no-new-privileges", []), ("limits", []),
        ("default", ["--privileged"]), ("privileged", []),
    ])
    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_exec(self, features_engine, runtime, case, more):
        said = []
        for name in (runtime, "varve"):
            features_engine.docker("run", "-d", "--name", "box", "--runtime", name, *test_same_as_docker.flags_of(case), "features", "sleep", "600")
            said.append(features_engine.docker("exec", *more, "box", *features.COMMAND, timeout=120, check=False))
            features_engine.docker("rm", "-f", "box")
        found = self.unexplained(runtime, list(map(test_same_as_docker.table, said)))
        assert not found, found
