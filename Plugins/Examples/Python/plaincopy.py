"""A storage driver in Docker's graph-driver plug-in protocol, version 1: python3 plaincopy.py SOCKET

<home>/<id> is a layer's whole tree, a copy of its parent's; <home>/.<id>.new is half copied. Trees and tars are others'
work: they are read and written by a thread that has the layer as its root, so that no name and no link leads out.
"""
import ctypes, functools, http.server, json, os, pathlib, re, socketserver, stat, subprocess, sys, tarfile, urllib.parse
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import SimpleNamespace

MODIFIED, ADDED, DELETED, CLONE_FS = 0, 1, 2, 0x200
PREFIX, ATTRIBUTES = "SCHILY.xattr.", ("user.", "system.posix_acl_", "security.capability")
tarfile.pwd = tarfile.grp = None    # owners are numbers: for their names, libc would load libraries of the layer's
run = functools.partial(subprocess.run, check=True, stderr=subprocess.PIPE, errors="replace")

def inside(folder, work, *arguments):
    """What `work` returns, done in a thread that has `folder` as its root."""
    def enter():
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_FS):
            raise OSError(ctypes.get_errno(), "can't give a thread a root of its own")
        os.chroot(folder)
        os.chdir("/")
        return work(*arguments)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(enter).result()

def scan():
    """All files below the root by their paths; `facts` is what tells a changed one from its parent's."""
    found, folders = {"/": SimpleNamespace(folder=True, facts=None)}, ["/"]
    for folder in folders:      # which grow meanwhile
        for entry in os.scandir(folder):
            path, status = entry.path, entry.stat(follow_symlinks=False)
            file = SimpleNamespace(status=status, folder=stat.S_ISDIR(status.st_mode))
            file.attributes = {key: os.getxattr(path, key, follow_symlinks=False)
                               for key in os.listxattr(path, follow_symlinks=False) if key.startswith(ATTRIBUTES)}
            file.facts = [status.st_mode, status.st_uid, status.st_gid, file.attributes]
            file.facts += [] if file.folder else [status.st_size, status.st_rdev, status.st_mtime_ns]
            folders += [path] if file.folder else []
            found[path] = file
    return found

def compare(asked):
    """(path, kind, file) of all that differs, sorted; a folder in which something does is modified, too."""
    new, old = inside(layer(asked), scan), inside(layer(asked, "parent"), scan) if asked.get("parent") else {}
    changes = {path: MODIFIED for path in new.keys() & old.keys() if new[path].facts != old[path].facts}
    changes |= {path: ADDED for path in new.keys() - old.keys()}
    changes |= {path: DELETED for path in old.keys() - new.keys()       # those that did not go with their folders
                if (folder := os.path.dirname(path)) in new and new[folder].folder}
    for path in [*changes]:
        while (path := os.path.dirname(path)) not in changes:
            changes[path] = MODIFIED
    return [(path, changes[path], new.get(path)) for path in sorted(changes)[1:]]     # without the root

def pack(changes, sink):
    """Writes the tar of changes: what is at each path, and `.wh.name` for what was deleted."""
    links, flags = {}, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK      # a file may become a link or a pipe meanwhile
    with tarfile.open(fileobj=sink, mode="w|", bufsize=1 << 18) as tar:
        for path, kind, file in changes:
            if kind == DELETED:
                member = tarfile.TarInfo("{}/.wh.{}".format(*os.path.split(path[1:])).lstrip("/"))
                member.mode = 0
                tar.addfile(member)
            elif "/.wh." not in path and (member := tar.gettarinfo(path)):      # sockets are no members
                member.pax_headers = {PREFIX + key: os.fsdecode(value) for key, value in file.attributes.items()}
                member.pax_headers["mtime"] = f"{Decimal(file.status.st_mtime_ns).scaleb(-9):f}"
                if (first := links.setdefault(file.status.st_ino, path[1:])) != path[1:]:
                    member.type, member.linkname = tarfile.LNKTYPE, first
                tar.addfile(member, open(os.open(path, flags), "rb") if member.isreg() else None)

def unpack(asked):
    """Does to the root what a tar says, and returns the bytes of its files."""
    made, count, size = {}, 0, 0    # all that the tar brought, and the times to give it in the end
    stream = SimpleNamespace(read=lambda most: next(asked["tar"], b""))
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as tar:
        tar.extraction_filter = lambda member, path: member     # the root is all the protection
        while member := tar.next():
            path = "/" + os.path.normpath("/" + member.name).lstrip("/")
            folder, name = os.path.split(path)
            count, size = count + 1, size + member.size
            for key, found in (("entries", count), ("depth", path.count("/")), ("bytes", size)):
                if found > int(asked.get(key, found)):
                    raise ValueError(f"the tar is past its limit: {key}: {asked[key]}")
            for above in pathlib.PurePath(path).parents:
                made.setdefault(str(above))
            if name.startswith(".wh."):
                hide(folder if name == ".wh..wh..opq" else os.path.join(folder, name[4:]), made)
            else:
                made[path] = place(member, path, tar)
    for path, time in made.items():
        if time is not None and os.path.lexists(path):
            os.utime(path, ns=(time, time), follow_symlinks=False)
    return size

def hide(path, kept=()):
    """Deletes what is at a path and below, but for what is to be kept."""
    folder = os.path.isdir(path) and not os.path.islink(path)
    for name in os.listdir(path) if folder else ():
        hide(os.path.join(path, name), kept)
    if path not in kept and os.path.lexists(path):
        (os.rmdir if folder else os.unlink)(path)

