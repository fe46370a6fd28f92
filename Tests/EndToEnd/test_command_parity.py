"""`varve` beside `docker`: the same verbs and flags, and the same words about the same daemon."""
import json
import re
import time

import pytest

import engine as engines

ONE_DRIVER = True

LISTINGS = [
    ["ps"], ["ps", "-a"], ["ps", "-aq"], ["ps", "-aq", "--no-trunc"], ["ps", "-as"], ["ps", "-a", "--no-trunc"], ["ps", "-l"], ["ps", "-an2"],
    ["ps", "-a", "--format", "json"], ["ps", "-a", "--format", "raw"], ["ps", "-a", "--format", "{{json .}}"], ["container", "ls", "-a"],
    ["container", "list", "-q"], ["container", "ps", "--all"], ["ps", "-f", "name=first", "-f", "status=running"],
    ["images"], ["images", "--format", "json"], ["images", "--digests"], ["images", "-q"], ["images", "--no-trunc"], ["images", "--format", "raw"],
    ["image", "ls"], ["image", "list", "-aq"],
    ["volume", "ls"], ["volume", "list", "-q"], ["volume", "ls", "--format", "json"], ["volume", "ls", "-f", "label=kept"],
    ["network", "ls"], ["network", "list", "-q"], ["network", "ls", "--no-trunc"], ["network", "ls", "--format", "json"],
    ["history", "busybox"], ["history", "--format", "json", "busybox"], ["history", "-q", "busybox"], ["history", "-H=false", "busybox"],
    ["history", "--no-trunc", "busybox"], ["image", "history", "busybox"],
    ["system", "df"], ["system", "df", "-v"], ["system", "df", "--format", "json"], ["system", "df", "-v", "--format", "json"],
    ["top", "first"], ["diff", "second"], ["port", "first"], ["events", "--since", "1h", "--until", "0s"], ["search", "127.0.0.1:1/nothing"],
    ["events", "--since", "1h", "--until", "0s", "--format", "{{.Type}} {{.Action}} {{.Actor.Attributes.name}}"],
    ["stats", "--no-stream", "second"], ["stats", "--no-stream", "--format", "json", "second"],
]

TEMPLATES = [
    (["ps", "-a"], "{{.ID}}: {{.Names}}"), (["ps", "-a"], r"{{.Names}}\t{{.Image}}\t{{.Label `kind`}}\nnext"),
    (["ps", "-a"], "table {{.Names}}\t{{.Label \"com.example.some-kind\"}}\t{{upper .Image}}\t{{.CreatedAt}}\t{{.Mounts}}"),
    (["ps", "-a"], "table {{.ID}}"), (["ps"], "{{range split .Image \"o\"}}[{{.}}]{{end}}{{pad .Names 2 3}}|{{truncate .ID 4}}{{title .Image}}{{len .ID}}"),
    (["ps", "-a"], "{{if eq .State \"running\"}}up{{else if ne .State \"created\"}}gone{{else}}new{{end}} {{printf \"%-10s|%8s|%q\" .Names .State .ID}}"),
    (["images"], "table {{.Repository}}:{{.Tag}}\t{{.Size}}"), (["images"], "{{.ID}} {{.CreatedSince}} {{lower .Repository}} {{.Digest}}"),
    (["volume", "ls"], "{{.Name}} {{.Label \"kept\"}} {{.Labels}} {{.Mountpoint}}"), (["network", "ls"], "{{.Name}}={{.Driver}} {{.IPv6}} {{.Internal}}"),
    (["system", "df"], "table {{.Type}}\t{{.Reclaimable}}"), (["system", "df"], "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}"),
    (["info"], "{{.Name}} {{.ServerVersion}} {{.DriverStatus}} {{range .DriverStatus}}{{index . 0}}={{index . 1}};{{end}}{{.Swarm.LocalNodeState}}"),
    (["version"], "{{.Server.Version}} {{.Server.APIVersion}} {{range .Server.Components}}{{.Name}} {{end}}"),
    (["inspect", "first"], "{{.Id}} {{.Name}} {{.State.Running}} {{.State.Pid}} {{.Config.Cmd}} {{json .Config.Cmd}} {{.HostConfig.Binds}}"),
    (["inspect", "first"], "{{.Config.ExposedPorts}} {{.HostConfig.Init}} {{.Config.Labels}} {{.Config.Entrypoint}} {{json .Config.Entrypoint}} {{.HostConfig.CapAdd}}"),
    (["inspect", "first"], "{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}{{index .Config.Labels \"kind\"}} {{.Config.Labels.none}}"),
    (["inspect", "first"], "{{range .Mounts}}{{.Source}}:{{.Destination}}{{end}} {{(index .Mounts 0).Name}} {{len .Mounts}} {{json .Mounts}}"),
    (["inspect", "first"], "{{with .State}}{{.Status}}{{end}} {{if .State.Health}}h{{else if .State.Running}}r{{else}}n{{end}} {{join .Config.Cmd \",\"}}"),
    (["inspect", "first"], "{{range $i, $e := .Args}}{{if $i}}, {{end}}{{$e}}{{end}} {{- /* nothing */ -}} !{{println \"a\" 1}}{{slice .Id 0 12}}"),
    (["inspect", "first"], "{{$n := .Name}}{{range .Args}}{{$n}}-{{.}} {{end}}{{and .Name 1}} {{or \"\" \"z\"}} {{not true}} {{gt 2 1}} {{.HostConfig.PidsLimit}}"),
    (["inspect", "first"], "{{if or .Name (index .Mounts 9)}}a{{end}}{{if and false (index .Mounts 9)}}b{{end}}{{and 1 2}} {{or 0 \"\" 3}} {{0 | or 0}} {{2 | and 1}}"),
    (["inspect", "first"], "{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}{{range .Args}}{{$x := .}}{{$x}}{{end}}{{$x}}{{with .Name}}{{$x = 4}}{{end}}{{$x}}{{$x := 5}}{{$x}}"),
    (["inspect", "first", "second"], "{{.Name}}\t{{.Created}} {{.RestartCount}} {{.HostConfig.RestartPolicy.Name}} {{json .State.Running}}"),
    (["inspect", "busybox"], "{{.RepoTags}} {{.Os}}/{{.Architecture}} {{.RootFS.Layers}} {{.Config.Env}} {{.Size}} {{index .RepoTags 0}}"),
    (["volume", "inspect", "kept"], "{{.Name}} {{.Labels.kept}} {{json .Labels}} {{.Scope}}"), (["network", "inspect", "host", "none"], "{{.Name}} {{.Driver}} {{json .Labels}}"),
    (["image", "inspect", "busybox"], "{{.Id}}"), (["container", "inspect", "first"], "{{.State.Status}}"), (["history", "busybox"], "{{.ID}} {{.Size}} {{.CreatedBy}}"),
]


