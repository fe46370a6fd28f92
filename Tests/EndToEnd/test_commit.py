"""`commit`: a container becomes an image; and the same work gives the same layers whatever driver keeps them."""
import hashlib
import io
import json
import tarfile

import pytest

import conftest
import dataroot

# Everything that a layer can say, at fixed times: `find` settles what is new, and the folders in which it did so last.
WORK = """
set -e
touch /started; sleep 1
echo new >/etc/new; echo more >>/etc/motd; rm /notexecutable
mkdir -p /srv/a/b; ln /etc/new /srv/a/hard; ln -s ../../nowhere /srv/a/link; mkfifo /srv/a/fifo
rm -r /home/user; mkdir /home/user; echo again >/home/user/f
chmod 4711 /srv/a/hard; chown 12:34 /srv/a/b
mv /etc/group /etc/gone
find / -xdev -newer /started ! -type d -exec touch -h -d '2020-01-02 03:04:05' {} +
rm /started
touch -d '2020-01-02 03:04:05' / /etc /home /home/user /srv /srv/a /srv/a/b
"""


def config_of(daemon, image):
    """The image's configuration and the bytes of its layers, from its archive."""
    archive = daemon.place / "saved.tar"
    daemon.docker("save", "-o", archive, image)
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
        config = json.load(tar.extractfile(manifest["Config"]))
        layers = [tar.extractfile(name).read() for name in manifest["Layers"]]
    archive.unlink()
    assert ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers] == config["rootfs"]["diff_ids"]
    return config, layers


def members(layer):
    """What a layer's tar says, member by member, to see where two differ."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return [(m.name, m.type, oct(m.mode), m.uid, m.gid, m.size, m.mtime, m.linkname, str(m.pax_headers)) for m in tar]


def test_commit_makes_an_image(cli):
    """Its layers are the image's and one more; it runs, and knows where it comes from."""
    cli("run", "--name", "worker", "-e", "A=1", "busybox", "sh", "-c", "echo new >/etc/new; rm /etc/motd")
    said = cli("commit", "-m", "with news", "-a", "me", "-c", "ENV B=2", "-c", 'CMD ["cat", "/etc/new"]', "worker", "worker:v2")
    image = said.out.strip()
    assert image.startswith("sha256:") and cli.daemon.inspect("worker:v2", "{{json .Id}}") == image
    assert cli("run", "--rm", "worker:v2").out == "new\n"
    assert cli("run", "--rm", "worker:v2", "sh", "-c", "echo $A$B; ls /etc").out.split() == ["12", *sorted(["group", "hostname", "hosts", "mtab", "new", "passwd", "resolv.conf"])]
    shown = cli.daemon.inspect("worker:v2")
    assert (shown["Author"], shown["Comment"], shown["Parent"]) == ("me", "with news", cli.daemon.inspect("busybox", "{{json .Id}}"))
    config, layers = config_of(cli.daemon, "worker:v2")
    assert len(layers) == 2 and config["history"][-1]["created_by"].startswith("sh -c echo new") and "empty_layer" not in config["history"][-1]
    with tarfile.open(fileobj=io.BytesIO(layers[1])) as tar:
        assert sorted(tar.getnames()) == ["etc", "etc/.wh.motd", "etc/new"]
    assert cli("history", "--format", "{{.Comment}}", "worker:v2").lines[0] == "with news"
    cli("rm", "worker")
    cli("rmi", "worker:v2")
    assert not dataroot.problems(cli.daemon)


def test_commit_of_nothing_adds_no_layer(cli):
    cli("create", "--name", "idle", "busybox")
    cli("commit", "idle", "idle:v1")
    config, layers = config_of(cli.daemon, "idle:v1")
    assert len(layers) == 1 and config["history"][-1]["empty_layer"]
    cli("rm", "idle")
    cli("rmi", "idle:v1")


def test_commit_of_a_running_container(cli):
    """It goes on running; the image has what it wrote so far, and outlives it."""
    cli("run", "-d", "--name", "runner", "busybox", "sh", "-c", "echo one >/one; touch /ready; sleep 1000")
    conftest.clients.eventually(lambda: cli("exec", "runner", "test", "-e", "/ready", check=False).code == 0)
    cli("commit", "runner", "runner:v1")
    assert cli.daemon.inspect("runner", "{{.State.Running}}") is True
    cli("exec", "runner", "sh", "-c", "echo two >/two")
    cli("rm", "-f", "runner")
    assert cli("run", "--rm", "runner:v1", "sh", "-c", "cat /one; ls /two", check=False).out == "one\n"
    cli("rmi", "runner:v1")


@pytest.mark.parametrize("arguments, words", [(["nosuch", "x:v1"], "nosuch"), (["worker", "Not:A:Name"], "invalid reference format"), (["-c", "FROM x", "worker", "x:v1"], "FROM")])
def test_commit_of_bad_input(cli, arguments, words):
    """Docker's messages; no image, no layer."""
    cli("create", "--name", "worker", "busybox")
    before = cli.daemon.image_ids()
    refused = cli("commit", *arguments, check=False)
    assert refused.code == 1 and words in refused.both
    assert cli.daemon.image_ids() == before
    cli("rm", "worker")
    assert not dataroot.problems(cli.daemon)


def test_every_driver_makes_the_same_layers(make_daemon, busybox_tar):
    """Load, run, write, commit, save: the same digests from each of them."""
    digests, said = {}, {}
    for driver in conftest.DRIVERS:
        daemon = make_daemon(driver)
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("run", "--name", "worker", "--network", "none", "busybox", "sh", "-c", WORK)
        daemon.docker("commit", "worker", "worked")
        config, layers = config_of(daemon, "worked")
        digests[driver], said[driver] = config["rootfs"]["diff_ids"], members(layers[-1])
        assert daemon.docker("run", "--rm", "worked", "cat", "/srv/a/hard", "/home/user/f", "/etc/motd").out == "new\nagain\nwelcome\nmore\n"
    first = conftest.DRIVERS[0]
    for driver in conftest.DRIVERS:
        assert sorted(set(said[driver]) ^ set(said[first])) == [], f"{driver} or {first} alone says this"
        assert said[driver] == said[first]
        assert digests[driver] == digests[first]
