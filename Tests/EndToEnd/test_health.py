"""Containers that say how well they are."""
import time

import clients

ONE_DRIVER = True


def health(daemon, name):
    return daemon.inspect(name, "{{json .State.Health}}")


def test_ill_and_well_again(cli):
    """Well, ill after some failures in a row, well at the first success; as lists, filters and events show it."""
    since = time.time()
    cli("run", "-d", "--name", "box", "--health-cmd", "echo looked; test -e /well", "--health-interval", "200ms", "--health-retries", "2", "busybox", "sh", "-c", "touch /well; exec sleep 600")
    assert health(cli.daemon, "box")["Status"] in ("starting", "healthy")
    clients.eventually(lambda: health(cli.daemon, "box")["Status"] == "healthy")
    assert "(healthy)" in cli("ps", "--format", "{{.Status}}").out
    cli("exec", "box", "rm", "/well")
    ill = clients.eventually(lambda: (found := health(cli.daemon, "box"))["Status"] == "unhealthy" and found)
    assert ill["FailingStreak"] >= 2 and ill["Log"][-1]["ExitCode"] == 1 and ill["Log"][-1]["Output"] == "looked\n"
    assert "(unhealthy)" in cli("ps", "--filter", "health=unhealthy", "--format", "{{.Status}}").out
    assert cli("ps", "--filter", "health=healthy", "-q").out == ""
    cli("exec", "box", "touch", "/well")
    clients.eventually(lambda: health(cli.daemon, "box")["Status"] == "healthy")
    assert health(cli.daemon, "box")["FailingStreak"] == 0 and len(health(cli.daemon, "box")["Log"]) <= 5
    told = cli("events", "--since", str(since), "--until", str(time.time()), "--filter", "event=health_status", "--format", "{{.Action}}").lines
    assert told == ["health_status: healthy", "health_status: unhealthy", "health_status: healthy"]


def test_a_check_that_takes_too_long(cli):
    cli("run", "-d", "--name", "box", "--health-cmd", "sleep 60", "--health-interval", "100ms", "--health-timeout", "1s", "--health-retries", "1", "busybox", "sleep", "600")
    ill = clients.eventually(lambda: (found := health(cli.daemon, "box"))["Status"] == "unhealthy" and found, timeout=20)
    assert ill["Log"][-1]["ExitCode"] == -1 and "exceeded timeout (1s)" in ill["Log"][-1]["Output"]
    counts = set()

    def four_failed():
        counts.add(sum(line.strip() == "sleep 60" for line in cli("exec", "box", "ps", "-o", "args").lines))
        return 1 in counts and health(cli.daemon, "box")["FailingStreak"] >= 4

    clients.eventually(four_failed, timeout=20, what="the fourth failure")
    assert counts <= {0, 1}, "a check goes on beside the next one"


def test_failures_soon_after_the_start(cli):
    """They do not count; the first success does."""
    cli("run", "-d", "--name", "box", "--health-cmd", "test -e /well", "--health-interval", "100ms", "--health-start-period", "60s", "--health-start-interval", "100ms", "--health-retries", "1", "busybox", "sleep", "600")
    clients.eventually(lambda: len(health(cli.daemon, "box")["Log"]) >= 3)
    assert (health(cli.daemon, "box")["Status"], health(cli.daemon, "box")["FailingStreak"]) == ("starting", 0)
    cli("exec", "box", "touch", "/well")
    clients.eventually(lambda: health(cli.daemon, "box")["Status"] == "healthy")


def test_goes_on_with_the_next_daemon(fresh):
    fresh.docker("run", "-d", "--name", "box", "--health-cmd", "test -e /well", "--health-interval", "200ms", "--health-retries", "1", "busybox", "sleep", "600")
    clients.eventually(lambda: health(fresh, "box")["Status"] == "unhealthy")
    fresh.kill9()
    fresh.start()
    fresh.docker("exec", "box", "touch", "/well")
    clients.eventually(lambda: health(fresh, "box")["Status"] == "healthy")


def test_of_the_image(cli):
    """An image's check counts, unless it is switched off."""
    cli("create", "--name", "maker", "busybox", "sleep", "600")
    cli.daemon.docker("commit", "-c", "HEALTHCHECK --interval=200ms CMD true", "maker", "checked")
    cli("run", "-d", "--name", "box", "checked")
    clients.eventually(lambda: health(cli.daemon, "box")["Status"] == "healthy")
    cli("run", "-d", "--no-healthcheck", "--name", "other", "checked")
    assert health(cli.daemon, "other") is None
    cli("rm", "-f", "box", "other", "maker")
    cli("rmi", "checked")
