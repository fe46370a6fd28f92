"""A graph driver in another process, on request a bad one: what it must not be able to do to a daemon is tried with it.

    python plugins.py SOCKET [FAULT CALL]

Its layers are whole folders. With a fault, that call is answered wrongly, and all others well.
"""
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import socketserver
import sys
import tarfile
import time
import urllib.parse

home = None
kept = {}       # with the fault "exact": the tars as they came


def layer(name):
    return home / name


def create(body):
    target = layer(body["ID"])
    if body.get("Parent"):
        shutil.copytree(layer(body["Parent"]), target, symlinks=True)
    else:
        target.mkdir()
    return {}


def initialize(body):
    global home
    home = pathlib.Path(body["Home"])
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {}


def remove(body):
    shutil.rmtree(layer(body["ID"]), ignore_errors=True)
    return {}


ANSWERS = {
    "Plugin.Activate": lambda body: {"Implements": ["VolumeDriver", "GraphDriver"]},
    "GraphDriver.Init": initialize,
    "GraphDriver.Capabilities": lambda body: {"ReproducesExactDiffs": False},   # as the documentation shows it
    "GraphDriver.Create": create,
    "GraphDriver.CreateReadWrite": create,
    "GraphDriver.Remove": remove,
    "GraphDriver.Get": lambda body: {"Dir": str(layer(body["ID"]))},
    "GraphDriver.Put": lambda body: {},
    "GraphDriver.Exists": lambda body: {"Exists": layer(body["ID"]).is_dir()},
    "GraphDriver.Status": lambda body: {"Status": [["Kept In", str(home)]]},
    "GraphDriver.GetMetadata": lambda body: {"Metadata": {"Folder": str(layer(body["ID"]))}},
    "GraphDriver.Cleanup": lambda body: {},
    "GraphDriver.Changes": lambda body: {"Changes": [{"Path": "/made", "Kind": 1}]},
    "GraphDriver.DiffSize": lambda body: {"Size": 1},
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fault, faulty_call = None, None

    def do_POST(self):
        path, _, query = self.path[1:].partition("?")
        faulty = path == self.faulty_call
        if path == "GraphDriver.ApplyDiff":
            return self.apply(urllib.parse.parse_qs(query), faulty)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if path == "GraphDriver.Capabilities" and self.fault == "exact":
            return self.answer({"Capabilities": {"ReproducesExactDiffs": True}})
        if faulty and getattr(self, "fault_" + self.fault, None):
            return getattr(self, "fault_" + self.fault)(body)
        if path == "GraphDriver.Diff":
            return self.diff(body, faulty)
        return self.answer(ANSWERS[path](body))

    def answer(self, value, status=200):
        self.raw(json.dumps(value).encode(), status)

    def raw(self, data, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def chunks(self):
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def apply(self, query, faulty):
        data = io.BytesIO()
        for chunk in self.chunks():
            data.write(chunk)
            if faulty and self.fault == "dies_in_stream":
                os._exit(3)
        kept[query["id"][0]] = data.getvalue()
        data.seek(0)
        with tarfile.open(fileobj=data) as tar:
            tar.extractall(layer(query["id"][0]), filter="fully_trusted")
        if faulty:
            return getattr(self, "fault_" + self.fault)({})
        return self.answer({"Size": len(data.getvalue())})

    def diff(self, body, faulty):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("made"))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if faulty:
            self.wfile.write(b"1000\r\n" + bytes(100))
            self.wfile.flush()
            os._exit(3)
        content = kept.get(body["ID"], data.getvalue()) if self.fault == "exact" else data.getvalue()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content))

    def fault_dies(self, body):
        os._exit(3)

    def fault_hangs(self, body):
        time.sleep(3600)

    def fault_slow(self, body):
        """Works for longer than a call may take."""
        time.sleep(5)
        self.answer(ANSWERS[self.path[1:]](body))

    def fault_stops(self, body):
        """Answers nobody any more."""
        os.kill(os.getpid(), signal.SIGSTOP)

    def fault_many(self, body):
        """More than 64 MiB of changes."""
        self.answer({"Changes": [{"Path": "/" + "x" * 1000 + str(number), "Kind": 1} for number in range(70000)]})

    def fault_garbage(self, body):
        self.raw(b'{"Dir": ["no'  b'\xff')

    def fault_huge(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 40))
        self.end_headers()
        while True:
            self.wfile.write(b" " * (1 << 20))

    def fault_negative(self, body):
        self.answer({"Size": -1})

    def fault_enormous(self, body):
        self.answer({"Size": 1 << 60})

    def fault_short(self, body):
        """Says that there is more than there is."""
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def fault_outside(self, body):
        self.answer({"Dir": "/etc"})

    def fault_relative(self, body):
        self.answer({"Dir": "../../etc"})

    def fault_link_out(self, body):
        link = home / "link"
        if not link.is_symlink():
            link.symlink_to("/etc")
        self.answer({"Dir": str(link)})

    def fault_no_http(self, body):
        self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        self.close_connection = True

    def fault_endless_headers(self, body):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: and more\r\n")

    def fault_error(self, body):
        self.answer({"Err": "the moon is full"}, 500)

    def fault_other_kind(self, body):
        self.answer({"Implements": ["VolumeDriver"]})

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        request, _ = super().get_request()
        return request, ("plugin", 0)

    def handle_error(self, request, client_address):
        """A daemon that hangs up is no news."""


if __name__ == "__main__":
    path = sys.argv[1]
    if len(sys.argv) > 2:
        Handler.fault, Handler.faulty_call = sys.argv[2:]
    if os.path.exists(path):
        os.unlink(path)
    Server(path, Handler).serve_forever()
