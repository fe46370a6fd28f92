"""Images by registry: fetched whole or not at all, once, and from where they were cut."""
import contextlib
import os
import random
import signal
import subprocess
import time

import docker
import pytest

import clients
import registry as registries
from pulls import app, driver, left, proxy, registry, through  # noqa: F401 fixtures

INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def tidy(cli):
    """The clients; afterwards only busybox is left, and no half download."""
    yield cli
    daemon = cli.daemon
    daemon.remove_containers()
    for line in daemon.docker("images", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").lines:
        name, image = line.split()
        if name != "busybox:latest":
            daemon.docker("rmi", "-f", image if "<none>" in name else name)
    assert not left(daemon)


def test_there_and_back(tidy, registry, app):
    """What was pushed is pulled the same, by its tag and by its digest, and a second time nothing moves."""
    name, image = app
    said = tidy("pull", name)
    assert f"Downloaded newer image for {name}" in said.out and name in said.lines[-1]
    assert tidy.daemon.inspect(name, "{{json .Id}}") == image
    digest = registry.manifest("team/app", "v1")[1]
    assert tidy.daemon.inspect(name, "{{json .RepoDigests}}") == [f"{registry.host}/team/app@{digest}"]
    assert f"Image is up to date for {name}" in tidy("pull", name).out
    assert tidy("run", "--rm", name).out == "top\n"
    tidy("rmi", name)
    by_digest = f"{registry.host}/team/app@{digest}"
    assert f"Digest: {digest}" in tidy("pull", by_digest).out
    assert tidy.daemon.docker("images", "-q", "--no-trunc").lines.count(image) == 1
    assert tidy.daemon.docker("images", "--format", "{{.Tag}}", f"{registry.host}/team/app").lines in (["<none>"], [])


def test_run_pulls_what_is_missing(tidy, app):
    name, _ = app
    said = tidy("run", "--rm", name)
    assert said.out == "top\n" and f"Unable to find image '{name}' locally" in said.err
    failed = tidy("run", "--rm", "--pull", "never", name.replace(":v1", ":v2"), check=False)
    assert failed.code == 125


def test_all_tags(tidy, proxy, registry, app):
    """All tags of a repository, each with what it stands for, from a list in two pages."""
    path = f"team/all-{tidy.command.rsplit('/')[-1]}-{tidy.daemon.driver}"
    names = {tag: f"{registry.host}/{path}:{tag}" for tag in ("one", "two", "three")}
    tidy("pull", app[0])
    for tag, name in names.items():
        tidy("tag", app[0] if tag != "two" else "busybox", name)
        tidy("push", name)
    images = {tag: tidy.daemon.inspect(name, "{{json .Id}}") for tag, name in names.items()}
    assert "can't be used with --all-tags" in tidy("pull", "-a", names["one"], check=False).err
    tidy("rmi", *names.values())
    began = time.time()
    said = tidy("pull", "-a", f"{registry.host}/{path}")
    assert said.out.count("Digest: sha256:") == 3, said
    assert f"Downloaded newer image for {registry.host}/{path}" in said.out, said
    assert {tag: tidy.daemon.inspect(name, "{{json .Id}}") for tag, name in names.items()} == images
    told = tidy.daemon.docker("events", "--since", f"{began:.6f}", "--until", f"{time.time():.6f}", "--filter", "event=pull",
                              "--format", "{{.Actor.ID}}").lines
    assert told == [names[tag] for tag in sorted(names)]
    tidy("rmi", *names.values())

    first = registries.times(1, ("answer", {"Link": f'<http://127.0.0.1:1/v2/{path}/tags/list?n=1&last=one>; rel="next"'},
                                 b'{"tags": ["one"]}'), lambda handler: "tags/list" in handler.path)
    second = registries.times(1, ("answer", {}, b'{"tags": ["two"]}'), lambda handler: "last=one" in handler.path)
    proxy.rules[:] = [first, second]
    tidy("pull", "-a", f"{proxy.host}/{path}")
    assert sorted(tidy.daemon.docker("images", "--format", "{{.Tag}}", f"{proxy.host}/{path}").lines) == ["one", "two"]


@pytest.mark.parametrize("answer, words", [
    (("answer", {}, b'{"tags": ["../../x"]}'), "which is none"),
    (("answer", {"Link": '</x?last=a>; rel="next"'}, b'{"tags": ["v1"]}'), "does not end"),
    (("answer", {}, b"<html>"), "no list of tags"),
    (("status", 404), "not found"),
], ids=["hostile", "endless", "garbage", "missing"])
def test_lists_of_tags_that_are_wrong(tidy, proxy, app, answer, words):
    proxy.rules[:] = [registries.always(answer, lambda handler: "tags/list" in handler.path)]
    failed = tidy("pull", "-a", f"{proxy.host}/team/app", check=False)
    assert failed.code == 1 and words in failed.err, failed
    assert tidy.daemon.docker("images", "-q", f"{proxy.host}/team/app").out == ""


def test_push_sends_only_what_is_missing(tidy, proxy, registry, app):
    """A layer that the registry has, here or in another repository, is not sent again."""
    name, _ = app
    tidy("pull", name)
    path = f"team/other-{tidy.command.rsplit('/')[-1]}-{tidy.daemon.driver}"
    other = f"{registry.host}/{path}:v1"
    tidy("tag", name, other)
    said = tidy("push", other).out
    assert said.count("Mounted from team/app") >= 2 and "v1: digest: sha256:" in said, said
    again = tidy("push", other).out
    assert again.count("Layer already exists") == 3, again
    assert registry.manifest(path, "v1")[0]["config"] == registry.manifest("team/app", "v1")[0]["config"]
    missing = tidy("push", f"{registry.host}/team/none:v1", check=False)
    assert missing.code == 1 and "An image does not exist locally with the tag" in missing.err


def test_what_is_not_there(tidy, registry):
    for name, words in [
        (f"{registry.host}/team/none", "not found"), ("127.0.0.1:1/team/app", "127.0.0.1:1"),
        ("team/UPPER", "must be lowercase"),
    ]:
        failed = tidy("pull", name, check=False)
        assert failed.code == 1 and words in failed.err, failed


def test_docker_py(tidy, app):
    name, image = app
    client = docker.DockerClient(base_url=tidy.daemon.host, version="auto", timeout=60)
    pulled = client.images.pull(name)
    assert pulled.id == image and name in pulled.tags
    lines = list(client.images.push(name, stream=True, decode=True))
    assert lines[-1]["aux"]["Tag"] == "v1" and lines[-1]["aux"]["Digest"].startswith("sha256:")
    shown = client.images.get_registry_data(name)
    assert shown.id == lines[-1]["aux"]["Digest"] and shown.has_platform("linux/amd64")
    everything = client.images.pull(name.rsplit(":", 1)[0], all_tags=True)
    assert image in [one.id for one in everything]


def test_choice_of_platform(tidy, registry, app):
    """A list of manifests gives the image for this host, or for the platform that was asked for."""
    name, image = app
    manifest, digest = registry.manifest("team/app", "v1")
    size = len(registry.ask("GET", f"/v2/team/app/manifests/{digest}", headers={"Accept": manifest["mediaType"]}).body)
    entry = {"mediaType": manifest["mediaType"], "digest": digest, "size": size}
    unknown = {**entry, "platform": {"architecture": "unknown", "os": "unknown"}}
    registry.put_manifest("team/app", "list", {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        unknown, {**entry, "platform": {"architecture": "amd64", "os": "linux"}},
    ]}, INDEX)
    listed = name.replace(":v1", ":list")
    tidy("pull", listed)
    assert tidy.daemon.inspect(listed, "{{json .Id}}") == image
    failed = tidy("pull", "--platform", "linux/riscv64", listed, check=False)
    assert failed.code == 1 and "no matching manifest for linux/riscv64" in failed.err
    assert "does not match the specified platform" in tidy("pull", "--platform", "linux/arm64", name, check=False).err


