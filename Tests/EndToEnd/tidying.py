"""What tests of volumes share."""
import pytest


@pytest.fixture
def tidy(cli):
    """The clients; afterwards no volume is left."""
    yield cli
    cli.daemon.remove_containers()
    for name in cli.daemon.docker("volume", "ls", "-q").lines:
        cli.daemon.docker("volume", "rm", name)