@pytest.fixture(scope="module")
def daemon(shared):
    """A daemon that has something of each kind."""
    shared.docker("volume", "create", "--label", "kept=yes", "kept")
    shared.docker("run", "-d", "--name", "first", "--label", "kind=a<b", "-v", "kept:/data", "--network", "none", "busybox", "sleep", "1000")
    shared.docker("run", "--name", "second", "--label", "com.example.some-kind=x", "--network", "none", "busybox", "sh", "-c", "echo \"a\tb\" >/made && false", check=False)
    shared.docker("create", "--name", "third", "--network", "none", "busybox", "echo", "ä" * 30)
    return shared


def alike(daemon, arguments):
    """Both say the same and end alike; what has a clock in it may be asked again when the clock moved on."""
    for _ in range(20):
        theirs, ours = daemon.docker(*arguments, check=False), daemon.varve(*arguments, check=False)
        if (theirs.out, theirs.code) == (ours.out, ours.code):
            return
        time.sleep(0.1)     # docker rounds 0s down to a whole second, varve does not
    assert ours.out.splitlines() == theirs.out.splitlines(), ours
    assert (ours.out, ours.code) == (theirs.out, theirs.code), ours


@pytest.mark.parametrize("arguments", LISTINGS, ids=" ".join)
def test_listing(daemon, arguments):
    alike(daemon, arguments)


def test_prune_of_volumes_by_time(daemon):
    """Refused before anything is asked or removed."""
    arguments = ["system", "prune", "--volumes", "--filter", "until=1h"]
    alike(daemon, arguments)
    assert 'ERROR: The "until" filter is not supported with "--volumes"' in daemon.varve(*arguments, check=False).both


