"""`varve completion`: the scripts load in real shells, and complete verbs, flags and names."""
import shutil
import subprocess
import time

import pytest

import clients
import engine as engines

ONE_DRIVER = True

VARVE = engines.BIN / "varve"


@pytest.fixture(scope="module")
def daemon(shared):
    shared.docker("volume", "create", "completed-volume")
    shared.docker("tag", "busybox", "localhost:5000/completed:v1")
    shared.docker("run", "-d", "--name", "completed-runs", "--network", "none", "busybox", "sleep", "1000")
    shared.docker("create", "--name", "completed-rests", "--network", "none", "busybox", "true")
    return shared


def bash(daemon, line):
    """What bash would offer for `line`, by the function that the script defines."""
    script = """
        source <("$VARVE" completion bash) || exit 9
        complete -p varve >/dev/null || exit 8
        compopt() { :; }
        COMP_LINE=$LINE COMP_POINT=${#LINE}
        # As readline breaks words: `:` and `=` are words of their own.
        COMP_WORDS=($(sed -E 's/([:=]+)/ \\1 /g' <<<"$LINE")); [[ $LINE == *[\\ :=] ]] && COMP_WORDS+=("")
        COMP_WORDS[0]=$VARVE COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _varve
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    environment = {"VARVE": str(VARVE), "LINE": line, "DOCKER_HOST": daemon.host if daemon else "unix:///nosuch/socket"}
    result = engines.run(["bash", "--norc", "-c", script], env=environment, timeout=20)
    assert result.code == 0 and not result.err, result
    return [word for word in result.lines if word]


@pytest.mark.parametrize(
    "line,offered",
    [("varve ima", ["image", "images"]), ("varve container pr", ["prune"]), ("varve network con", ["connect"]), ("varve run --pub", ["--publish", "--publish-all"]),
     ("varve ps --no-t", ["--no-trunc"]), ("varve --ho", ["--host"]), ("varve run --pull ", ["always", "missing", "never"]), ("varve run --pull=nev", ["never"]),
     ("varve completion ", ["bash", "fish", "zsh"]), ("varve nosuch ", []), ("varve ps --filter stat", ["status="])],
)
def test_verbs_and_flags_in_bash(line, offered):
    """Also without a daemon."""
    assert sorted(bash(None, line)) == offered


@pytest.mark.parametrize(
    "line,offered",
    [("varve rm comp", ["completed-rests", "completed-runs"]), ("varve stop comp", ["completed-runs"]), ("varve start comp", ["completed-rests"]),
     ("varve exec -it comp", ["completed-runs"]), ("varve container rm -f completed-re", ["completed-rests"]), ("varve volume rm comp", ["completed-volume"]),
     ("varve run -it --rm busy", ["busybox:latest"]), ("varve rmi busybox:l", ["latest"]), ("varve rmi localhost:5000/comp", ["5000/completed:v1"]),
     ("varve run --network ho", ["host"]), ("varve run -v comp", ["completed-volume:"]), ("varve inspect completed-v", ["completed-volume"]),
     ("varve inspect --type image comp", []), ("varve network inspect no", ["none"]), ("varve logs completed-runs ", [])],
)
def test_names_in_bash(daemon, line, offered):
    assert sorted(bash(daemon, line)) == offered


def test_names_in_an_interactive_bash(daemon):
    """Typed, with the tabulator key."""
    import pexpect

    environment = {"PATH": f"{VARVE.parent}:/usr/bin:/bin", "DOCKER_HOST": daemon.host, "TERM": "dumb", "PS1": "> ", "HOME": "/nonexistent"}
    child = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], env=environment, timeout=15 * engines.PATIENCE, encoding="utf-8")
    child.expect("> ")
    child.sendline("bind 'set enable-bracketed-paste off'; source <(varve completion bash); echo loa''ded")
    child.expect("loaded")
    child.send("varve stop completed-r\t")
    child.expect("completed-runs ")
    child.send("\x03")
    child.close(force=True)


def test_an_unreachable_daemon_is_silent_and_quick():
    begun = time.monotonic()
    result = engines.run([VARVE, "__complete", "--", "rm", "x"], env={"DOCKER_HOST": "unix:///nosuch/socket"})
    assert (result.code, result.out, result.err) == (0, "words\n", "") and time.monotonic() - begun < 2 * engines.PATIENCE


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_valid(shell, place):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    script = place / f"completion.{shell}"
    script.write_text(engines.run([VARVE, "completion", shell]).out)
    checked = engines.run([shell, "-n", script])
    assert checked.code == 0 and not checked.both, checked


def test_fish_completes(daemon):
    if not shutil.which("fish"):
        pytest.skip("no fish here")
    script = "varve completion fish | source; complete -C 'varve stop comp'; complete -C 'varve ima'; complete -C 'varve run --pub'"
    environment = {"PATH": f"{VARVE.parent}:/usr/bin:/bin", "DOCKER_HOST": daemon.host, "HOME": str(daemon.place)}
    result = engines.run(["fish", "-c", script], env=environment)
    words = [line.split("\t")[0] for line in result.lines]
    assert {"completed-runs", "image", "images", "--publish"} <= set(words) and "completed-rests" not in words, result


def test_zsh_completes(daemon):
    """In a zsh on a terminal: its completion has no other way to be asked."""
    if not shutil.which("zsh"):
        pytest.skip("no zsh here")
    import pexpect

    environment = {"PATH": f"{VARVE.parent}:/usr/bin:/bin", "DOCKER_HOST": daemon.host, "TERM": "dumb", "HOME": "/nonexistent"}
    child = pexpect.spawn("zsh", ["-f", "-i"], env=environment, timeout=15 * engines.PATIENCE, encoding="utf-8")
    child.sendline("PS1='ready> '; autoload -Uz compinit && compinit -u -D; source <(varve completion zsh); echo loa''ded")
    child.expect("loaded")
    child.expect("ready> ")
    child.send("varve stop completed-r\t")
    child.expect("completed-runs ")
    child.send("\x03")
    child.expect("ready> ")
    child.send("varve pus\t")
    child.expect("push ")
    child.close(force=True)