def test_passwords(tidy, place, app):
    """Basic authentication: refused without, taken with; what one command keeps the other one finds."""
    # The registry knows bcrypt only.
    crypt = subprocess.run(
        ["python3", "-W", "ignore", "-c", "import crypt; print(crypt.crypt('secret', crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()
    server = registries.Registry(place / f"closed-{os.getpid()}-{tidy.command.rsplit('/')[-1]}-{tidy.daemon.name}", {"me": crypt})
    try:
        mine = f"{server.host}/me/app"
        # Of several layers, which are asked for at the same time, all of them refused at first.
        tidy("pull", app[0])
        tidy("tag", app[0], mine)
        assert "denied" in tidy("push", mine, check=False).err
        wrong = tidy("login", "-u", "me", "--password-stdin", server.host, stdin=b"wrong\n", check=False)
        assert wrong.code == 1 and "Succeeded" not in wrong.both
        assert "Login Succeeded" in tidy("login", "-u", "me", "--password-stdin", server.host, stdin=b"secret\n").out
        tidy("push", mine)
        tidy("rmi", mine)
        tidy.daemon.docker("pull", mine)
        tidy.daemon.varve("pull", mine)
        assert server.host in tidy("logout", server.host).out
        assert "denied" in tidy("push", mine, check=False).err
    finally:
        server.stop()


def test_tokens(tidy, proxy, app):
    """Token authentication, as Docker Hub's."""
    proxy.tokens = "tests-token"
    name = through(proxy, app)
    tidy("pull", name)
    assert [path for _, path, _ in proxy.requests if path.startswith("/token")]
    other = f"{proxy.host}/team/tokens-{tidy.command.rsplit('/')[-1]}-{tidy.daemon.driver}:v1"
    tidy("tag", name, other)
    assert "v1: digest: sha256:" in tidy("push", other).out


def test_shared_layers_are_fetched_once(engine, proxy, app):
    """Many pulls of one image at the same time share each download; all end well."""
    name = through(proxy, app)
    pulls = [engine.spawn("pull", name) for _ in range(16)]
    for pull in pulls:
        out, err = pull.communicate(timeout=120)
        assert pull.returncode == 0, (out, err)
    assert sorted(proxy.blobs()) == sorted(set(proxy.blobs())) or len(proxy.blobs()) - len(set(proxy.blobs())) <= 16
    fetched = [blob for blob in proxy.blobs() if blob in {layer["digest"] for layer in proxy.registry.manifest("team/app", "v1")[0]["layers"]}]
    assert len(fetched) == len(set(fetched)), fetched
    engine.docker("rmi", name)
    assert not left(engine)


@pytest.mark.parametrize("seed", range(4))
def test_goes_on_after_cuts(engine, proxy, app, seed):
    """A connection that breaks anywhere costs what was under way, and no more."""
    name = through(proxy, app)
    points = random.Random(seed)
    proxy.rules.append(registries.times(5, lambda: ("cut", points.randrange(1, 4 << 20))))
    engine.docker("pull", name)
    assert engine.docker("run", "--rm", name).out == "top\n"
    sizes = {layer["digest"]: layer["size"] for layer in proxy.registry.manifest("team/app", "v1")[0]["layers"]}
    twice = sum(count for path, count in proxy.sent.items() if path.rsplit("/", 1)[1] in sizes) - sum(sizes.values())
    assert twice <= 5 * registries.CHUNK, twice
    engine.docker("rmi", name)
    assert not left(engine)


def test_goes_on_after_a_kill_of_the_daemon(fresh, proxy, app):
    """What was fetched when the daemon was killed is not fetched again."""
    name = through(proxy, app)
    proxy.rules.append(registries.always(("stall", 0.02)))
    with contextlib.closing(fresh.spawn("pull", name).stdout):
        clients.eventually(lambda: sum(proxy.sent.values()) > 3 << 20, what="three megabytes")
        fresh.kill9()
    before = sum(proxy.sent.values())
    proxy.rules.clear()
    fresh.start()
    fresh.docker("pull", name)
    assert fresh.docker("run", "--rm", name).out == "top\n"
    ranges = [headers["Range"] for _, path, headers in proxy.requests if "Range" in headers]
    size = sum(layer["size"] for layer in proxy.registry.manifest("team/app", "v1")[0]["layers"])
    assert ranges and before > 3 << 20 and sum(proxy.sent.values()) < size + (2 << 20), (ranges, before, proxy.sent)
    assert not left(fresh)


def test_killed_at_twenty_points(fresh, proxy, app):
    """One pull, in which the daemon is killed again and again: each time it costs a chunk of what was under way, and no more."""
    name = through(proxy, app)
    # The lowest is busybox, which is there.
    sizes = {layer["digest"]: layer["size"] for layer in proxy.registry.manifest("team/app", "v1")[0]["layers"][1:]}
    proxy.rules.append(registries.always(("stall", 0.01)))
    fetched = lambda: sum(count for path, count in list(proxy.sent.items()) if path.rsplit("/", 1)[1] in sizes)
    choice = random.Random(20)
    # Two megabytes from the end at the latest: a kill that comes late still comes before the image does.
    points = sorted(choice.randrange(1 << 16, sum(sizes.values()) - (2 << 20)) for _ in range(20))
    for number, point in enumerate(points):
        pull = fresh.spawn("pull", name)
        clients.eventually(lambda point=point: fetched() >= point, what=f"{point} bytes")
        fresh.kill9()
        # To its end: who is slow to connect would ask the next daemon.
        pull.communicate()
        fresh.start()
        assert not fresh.docker("images", "-q", name).out, f"the image is there after {number + 1} kills"
    fresh.docker("pull", name)
    assert fresh.docker("run", "--rm", name).out == "top\n"
    twice = fetched() - sum(sizes.values())
    print(f"fetched twice at 20 kills: {twice} bytes of {sum(sizes.values())}")
    assert 0 <= twice <= 20 * registries.CHUNK, twice
    assert not left(fresh)


def test_a_client_that_goes_ends_its_pull(engine, proxy, app):
    """Nobody waits for the image any more, so nothing more of it is fetched; what came stays for the next time."""
    name = through(proxy, app)
    proxy.rules.append(registries.always(("stall", 0.05)))
    pull = engine.spawn("pull", name)
    clients.eventually(lambda: sum(proxy.sent.values()) > 1 << 20, what="a megabyte")
    pull.send_signal(signal.SIGKILL)
    pull.communicate()

    def stands_still():
        before = sum(proxy.sent.values())
        time.sleep(1)
        return sum(proxy.sent.values()) == before

    clients.eventually(stands_still, what="the end of the fetching")
    assert sum(proxy.sent.values()) < 4 << 20, "it was fetched on"
    assert not engine.docker("images", "-q", name).out and not list((engine.data_root / "tmp").iterdir())
    proxy.rules.clear()
    engine.docker("pull", name)
    engine.docker("rmi", name)
    assert not left(engine)
