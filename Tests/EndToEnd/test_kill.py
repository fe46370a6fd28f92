"""The daemon is killed with SIGKILL at random moments, again and again; after each restart everything holds."""
import os
import random
import subprocess
import time

import pytest

import clients
import dataroot
import engine as engines
import leaks
import rootfs

KILLS = int(os.environ.get("VARVE_KILLS", "100"))
SEED = int(os.environ.get("VARVE_SEED", str(random.SystemRandom().randrange(1 << 32))))
WITNESS = ["busybox", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done"]


class Crasher:
    """Does something with the daemon, kills it meanwhile, starts it again and looks."""

    def __init__(self, daemon, folder):
        self.daemon, self.folder, self.random = daemon, folder, random.Random(SEED)
        self.serial, self.images, self.containers = 0, [], []
        self.durations = {}     # of each verb, measured, in seconds: moments are drawn from all of it

    def new_archive(self):
        """An image of two layers that nobody has seen, on busybox."""
        self.serial += 1
        files = [rootfs.member(f"many/{n}", data=self.random.randbytes(2000)) for n in range(150)]
        layers = [rootfs.busybox_layer(), rootfs.tar([rootfs.folder("many"), *files]),
                  rootfs.tar([rootfs.member("serial", data=str(self.serial).encode()), rootfs.member("many/.wh.7")])]
        path = self.folder / "next.tar"
        path.write_bytes(rootfs.docker_archive(layers, f"many:{self.serial}"))
        return path

    def arguments(self, verb):
        """The command line for `verb`."""
        any_image, any_container = self.random.choice(self.images), self.random.choice(self.containers)
        return {
            "load": lambda: ["load", "-i", self.new_archive()],
            "create": lambda: ["create", any_image, "sleep", "1000"],
            "run": lambda: ["run", "-d", any_image, "sh", "-c", "echo up; exec sleep 1000"],
            "run --rm": lambda: ["run", "--rm", any_image, "true"],
            "exec": lambda: ["exec", "witness", "sh", "-c", "echo in; sleep 0.05"],
            "rm": lambda: ["rm", "-f", any_container],
            "rmi": lambda: ["rmi", "-f", any_image],
        }[verb]()

    def choose(self):
        """Fills up when there is little, clears when there is much."""
        if len(self.containers) > 6:
            return "rm"
        if len(self.images) > 5:
            return "rmi" if self.random.random() < 0.7 else "load"
        verbs = ["load", "load", "run", "run", "run --rm", "create", "exec", "rm", "rm", "rmi"]
        verb = self.random.choice(verbs)
        if verb == "rm" and not self.spare_containers() or verb == "rmi" and not self.spare_images():
            return "run" if verb == "rm" else "load"
        return verb

    def spare_containers(self):
        return [name for name in self.containers if name != self.witness]

    def spare_images(self):
        return [name for name in self.images if name != "busybox:latest"]

    def look_around(self):
        """Both lists as the daemon gives them: they must work, whatever just happened."""
        self.images = self.daemon.varve("images", "--format", "{{.Repository}}:{{.Tag}}").lines
        self.containers = self.daemon.varve("ps", "-aq", "--no-trunc").lines
        assert "busybox:latest" in self.images and self.witness in self.containers
        self.images = [name for name in self.images if "<none>" not in name]

    def begin(self):
        self.daemon.docker("run", "-d", "--name", "witness", *WITNESS)
        self.witness = self.daemon.inspect("witness", "{{json .Id}}")
        self.pid = self.daemon.inspect("witness", "{{.State.Pid}}")
        self.look_around()
        for verb in ("load", "create", "run", "run --rm", "exec"):
            began = time.monotonic()
            self.daemon.varve(*self.arguments(verb))
            self.durations[verb] = time.monotonic() - began
        self.durations["rm"] = self.durations["rmi"] = self.durations["create"]
        self.look_around()

    def crash(self):
        """One cycle; gives the verb that was interrupted."""
        verb = self.choose()
        if verb in ("rm", "rmi"):
            self.containers, self.images = self.spare_containers() or [self.witness], self.spare_images() or self.images
        child = self.daemon.spawn(*self.arguments(verb), command=engines.BIN / "varve", stdin=subprocess.DEVNULL)
        time.sleep(self.random.uniform(0, self.durations[verb] * 1.2))
        self.daemon.kill9()
        child.communicate(timeout=20)
        self.daemon.start()
        return verb

    def check(self):
        self.look_around()
        found = dataroot.problems(self.daemon)
        assert not found, found
        mounted = leaks.mounts_below(self.daemon.data_root, images=False)
        assert not mounted, f"left mounted: {mounted}"
        image = self.random.choice(self.images)
        assert self.daemon.varve("run", "--rm", image, "echo", "works").out == "works\n"
        assert self.daemon.inspect("witness", "{{.State.Pid}}") == self.pid

    def finish(self):
        """The witness heard nothing of all this; and everything can be removed."""
        logged = lambda: self.daemon.docker("logs", "witness").lines
        clients.eventually(lambda: len(logged()) > KILLS, timeout=KILLS, what="more lines of the witness than kills")
        lines = logged()
        assert lines == [str(n) for n in range(len(lines))] and len(lines) > KILLS
        self.daemon.docker("stop", "-t", "0", "witness")
        assert self.daemon.docker("wait", "witness").out == "137\n"
        self.daemon.remove_containers()
        for image in self.daemon.image_ids():
            self.daemon.docker("rmi", "-f", image)


@pytest.mark.skipif(os.environ.get("VARVE_E2E_ENGINE") == "dockerd", reason="dockerd does not promise this")
def test_killed_at_random_moments(fresh, tmp_path):
    """After each restart the database is consistent, nothing is orphaned, no mount is left, containers run on."""
    print(f"{KILLS} kills with VARVE_SEED={SEED}")
    crasher = Crasher(fresh, tmp_path)
    crasher.begin()
    for n in range(KILLS):
        verb = crasher.crash()
        try:
            crasher.check()
        except AssertionError as problem:
            raise AssertionError(f"after kill {n + 1} of {KILLS}, during `{verb}` (VARVE_SEED={SEED}): {problem}") from problem
    crasher.finish()
    clients.eventually(lambda: dataroot.is_empty(fresh), what="an empty data root")
    assert not dataroot.problems(fresh)