@pytest.mark.parametrize("arguments,template", TEMPLATES, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_template(daemon, arguments, template):
    alike(daemon, [*arguments, "--format", template])


@pytest.mark.parametrize(
    "arguments",
    [["inspect", "first"], ["inspect", "first", "second"], ["inspect", "busybox"], ["inspect", "kept", "host"], ["inspect", "none-such"],
     ["inspect", "--type", "container", "first"], ["inspect", "--type", "volume", "first"], ["inspect", "-s", "second"], ["container", "inspect", "third"],
     ["image", "inspect", "busybox", "none-such"], ["network", "inspect", "host"], ["network", "inspect", "none-such"], ["volume", "inspect", "kept"]],
    ids=" ".join,
)
def test_inspect(daemon, arguments):
    """The same objects; a field that the daemon left out the stock command may show as null."""
    full = lambda value: {k: full(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value
    theirs, ours = daemon.docker(*arguments, check=False), daemon.varve(*arguments, check=False)
    assert [full(o) for o in json.loads(ours.out)] == [full(o) for o in json.loads(theirs.out)] and ours.code == theirs.code
    assert ours.err.strip() == theirs.err.strip()


def test_info_and_version(daemon):
    """What they say of the daemon; of themselves each says its own."""
    for verb in ("info", "version"):
        ours, theirs = (re.split(r"^Server:", run(verb).out, flags=re.M)[1] for run in (daemon.varve, daemon.docker))
        # docker names the runtimes in another order each time.
        ours, theirs = (re.sub(r"(?<=Runtimes:)(.*)", lambda names: " ".join(sorted(names[1].split())), text) for text in (ours, theirs))
        assert ours == theirs


FLAGS = [
    ["-itd"], ["-eA=b", "-e", "C=-d", "-w/tmp", "-u1000:1000"], ["--rm=false", "-i=true"], ["-v/tmp:/x:ro", "--tmpfs", "/y:size=1m", "-l", "a=b"],
    ["--health-cmd", "true", "--health-interval", "1m30s"], ["--stop-signal=INT", "--stop-timeout", "5", "--restart", "on-failure:3"],
    ["--cap-add", "NET_ADMIN", "--cap-drop=ALL", "--security-opt", "no-new-privileges"], ["--ulimit", "nofile=10:20", "--shm-size", "32m"],
    ["--entrypoint", "", "--hostname", "h"], ["--add-host", "a=1.2.3.4", "--dns", "1.1.1.1", "--dns-search", "x.y", "--dns-option", "ndots:2"],
    ["--annotation", "a=b", "--oom-score-adj", "-5", "--cgroup-parent", "/p"], ["--mount", "type=tmpfs,dst=/z,tmpfs-size=1m", "--init"],
]


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_flags_of_create(daemon, flags):
    """A container made by one command is as one made by the other."""
    made = []
    for run, name in ((daemon.docker, "theirs"), (daemon.varve, "ours")):
        verb = ["run"] if "-itd" in flags else ["create"]
        run(*verb, "--name", name, "--network", "none", *(["-h", "h"] if "--hostname" not in flags else []), *flags, "busybox", "sleep", "1000")
        found = json.loads(daemon.docker("inspect", name).out)[0]
        daemon.docker("rm", "-f", name)
        # The terminal's size is the terminal's: there is none here, and they say so differently.
        found["HostConfig"].pop("ConsoleSize", None)
        # The stock command shuffles variables.
        found["Config"]["Env"].sort()
        made.append({key: found[key] for key in ("Path", "Args", "Config", "HostConfig")})
    theirs, ours = made
    empty = lambda value: {k: empty(v) for k, v in value.items() if v not in (None, [], {}, "", 0, False)} if isinstance(value, dict) else value
    assert empty(ours) == empty(theirs)


HELP = [
    *([verb] for verb in ["run", "attach", "commit", "cp", "create", "diff", "events", "exec", "export", "history", "images", "import", "info", "inspect", "kill",
      "load", "login", "logout", "logs", "pause", "port", "ps", "pull", "push", "rename", "restart", "rm", "rmi", "save", "search", "start", "stats", "stop",
      "tag", "top", "unpause", "update", "version", "wait"]),
    *(["container", verb] for verb in ["attach", "commit", "create", "diff", "exec", "export", "inspect", "kill", "logs", "ls", "list", "ps", "pause", "port",
      "prune", "rename", "restart", "rm", "remove", "run", "start", "stats", "stop", "top", "unpause", "update", "wait"]),
    *(["image", verb] for verb in ["history", "import", "inspect", "load", "ls", "list", "prune", "pull", "push", "rm", "remove", "save", "tag"]),
    *(["network", verb] for verb in ["connect", "create", "disconnect", "inspect", "ls", "list", "prune", "rm", "remove"]),
    *(["volume", verb] for verb in ["create", "inspect", "ls", "list", "prune", "rm", "remove"]), *(["system", verb] for verb in ["df", "events", "info", "prune"]),
]

# Swarm's, Windows's, checkpoints, what only looks at signatures, and what mounts the API into the container.
NOT_OURS = {
    "--availability", "--group", "--limit-bytes", "--required-bytes", "--scope", "--secret", "--sharing", "--topology-preferred", "--topology-required",
    "--type", "--cluster", "--cpu-count", "--cpu-percent", "--io-maxbandwidth", "--io-maxiops", "--checkpoint", "--checkpoint-dir",
    "--disable-content-trust", "--use-api-socket", "--tree",
}


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_every_flag_of_docker_is_there(words):
    """By its long and its short name; and each verb shows an example."""
    flags = lambda text: set(re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)", "\n".join(line[:40] for line in text.splitlines() if line.lstrip().startswith("-"))))
    theirs = engines.run(["docker", *words, "--help"])
    ours = engines.run([engines.BIN / "varve", *words, "--help"])
    assert ours.code == 0 and re.search(r"Examples?:\s+(.*\| )?.*varve ", ours.out), ours
    missing = flags(theirs.out) - flags(ours.out) - (NOT_OURS if words != ["inspect"] and words != ["network", "create"] else set())
    assert not missing, f"{' '.join(words)}: {missing}"


@pytest.mark.parametrize("typed,meant", [("pss", "ps"), ("imgaes", "images"), ("container lss", "ls"), ("netwrok", "network"), ("volume creat", "create")])
def test_unknown_verbs_suggest_one(typed, meant):
    result = engines.run([engines.BIN / "varve", *typed.split()])
    assert result.code == 1 and f"did you mean '{meant}'?" in result.err and "--help" in result.err, result


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:2375", "ssh://somewhere"])
def test_hosts_elsewhere_are_refused_with_a_way(host):
    result = engines.run([engines.BIN / "varve", "-H", host, "ps"])
    assert result.code == 1 and host in result.err and "ssh -L" in result.err, result
