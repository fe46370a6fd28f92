"""Where varved listens as a service, who gets in, and what it tells the service manager."""
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess

import pytest

import certificates
import engine as engines
import figures

ADDRESS = re.compile(r"API listen on (127\.0\.0\.1|\[::1\]):(\d+)")


@pytest.fixture(scope="module")
def made(place):
    """Certificates: ours, and those of an authority that nobody here knows."""
    folder = place / "certificates"
    return certificates.make(folder / "ours"), certificates.make(folder / "others")


def address(daemon, which=0):
    """Where the daemon listens on TCP: the port was the kernel's choice."""
    return "{}:{}".format(*ADDRESS.findall(daemon.logfile.read_text())[which])


@pytest.fixture(scope="module")
def secured(make_module_daemon, made, busybox_tar):
    ours, _ = made
    files = ["--tlscacert", ours / "ca.pem", "--tlscert", ours / "server.pem", "--tlskey", ours / "server-key.pem"]
    daemon = make_module_daemon("vfs", arguments=["-H", "tcp://127.0.0.1:0", "--tlsverify", *map(str, files)])
    daemon.docker("load", "-i", busybox_tar)
    return daemon


def over_tls(daemon, folder, *args, ca=None, certificate="client.pem", check=True, **options):
    """The stock command over TCP, with what `folder` has."""
    words = ["docker", "-H", f"tcp://{address(daemon)}", "--tlsverify", "--tlscacert", ca or folder / "ca.pem"]
    # Without these the command looks in its own folder.
    words += ["--tlscert", folder / certificate, "--tlskey", folder / certificate.replace(".pem", "-key.pem")]
    result = engines.run([*words, *args], env={"DOCKER_CONFIG": str(daemon.place)}, **options)
    assert not check or result.code == 0, str(result)
    return result


class TestTLS:
    """The stock command, mutual TLS."""

    def test_commands(self, secured, made):
        ours, _ = made
        assert over_tls(secured, ours, "version", "-f", "{{.Server.APIVersion}}").out == "1.50\n"
        assert "busybox" in over_tls(secured, ours, "images").out

    def test_end_of_input_goes_through_and_the_answer_comes_back(self, secured, made):
        """The client shuts its side, and gets all that the container says after that."""
        ours, _ = made
        text = os.urandom(300_000).hex()
        ran = over_tls(secured, ours, "run", "--rm", "-i", "busybox", "sh", "-c", "wc -c; echo after", stdin=text.encode())
        assert ran.out == "600000\nafter\n"
        ran = over_tls(secured, ours, "run", "--rm", "-i", "busybox", "cat", stdin=text.encode())
        assert ran.out == text

    def test_large_output(self, secured, made):
        """More than all buffers hold, whole, from a container and from an exec."""
        ours, _ = made
        script = "head -c 30000000 /dev/zero | tr '\\0' x"
        assert len(over_tls(secured, ours, "run", "--rm", "busybox", "sh", "-c", script).out) == 30_000_000
        over_tls(secured, ours, "run", "-d", "--name", "execs", "busybox", "sleep", "600")
        try:
            assert len(over_tls(secured, ours, "exec", "execs", "sh", "-c", script).out) == 30_000_000
            assert over_tls(secured, ours, "exec", "-i", "execs", "cat", stdin=b"typed").out == "typed"
        finally:
            over_tls(secured, ours, "rm", "-f", "execs")

    def test_images_both_ways(self, secured, made, busybox_tar, tmp_path):
        ours, _ = made
        assert "Loaded image" in over_tls(secured, ours, "load", stdin=busybox_tar.read_bytes()).out
        over_tls(secured, ours, "save", "-o", tmp_path / "saved.tar", "busybox")
        assert (tmp_path / "saved.tar").stat().st_size > 100_000

    def test_client_of_another_authority(self, secured, made):
        """Its certificate is good for somebody else."""
        ours, others = made
        said = over_tls(secured, others, "ps", ca=ours / "ca.pem", check=False)
        assert said.code != 0 and "tls: " in said.both and "CONTAINER" not in said.out

    def test_daemon_of_another_authority(self, secured, made):
        ours, others = made
        said = over_tls(secured, ours, "ps", ca=others / "ca.pem", check=False)
        assert said.code != 0 and "certificate" in said.both

    def test_certificate_for_servers_is_no_clients(self, secured, made):
        ours, _ = made
        said = over_tls(secured, ours, "ps", certificate="server.pem", check=False)
        assert said.code != 0 and "tls: " in said.both

    def test_without_certificate(self, secured, made):
        """Not one byte of an answer, with TLS 1.2 as with 1.3."""
        ours, _ = made
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert ping(secured, ours, version, "client").startswith(b"HTTP/1.1 200 OK")
            assert ping(secured, ours, version, None) == b""

    def test_old_tls_is_refused(self, secured, made):
        ours, _ = made
        with pytest.raises((ssl.SSLError, ConnectionError)):
            dial(secured, ours, ssl.TLSVersion.TLSv1_1, "client").close()

    def test_plain_http_is_told_so(self, secured):
        said = engines.run(["docker", "-H", f"tcp://{address(secured)}", "ps"], env={"DOCKER_CONFIG": str(secured.place)})
        assert said.code != 0 and "HTTPS" in said.both

    def test_stuck_handshakes_hold_nobody_up(self, secured, made):
        """Those who say nothing, or half a greeting: others are served meanwhile, and they are sent away."""
        ours, _ = made
        host, port = address(secured).split(":")
        stuck = [socket.create_connection((host, int(port))) for _ in range(64)]
        for client in stuck[::2]:
            client.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert over_tls(secured, ours, "version", "-f", "{{.Server.Os}}", timeout=20).out == "linux\n"
        for client in stuck:
            client.settimeout(30 * engines.PATIENCE)
            with contextlib.suppress(ConnectionError):
                while client.recv(4096):
                    pass
            client.close()
        assert "TLS handshake failed" in secured.logfile.read_text()

    def test_too_many_handshakes_lock_nobody_out(self, secured, made):
        """The oldest go: who comes last is served, and one line says so."""
        ours, _ = made
        host, port = address(secured).split(":")
        with contextlib.ExitStack() as stack:
            stuck = [stack.enter_context(socket.create_connection((host, int(port))))]
            # Now that one was taken in: two threads take in what comes, in no order.
            assert over_tls(secured, ours, "version", "-f", "{{.Server.Os}}", timeout=20).out == "linux\n"
            stuck += [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(299)]
            assert over_tls(secured, ours, "version", "-f", "{{.Server.Os}}", timeout=20).out == "linux\n"
            stuck[0].settimeout(5 * engines.PATIENCE)
            assert stuck[0].recv(1) == b""
        assert secured.logfile.read_text().count("too many TLS handshakes at once") == 1