def place(member, path, tar):
    """Makes a tar's file, and returns its time: None for one more name of another file."""
    if not member.isdir() or not os.path.isdir(path) or os.path.islink(path):
        hide(path)
    if member.islnk():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.link("/" + member.linkname, path, follow_symlinks=False)
    member.name = path[1:] or "."
    tar.extract(member)
    for key in [key for key in os.listxattr(path, follow_symlinks=False) if key.startswith(ATTRIBUTES)]:
        os.removexattr(path, key, follow_symlinks=False)        # what a folder gives to all that is made in it
    for key, value in member.pax_headers.items():
        if key.startswith(PREFIX) and key[len(PREFIX):].startswith(ATTRIBUTES):
            os.setxattr(path, key[len(PREFIX):], os.fsencode(value), follow_symlinks=False)
    return int(Decimal(member.pax_headers.get("mtime", member.mtime)).scaleb(9))

def layer(asked, key="id", form="{}"):
    """A layer's folder. Varve names the home in each call, for it may have several; Docker in Init alone."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", asked[key]):
        raise ValueError(f"no layer can be called {asked[key]!r}")
    return pathlib.Path(asked.get("home") or init.home, form.format(asked[key]))

def init(asked):
    if asked.get("opts") or asked.get("uidmaps") or asked.get("gidmaps"):
        raise ValueError(f"it takes no options and maps no owners, and was given {asked}")
    init.home = vars(init).get("home") if asked.get("nameshome") else asked["home"]     # Varve's calls name theirs
    os.makedirs(asked["home"], 0o710, exist_ok=True)

def create(asked):
    folder, new = layer(asked), layer(asked, form=".{}.new")
    if folder.exists() or asked.get("storageopt"):
        raise ValueError(f"layer {folder.name} is there, or has options ({asked.get('storageopt')}): there are none")
    try:
        new.mkdir()
        if asked.get("parent"):
            run(["cp", "--archive", "--reflink=auto", "-T", "--", layer(asked, "parent"), new])
        new.rename(folder)
    finally:
        delete(new)     # half of it, when something failed

def delete(*folders):
    """Also what a container made immutable, which is rare: chattr is asked only when rm fails."""
    run(["sh", "-c", 'rm -rf -- "$@" || { chattr -R -f -ia -- "$@"; rm -rf -- "$@"; }', "sh", *folders])

CALLS = {   # of Capabilities, Docker knows none of these: homes are kept apart, and a tar's limits are held
    "/Plugin.Activate": lambda asked: {"Implements": ["GraphDriver"]},
    "/GraphDriver.Capabilities": lambda asked: {"Capabilities": {"Homes": True, "ArchiveLimits": True}},
    "/GraphDriver.Init": init, "/GraphDriver.Create": create, "/GraphDriver.CreateReadWrite": create,
    "/GraphDriver.Remove": lambda asked: delete(layer(asked), layer(asked, form=".{}.new")),
    "/GraphDriver.Get": lambda asked: {"Dir": str(layer(asked).resolve(strict=True))},
    "/GraphDriver.Exists": lambda asked: {"Exists": layer(asked).is_dir()},
    "/GraphDriver.ApplyDiff": lambda asked: {"Size": inside(layer(asked), unpack, asked)},
    "/GraphDriver.Diff": lambda asked: functools.partial(inside, layer(asked), pack, compare(asked)),
    "/GraphDriver.Changes": lambda asked: {"Changes": [
        {"Path": os.fsencode(path).decode(errors="replace"), "Kind": kind} for path, kind, _ in compare(asked)]},
    "/GraphDriver.DiffSize": lambda asked: {"Size": sum({   # each file once
        file.status.st_ino: file.status.st_size for *_, file in compare(asked) if file and not file.folder}.values())},
    **{f"/GraphDriver.{name}": lambda asked: None for name in ("Put", "Status", "GetMetadata", "Cleanup")},
}

class Handler(http.server.BaseHTTPRequestHandler):
    """A connection of the daemon's."""
    protocol_version = "HTTP/1.1"
    log_message = lambda *arguments: None       # the daemon says what is to be said

    def do_POST(self):
        call, _, query = self.path.partition("?")
        body, status = self.body(), 200
        try:
            asked = dict(urllib.parse.parse_qsl(query)) or json.loads(b"".join(body) or b"{}") or {}
            answer = CALLS[call]({"tar": body, **{key.lower(): value for key, value in asked.items()}}) or {}
        except Exception as error:      # whatever it is, the daemon's user is to read it
            status, answer = 500, {"Err": (getattr(error, "stderr", None) or str(error) or repr(error))[:1000]}
        for _ in body:
            pass    # a daemon reads no answer before it has sent all
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        answer(self) if callable(answer) else self.write(json.dumps(answer).encode())
        self.wfile.write(b"0\r\n\r\n")

    def write(self, data):      # within a tar, breaking off is all that can be said about an error
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def body(self):
        """A request's body: in chunks, or of a known length."""
        if "Transfer-Encoding" in self.headers:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))

sys.meta_path.clear()   # nothing is imported from now on: not from a layer that is a thread's root either
os.umask(0o022)         # which closes the socket, too: who may not write may not connect
pathlib.Path(sys.argv[1]).unlink(missing_ok=True)
socketserver.ThreadingUnixStreamServer.request_queue_size = 128
socketserver.ThreadingUnixStreamServer(sys.argv[1], Handler).serve_forever()
