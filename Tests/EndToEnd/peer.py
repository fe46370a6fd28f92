"""Debian's dockerd 20.10 as the judge, in namespaces of its own: its end ends all that it started and mounted."""
import os
import signal
import subprocess

import engine

# No bridge and no rules: the network of the machine that runs the tests is none of dockerd's business. A containerd
# that serves the machine is hidden, so that dockerd starts one of its own.
START = """
ip link set lo up
[ -d /run/containerd ] && mount -t tmpfs tmpfs /run/containerd
exec "$@"
"""


class Dockerd(engine.Daemon):
    """The same folders and clients, another program."""

    in_host_network = False     # to reach a registry that listens on this machine's loopback

    def argv(self):
        flags = [
            "--data-root", self.data_root, "--exec-root", self.exec_root, "--pidfile", self.pidfile, "-H", self.host,
            "--config-file", self.config, "--storage-driver", self.driver, "--bridge=none", "--iptables=false",
            "--ip6tables=false", "--ip-masq=false", "--exec-opt", "native.cgroupdriver=cgroupfs", "--log-level", "error",
            "--cgroup-parent", f"/{self.name}", *self.arguments,
        ]
        network = [] if self.in_host_network else ["--net"]
        namespaces = ["unshare", *network, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        return [*namespaces, "sh", "-c", START, "sh", "dockerd", *map(str, flags)]

    def start(self, timeout=60):
        return super().start(timeout)

    def stop(self, timeout=30):
        """`unshare` ignores SIGTERM: the signal goes to dockerd, its only child."""
        if self.running:
            children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True)
            os.kill(int(children.stdout.split()[0]), signal.SIGTERM)
            self.process.wait(timeout)
        self.process = None

    def tear_down(self):
        """Its leftovers are not ours to judge; what it started ends with its process namespace."""
        try:
            self.stop()
        finally:
            if self.running:
                self.kill9()
            engine.leaks.end(self)
            for folder in self.cgroups():
                os.rmdir(folder)

    def cgroups(self):
        found = subprocess.run(
            ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-name", self.name], capture_output=True, text=True,
            check=False,
        )
        return found.stdout.splitlines()

    def tail(self, lines=40):
        """containerd's plug-ins loading are no news."""
        return "\n".join(line for line in super().tail(400).splitlines() if "level=info" not in line)