def ping(daemon, folder, version, certificate):
    """What comes back; nothing where the handshake fails, which with TLS 1.3 a client hears of when it reads."""
    try:
        with contextlib.closing(dial(daemon, folder, version, certificate)) as client:
            client.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return client.recv(4096)
    except (ssl.SSLError, ConnectionError):
        return b""


def dial(daemon, folder, version, certificate=None):
    host, port = address(daemon).split(":")
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = version
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}-key.pem")
    plain = socket.create_connection((host, int(port)), timeout=20 * engines.PATIENCE)
    return context.wrap_socket(plain, server_hostname="localhost")


class TestListening:
    def test_plain_tcp_on_loopback(self, make_daemon, busybox_tar):
        """Served, and warned of."""
        daemon = make_daemon("vfs", arguments=["-H", "tcp://127.0.0.1:0"])
        daemon.docker("load", "-i", busybox_tar)
        ran = engines.run(
            ["docker", "-H", f"tcp://{address(daemon)}", "run", "--rm", "-i", "busybox", "cat"], stdin=b"x" * 1_000_000
        )
        assert ran.out == "x" * 1_000_000, str(ran)
        assert "WARN" in daemon.logfile.read_text() and "--tlsverify" in daemon.logfile.read_text()

    @pytest.mark.parametrize("host", ["tcp://0.0.0.0:0", "tcp://[::]:0"])
    def test_plain_tcp_for_everybody_is_refused(self, make_daemon, host):
        said = refusal(make_daemon, ["-H", host])
        assert host.rsplit(":", 1)[0] in said and "--tlsverify" in said and "--allow-plain-tcp" in said

    def test_plain_tcp_for_everybody_if_asked_for(self, make_daemon):
        daemon = make_daemon("vfs", arguments=["-H", "tcp://0.0.0.0:0", "--allow-plain-tcp"])
        port = figures.wait_for("port", lambda: re.findall(r"API listen on 0\.0\.0\.0:(\d+)", daemon.logfile.read_text()))[0]
        assert engines.run(["docker", "-H", f"tcp://127.0.0.1:{port}", "ps", "-q"]).code == 0

    def test_certificates_that_are_not_there(self, make_daemon, tmp_path):
        said = refusal(make_daemon, ["-H", "tcp://127.0.0.1:0", "--tlsverify", "--tlscert", tmp_path / "none.pem"])
        assert str(tmp_path / "none.pem") in said and "--tlscert" in said

    def test_key_of_another_certificate(self, make_daemon, made):
        ours, others = made
        files = ["--tlscert", ours / "server.pem", "--tlskey", others / "server-key.pem"]
        assert "server-key.pem" in refusal(make_daemon, ["-H", "tcp://127.0.0.1:0", "--tls", *files])

    @pytest.mark.parametrize("host", ["tcp://127.0.0.1:99999", "ftp://x", "tcp://a:b:c", "npipe:////./pipe/x", ""])
    def test_no_address(self, make_daemon, host):
        said = refusal(make_daemon, ["-H", host])
        assert f"'{host}'" in said and "unix://" in said

    def test_port_in_use(self, make_daemon):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            said = refusal(make_daemon, ["-H", f"tcp://127.0.0.1:{port}"])
        assert f"127.0.0.1:{port}" in said and "in use" in said

    def test_sockets_passed_on(self, make_daemon, made, tmp_path):
        """A parent opens them, as systemd does; the file is the parent's and stays."""
        daemon = make_daemon("vfs", start=False, kind="varved")
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as unix, socket.create_server(("127.0.0.1", 0)) as tcp:
            unix.bind(str(daemon.socket))
            unix.listen()
            start_with(daemon, [unix, tcp], names="api:net")
            assert daemon.docker("ps", "-q").out == ""
            port = tcp.getsockname()[1]
            assert engines.run(["docker", "-H", f"tcp://127.0.0.1:{port}", "ps", "-q"]).code == 0
            daemon.stop()
            assert daemon.socket.exists()

    def test_no_sockets_were_passed_on(self, make_daemon):
        assert "socket activation" in refusal(make_daemon, ["-H", "fd://"])

    def test_a_socket_of_another_family_was_passed_on(self, make_daemon):
        """Nobody could say who gets there."""
        if not hasattr(socket, "AF_VSOCK"):
            pytest.skip("no vsock")
        daemon = make_daemon("vfs", start=False, kind="varved")
        try:
            other = socket.socket(socket.AF_VSOCK)
            other.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
            other.listen()
        except OSError:
            pytest.skip("this kernel has no vsock")
        with other:
            start_with(daemon, [other], names="api", until="neither UNIX nor TCP")
            assert daemon.process.wait(20 * engines.PATIENCE) == 1

    def test_service_manager_is_told(self, make_daemon):
        """READY when it serves, RELOADING and READY again at SIGHUP, STOPPING at its end; by file and abstract name."""
        for name in (None, f"\0varve-test-notify-{os.getpid()}"):
            daemon = make_daemon("vfs", start=False, kind="varved")
            path = name or str(daemon.place / "notify")
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
                manager.bind(path)
                manager.settimeout(20 * engines.PATIENCE)
                with environment(NOTIFY_SOCKET=path.replace("\0", "@")):
                    daemon.start()
                assert b"READY=1" in manager.recv(4096).split(b"\n")
                daemon.process.send_signal(signal.SIGHUP)
                assert b"RELOADING=1" in manager.recv(4096).split(b"\n")
                assert b"READY=1" in manager.recv(4096).split(b"\n")
                daemon.stop()
                assert b"STOPPING=1" in manager.recv(4096).split(b"\n")


