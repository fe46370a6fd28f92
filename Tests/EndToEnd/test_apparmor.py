"""AppArmor: which profile a container's processes run in, and what it forbids."""
import json
import pathlib
import subprocess

import pytest

import drivers

ENABLED = pathlib.Path("/sys/module/apparmor/parameters/enabled")
IS_ON = ENABLED.exists() and ENABLED.read_text().startswith("Y")
PARSER = pathlib.Path("/usr/sbin/apparmor_parser")
needed = pytest.mark.skipif(not (IS_ON and PARSER.exists()), reason="AppArmor is off here, or apparmor_parser is not installed")
CURRENT = ["cat", "/proc/self/attr/current"]
STANDARD = "varve-default (enforce)"


# The same for all drivers.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name == "overlay2"])
def driver(request):
    return request.param


def parser(option, text):
    subprocess.run([PARSER, option], input=text, text=True, check=True)


@pytest.fixture
def strict():
    """A profile of one's own."""
    text = "profile varve-e2e-strict flags=(attach_disconnected,mediate_deleted) { file, network, capability, signal, deny /etc/passwd r, }"
    parser("-Kr", text)
    yield "varve-e2e-strict"
    parser("-R", text)


def said(engine, script, *options):
    return engine.docker("run", "--rm", *options, "busybox", "sh", "-c", script, check=False).both.strip()


@pytest.mark.skipif(IS_ON, reason="AppArmor is on here")
def test_where_it_is_off(engine):
    """As dockerd does, a profile is passed over there, but it is said."""
    started = engine.docker("run", "--rm", "--security-opt", "apparmor=nosuch", "busybox", "echo", "hello")
    assert started.out == "hello\n"
    body = {"Image": "busybox", "HostConfig": {"SecurityOpt": ["apparmor=nosuch"]}}
    status, answer = engine.api("POST", "/containers/create", body)
    assert status == 201 and "no AppArmor" in json.loads(answer)["Warnings"][0]
    engine.docker("create", "--name", "box", "--security-opt", "apparmor=unconfined", "busybox")
    assert engine.inspect("box", "{{json .AppArmorProfile}}") == "unconfined"
    assert "apparmor" not in str(json.loads(engine.docker("info", "-f", "{{json .SecurityOptions}}").out))


@needed
class TestOn:
    def test_the_default(self, engine):
        engine.docker("run", "-d", "--name", "box", "busybox", "sleep", "600")
        assert engine.inspect("box", "{{json .AppArmorProfile}}") == "varve-default"
        assert engine.docker("exec", "box", *CURRENT).out.strip() == STANDARD
        # As Docker's: more rights, but not out of the profile.
        assert engine.docker("exec", "--privileged", "box", *CURRENT).out.strip() == STANDARD
        assert engine.docker("exec", "box", "cat", "/proc/1/attr/current").out.strip() == STANDARD
        assert engine.docker("exec", "box", "sh", "-c", "sleep 100 & kill -9 $! && ps >/dev/null && echo fine").out == "fine\n"
        assert json.loads(engine.docker("info", "-f", "{{json .SecurityOptions}}").out)[0] == "name=apparmor"
        engine.docker("stop", "-t", "0", "box")

    @pytest.mark.parametrize("options, profile", [
        (["--privileged"], "unconfined"), (["--security-opt", "apparmor=unconfined"], "unconfined"),
        (["--privileged", "--security-opt", "apparmor=varve-default"], "unconfined"), (["--user", "1000"], STANDARD),
        (["--security-opt", "no-new-privileges"], STANDARD), (["-v", "/tmp:/sys/kernel"], STANDARD),
    ])
    def test_who_has_which(self, engine, options, profile):
        engine.docker("run", "-d", "--name", "box", *options, "busybox", "sleep", "600")
        assert engine.inspect("box", "{{json .AppArmorProfile}}") == profile.split()[0]
        for process in ("self", "1"):
            assert engine.docker("exec", "box", "cat", f"/proc/{process}/attr/current").out.strip() == profile

    @pytest.mark.parametrize("script", [
        "mount -t tmpfs none /proc/tty", "mount -o bind /etc /root", "echo x >/proc/sys/kernel/hostname", "echo 1 >/proc/sys/net/ipv4/ip_forward",
        "echo 1 >/proc/sys/vm/drop_caches", "cat /proc/kcore | head -c 1", "echo h >/proc/sysrq-trigger", "ls /sys/kernel/security/apparmor/",
        "echo 0 >/sys/kernel/mm/ksm/run", "ls /sys/firmware/", "ls /sys/firmware/acpi",
    ])
    def test_what_it_forbids(self, engine, script):
        """Even to who has the rights, and where nothing hides the kernel's files; without the profile it is not what refuses."""
        options = ["-v", "/sys:/sys", "--cap-add", "ALL", "--security-opt", "systempaths=unconfined", "--security-opt", "seccomp=unconfined"]
        assert "ermission denied" in said(engine, script, *options)
        assert "ermission denied" not in said(engine, script, *options, "--security-opt", "apparmor=unconfined")

    @pytest.mark.parametrize("script", [
        "echo 1000000 >/proc/sys/kernel/shmmax", "echo 0 >/proc/self/oom_score_adj", "umount /mnt",
        "touch /etc/x /root/proc; cat /proc/stat /proc/cpuinfo /sys/class/net/lo/mtu",
    ])
    def test_what_it_allows(self, engine, script):
        options = ["--cap-add", "SYS_ADMIN", "--security-opt", "systempaths=unconfined", "--tmpfs", "/mnt"]
        assert said(engine, f"({script}) >/dev/null && echo done", *options) == "done"

    def test_one_of_ones_own(self, engine, strict):
        options = ["--security-opt", f"apparmor={strict}"]
        assert said(engine, "cat /proc/self/attr/current; cat /etc/passwd", *options).splitlines() == [
            f"{strict} (enforce)", "cat: can't open '/etc/passwd': Permission denied"]

    def test_one_that_is_not_there(self, engine):
        refused = engine.docker("run", "--name", "box", "--security-opt", "apparmor=nosuch", "busybox", check=False)
        assert refused.code != 0 and "AppArmor profile nosuch is not loaded" in refused.err
        assert "nosuch" in engine.inspect("box", "{{json .State.Error}}")

    def test_it_comes_back(self, engine):
        """An upgrade of AppArmor may take it away."""
        assert said(engine, " ".join(CURRENT)) == STANDARD
        parser("-R", "profile varve-default { }")
        assert "varve-default" not in pathlib.Path("/sys/kernel/security/apparmor/profiles").read_text()
        assert said(engine, " ".join(CURRENT)) == STANDARD
