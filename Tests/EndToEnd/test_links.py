"""Containers that know others by names of their own (`--link`), and the order in which a daemon starts them."""
import os
import signal
import time

import pytest

from test_bridges import address, eventually, sh

import test_bridges

driver = test_bridges.driver


def hosts(engine, name, alias):
    return [line.split()[0] for line in sh(engine, name, "cat /etc/hosts").splitlines() if alias in line.split()[1:]]


def test_variables(engine):
    """In the container's processes and in execs; what a user says counts for more."""
    engine.docker("run", "-d", "--name", "db", "--expose", "5432", "-e", "PASSWORD=secret", "busybox", "sleep", "600")
    engine.docker("run", "-d", "--name", "web", "--link", "db:my-store", "-e", "MY_STORE_PORT=own", "busybox", "sh", "-c", "env >/said; sleep 600")
    where = address(engine, "db")
    wanted = {
        f"MY_STORE_PORT_5432_TCP=tcp://{where}:5432", f"MY_STORE_PORT_5432_TCP_ADDR={where}", "MY_STORE_PORT_5432_TCP_PORT=5432",
        "MY_STORE_PORT_5432_TCP_PROTO=tcp", "MY_STORE_NAME=/web/my-store", "MY_STORE_ENV_PASSWORD=secret", "MY_STORE_PORT=own",
    }
    for command in ("cat /said", "env"):
        assert {line for line in sh(engine, "web", command).splitlines() if line.startswith("MY_STORE")} == wanted
    engine.docker("rm", "-f", "web", "db")


def test_the_other_comes_back_elsewhere(engine):
    """Its new address stands in the file of who links to it, which keeps what it wrote there itself."""
    engine.docker("run", "-d", "--name", "db", "busybox", "sleep", "600")
    engine.docker("run", "-d", "--name", "web", "--link", "db:store", "busybox", "sleep", "600")
    before = address(engine, "db")
    assert hosts(engine, "web", "store") == [before]
    sh(engine, "web", "echo 10.1.2.3 mine >>/etc/hosts")
    engine.docker("stop", "-t", "0", "db")
    engine.docker("run", "-d", "--name", "thief", "busybox", "sleep", "600")
    for end in (None, engine.stop, engine.kill9):
        if end:
            end()
            engine.start()
            engine.docker("stop", "-t", "0", "db")
            engine.docker("run", "-d", "busybox", "sleep", "600")
        engine.docker("start", "db")
        after = address(engine, "db")
        assert after != before and hosts(engine, "web", "store") == [after] and hosts(engine, "web", "mine") == ["10.1.2.3"]
        assert hosts(engine, "web", "db") == [after]
        before = after


def test_two_that_link_to_each_other(engine):
    """On a network of one's own that can be; both get to know where the other is."""
    engine.docker("network", "create", "both")
    for own, other in (("left", "right"), ("right", "left")):
        engine.docker("create", "--name", own, "--network", "both", "--link", f"{other}:friend", "busybox", "sleep", "600")
    engine.docker("start", "left", "right")
    assert hosts(engine, "left", "friend") == [address(engine, "right", "both")]
    assert hosts(engine, "right", "friend") == [address(engine, "left", "both")]
    engine.docker("rm", "-f", "left", "right")
    engine.docker("network", "rm", "both")


@pytest.mark.parametrize("away", ["crash", "boot"])
def test_order_at_the_daemons_start(engine, away):
    """Whoever another one needs is started before it, whatever their names and ages."""
    engine.docker("run", "-d", "--name", "base", "--restart", "always", "busybox", "sleep", "600")
    chain = ["base"]
    for number in range(6):
        option = ["--link", f"{chain[-1]}:other"] if number % 2 else ["--pid", f"container:{chain[-1]}"]
        chain.append(f"next{number}")
        engine.docker("run", "-d", "--name", chain[-1], "--restart", "always", *option, "busybox", "sleep", "600")
    pids = [engine.inspect(name, "{{json .State.Pid}}") for name in chain]
    engine.kill9()
    for pid in reversed(pids):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: [pid for pid in pids if os.path.exists(f"/proc/{pid}")], [])
    if away == "boot":      # nobody tells how they ended
        eventually(lambda: len(list(engine.exec_root.glob("*/exit.json"))), len(pids))
        for record in engine.exec_root.glob("*/exit.json"):
            record.unlink()
    since = time.time()
    engine.start()
    eventually(lambda: all(engine.inspect(name, "{{json .State.Running}}") for name in chain), True)
    options = ["--since", f"{since:.6f}", "--until", f"{time.time():.6f}", "--filter", "event=start", "--format", "{{.Actor.Attributes.name}}"]
    assert engine.docker("events", *options).lines == chain
