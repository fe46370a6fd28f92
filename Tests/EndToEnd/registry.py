"""Debian's docker-registry on loopback, and a proxy before it that does what networks and servers do wrong."""
import collections
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import re
import socket
import socketserver
import subprocess
import threading
import time
import urllib.parse

CHUNK = 1 << 16


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Registry:
    """docker-registry with a store of its own; `users` are asked for a password."""

    def __init__(self, folder, users=None):
        folder.mkdir(parents=True)
        self.folder, self.port = folder, free_port()
        lines = [
            "version: 0.1", "log: {level: error, accesslog: {disabled: true}}",
            f"storage: {{filesystem: {{rootdirectory: {folder}/store}}, delete: {{enabled: true}}}}",
            f"http: {{addr: '127.0.0.1:{self.port}'}}",
        ]
        if users:
            (folder / "users").write_text("".join(f"{name}:{secret}\n" for name, secret in users.items()))
            lines.append(f"auth: {{htpasswd: {{realm: tests, path: {folder}/users}}}}")
        (folder / "config.yml").write_text("\n".join(lines) + "\n")
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            ["docker-registry", "serve", folder / "config.yml"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + 20
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                self.log.close()
                raise AssertionError(f"the registry does not answer\n{(folder / 'log').read_text()}")
            time.sleep(0.02)

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def answers(self):
        with contextlib.suppress(OSError):
            return self.ask("GET", "/v2/").status in (200, 401)

    def ask(self, method, path, body=None, headers=None):
        """One request, past all proxies."""
        with contextlib.closing(http.client.HTTPConnection(self.host, timeout=20)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def manifest(self, name, tag):
        accept = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json"
        answer = self.ask("GET", f"/v2/{name}/manifests/{tag}", headers={"Accept": accept})
        assert answer.status == 200, answer
        return json.loads(answer.body), "sha256:" + hashlib.sha256(answer.body).hexdigest()

    def put_manifest(self, name, tag, value, kind):
        answer = self.ask("PUT", f"/v2/{name}/manifests/{tag}", json.dumps(value), {"Content-Type": kind})
        assert answer.status == 201, answer
        return answer.headers["Docker-Content-Digest"]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


Answer = collections.namedtuple("Answer", "status headers body")


class Proxy:
    """Passes requests on to a registry. What goes wrong is said by `rules`: functions of a request that give None, or what
    is to be done: ("status", 503, {headers}), ("cut", bytes), ("corrupt", at), ("stall", seconds), ("no-ranges",),
    ("short",), ("garbage",), ("answer", {headers}, body)."""

    def __init__(self, registry):
        self.registry, self.rules = registry, []
        self.requests, self.sent = [], collections.Counter()
        self.tokens = None                  # a secret: who has no token with it is sent to /token
        self.lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler):
        path = handler.path
        with self.lock:
            self.requests.append((handler.command, path, dict(handler.headers)))
        if path.startswith("/token"):
            return self.give_token(handler)
        if self.tokens and handler.headers.get("Authorization") != f"Bearer {self.tokens}":
            scope = re.match(r"/v2/(.+)/(manifests|blobs)/", path)
            challenge = f'Bearer realm="http://{self.host}/token",service="tests"'
            challenge += f',scope="repository:{scope[1]}:pull"' if scope else ""
            return self.refuse(handler, 401, {"WWW-Authenticate": challenge})
        for rule in self.rules:
            if wrong := rule(handler):
                return self.go_wrong(handler, *wrong)
        return self.pass_on(handler)

    def give_token(self, handler):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)
        assert query["service"] == ["tests"] and query["scope"], query
        self.answer(handler, 200, {"Content-Type": "application/json"}, json.dumps({"token": self.tokens}).encode())

    def refuse(self, handler, status, headers=None):
        body = json.dumps({"errors": [{"code": "TESTS", "message": f"status {status}"}]}).encode()
        self.read_body(handler)
        self.answer(handler, status, {"Content-Type": "application/json", **(headers or {})}, body)

    def answer(self, handler, status, headers, body):
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    @staticmethod
    def read_body(handler):
        if handler.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(handler.rfile.readline().split(b";")[0], 16):
                body += handler.rfile.read(size)
                handler.rfile.readline()
            handler.rfile.readline()
            return body
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))

    def go_wrong(self, handler, kind, *details):
        if kind == "status":
            return self.refuse(handler, *details)
        if kind == "garbage":
            self.read_body(handler)
            return self.answer(handler, 200, {"Content-Type": "text/html"}, b"<html>Log in to the hotel's network</html>")
        if kind == "answer":
            self.read_body(handler)
            return self.answer(handler, 200, *details)
        return self.pass_on(handler, kind, *details)

    def pass_on(self, handler, kind=None, detail=None):
        body = self.read_body(handler)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in ("transfer-encoding", "content-length", "host")}
        if self.tokens:
            headers.pop("Authorization", None)
        if kind == "no-ranges":
            headers = {name: value for name, value in headers.items() if name.lower() != "range"}
        with contextlib.closing(http.client.HTTPConnection(self.registry.host, timeout=60)) as upstream:
            upstream.request(handler.command, handler.path, body or None, {**headers, "Host": self.host})
            answer = upstream.getresponse()
            handler.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "transfer-encoding"):
                    handler.send_header(name, value)
            handler.end_headers()
            if handler.command != "HEAD":
                self.pour(handler, answer, kind, detail)

    def pour(self, handler, answer, kind, detail):
        """The body, as far as it is to come."""
        done = 0
        while piece := answer.read(CHUNK):
            if kind == "corrupt" and done <= detail < done + len(piece):
                at = detail - done
                piece = piece[:at] + bytes([piece[at] ^ 0x40]) + piece[at + 1:]
            if kind == "cut" and done + len(piece) >= detail:
                piece = piece[:max(0, detail - done)]
            handler.wfile.write(piece)
            done += len(piece)
            with self.lock:
                self.sent[handler.path] += len(piece)
            if kind == "cut" and done >= detail:
                handler.wfile.flush()
                handler.connection.shutdown(socket.SHUT_RDWR)
                handler.close_connection = True
                return
            if kind == "stall":
                time.sleep(detail)

    def blobs(self, method="GET"):
        """The digests that were asked for, in order."""
        found = [re.search(r"/blobs/(sha256:[0-9a-f]{64})", path) for asked, path, _ in self.requests if asked == method]
        return [match[1] for match in found if match]


def is_blob(handler):
    return handler.command == "GET" and "/blobs/sha256" in handler.path


def times(count, what, condition=is_blob):
    """A rule that holds for the first `count` requests that `condition` is true of."""
    left = [count]

    def rule(handler):
        if left[0] > 0 and condition(handler):
            left[0] -= 1
            return what() if callable(what) else what
        return None

    return rule


def always(what, condition=is_blob):
    return lambda handler: what if condition(handler) else None


class Counted:
    """A rule, and how often it held: `fired`."""

    def __init__(self, rule):
        self.rule, self.fired = rule, 0

    def __call__(self, handler):
        wrong = self.rule(handler)
        self.fired += wrong is not None
        return wrong


def layer_of_noise(size):
    """Bytes that can't be compressed, so that what travels is as large as what is made."""
    return os.urandom(size)
