"""Containers that say something, and what there is to know of their logs."""
import pytest

import conftest

# What logs do is no storage driver's business.
DRIVER = conftest.DRIVERS[0]
FORMS = ["json-file", "local"]


@pytest.fixture(scope="module")
def said(make_module_daemon, busybox_tar):
    daemon = make_module_daemon(DRIVER)
    daemon.docker("load", "-i", busybox_tar)
    return daemon


@pytest.fixture
def daemon(said):
    """One daemon a file; after the test its containers are removed, and it must still be well."""
    yield said
    assert said.running, said.tail()
    said.remove_containers()


def sh(daemon, script, *flags, wait=True, name="box"):
    """A container that runs `script`."""
    return daemon.docker("run", *([] if wait else ["-d"]), "--name", name, "--network", "none", *flags, "busybox", "sh", "-c", script)


def folder(daemon, name="box"):
    return daemon.data_root / "containers" / daemon.inspect(name, "{{json .Id}}")


def numbers(text):
    return [int(line) for line in text.split()]