def refusal(make_daemon, arguments, **options):
    """What a daemon says that does not start."""
    daemon = make_daemon("vfs", start=False, kind="varved", arguments=list(map(str, arguments)), **options)
    done = engines.run(daemon.argv(), timeout=20)
    assert done.code == 1 and not daemon.pidfile.exists() and not daemon.socket.exists(), done
    return done.both


@contextlib.contextmanager
def environment(**values):
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


def start_with(daemon, sockets, names, until="API listen on 127"):
    """Starts it with `fd://` and these sockets from descriptor 3 on."""
    given = daemon.argv
    argv = [word for word in given() if word not in ("-H", daemon.host)]
    script = f'export LISTEN_PID=$$ LISTEN_FDS={len(sockets)} LISTEN_FDNAMES={names}; exec "$@"'

    def dup():
        copies = [os.dup(one.fileno()) for one in sockets]
        high = [os.dup2(copy, 100 + place) for place, copy in enumerate(copies)]
        for place, number in enumerate(high):
            os.dup2(number, 3 + place, inheritable=True)
            os.close(number)

    started = ["sh", "-c", script, "sh", *argv, "-H", "fd://api", "-H", "fd://net"]
    with open(daemon.logfile, "ab") as log:
        daemon.process = subprocess.Popen(
            started, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=dup, close_fds=False
        )
    figures.wait_for("start", lambda: until in daemon.logfile.read_text())
