"""An image with everything that layers can hold, built by a real dockerd; and trees compared as exported."""
import hashlib
import io
import tarfile

import rootfs

NET_RAW = "\x01\0\0\x02\0\x20\0\0" + "\0" * 12       # security.capability, version 2: cap_net_raw+ep

DOCKERFILE = r"""
FROM busybox:latest
ADD caps.tar /
RUN mkdir -p /opaque/sub /tofile/sub /links /odd && touch /opaque/old /opaque/sub/old /tofile/sub/f && echo f >/tofolder \
 && echo linked >/links/a && ln /links/a /links/b && ln /links/a /odd/c && cp /bin/busybox /odd/setuid && chmod 4755 /odd/setuid \
 && chmod 2770 /odd && mkdir /sticky && chmod 1777 /sticky && mkfifo /odd/fifo && mknod /odd/char c 1 3 && mknod /odd/block b 7 9
RUN cd /odd && touch "$(printf 'not\377utf8')" "$(printf 'new\nline')" "$(printf '%0255d' 7)" 'ümlaut ☃' ' lead' 'back\slash' \
 && d=deep; for i in 1 2 3 4 5 6 7 8; do d=$d/$(printf '%060d' $i); done; mkdir -p $d && echo deep >$d/file \
 && ln -s /nowhere dangling && ln -s ../../../../etc/passwd up && ln -s "$(printf '%0200d' 1)" longlink \
 && echo x >owned && chown 2097151:54321 owned && touch -d '2038-01-20 03:14:08' owned && touch -d '1999-12-31 23:59:59' dangling.ref
RUN rm -rf /opaque && mkdir /opaque && echo new >/opaque/new
RUN rm /etc/motd && rm -rf /home && rm /links/a
RUN rm -rf /tofile && echo now a file >/tofile && rm /tofolder && mkdir /tofolder && echo in >/tofolder/in
RUN dd if=/dev/zero of=/sparse bs=1k seek=4095 count=1 2>/dev/null && ln -s sub /opaque/link && mkdir /opaque/sub && ln /links/b /links/again
ENV GREETING=hello
CMD ["sh", "-c", "echo $GREETING; cat /opaque/new /tofile /tofolder/in /links/again; ls /opaque /home /etc/motd 2>&1; true"]
"""
SAYS = ["hello", "new", "now a file", "in", "linked"]
VOLATILE = {"etc/hosts", "etc/hostname", "etc/resolv.conf", ".dockerenv", "dev/console", "etc/mtab"}


def context():
    """The build's context, as a tar."""
    capable = rootfs.member("capable", data=b"#!/bin/sh\n", mode=0o755)
    capable[0].pax_headers = {"SCHILY.xattr.security.capability": NET_RAW}
    return rootfs.tar([rootfs.member("Dockerfile", data=DOCKERFILE.encode()), rootfs.member("caps.tar", data=rootfs.tar([capable]))])


def tree(exported):
    """What a flat tar holds: path → what is to be seen there. Hard links by what they share, not by who came first."""
    seen, shared = {}, {}
    with tarfile.open(fileobj=io.BytesIO(exported), encoding="utf-8", errors="surrogateescape") as archive:
        for info in archive:
            name = info.name.removeprefix("./").strip("/")
            if info.islnk():
                target = info.linkname.removeprefix("./").strip("/")
                seen[name] = seen[target]
                shared.setdefault(target, {target}).add(name)
                continue
            data = hashlib.sha256(archive.extractfile(info).read()).hexdigest() if info.isreg() else ""
            capability = info.pax_headers.get("SCHILY.xattr.security.capability", "")
            device = (info.devmajor, info.devminor) if info.ischr() or info.isblk() else None
            when = int(info.mtime) if not info.isdir() else 0
            seen[name] = (info.type, info.mode & 0o7777, info.uid, info.gid, info.linkname, device, capability, when, data)
    groups = {frozenset(group) for group in shared.values()}
    return {name: what for name, what in seen.items() if name and name not in VOLATILE}, groups


def exported(daemon, image):
    """The tree of a fresh container of `image`, as this daemon shows it."""
    daemon.docker("create", "--name", "tree", image, "true")
    data = daemon.docker("export", "tree").out.encode("utf-8", "surrogateescape")
    daemon.docker("rm", "tree")
    return tree(data)


def difference(one, other):
    """Where two trees differ, for people."""
    names = sorted(set(one) | set(other))
    return [f"{name!r}: {one.get(name)} != {other.get(name)}" for name in names if one.get(name) != other.get(name)]
