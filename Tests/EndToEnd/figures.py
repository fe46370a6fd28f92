"""What a daemon tells Prometheus, held to its form, and waiting for what will be."""
import re
import time

import engine as engines

LINE = re.compile(r'^[a-z_:][a-z0-9_:]*(\{([a-z_]+="(\\.|[^"\\])*",?)*\})? ([-+]?[0-9.]+(e[-+]?[0-9]+)?|[-+]Inf|NaN)$')


def of(daemon):
    """Every line of /metrics, held to its form: name and labels → number."""
    status, body = daemon.api("GET", "/metrics")
    assert status == 200
    return parsed(body.decode())


def parsed(text):
    found, kinds = {}, {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            assert word in ("HELP", "TYPE") and rest
            if word == "TYPE":
                assert name not in kinds and rest in ("counter", "gauge", "histogram")
                kinds[name] = rest
            continue
        assert LINE.match(line), line
        key, value = line.rsplit(" ", 1)
        name = key.split("{")[0]
        assert name in kinds or re.sub("_(bucket|sum|count)$", "", name) in kinds, line
        assert key not in found, line
        found[key] = float(value)
    return found


def metric(daemon, name):
    return of(daemon)[name]


def wait_for(what, check, timeout=10):
    """The first thing that `check` finds."""
    deadline = time.monotonic() + timeout * engines.PATIENCE
    while True:
        if found := check():
            return found
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.02)
