"""`cp` and what would be mounted in a container that does not run."""

def test_links_into_and_out_of_what_would_be_mounted(cli, tmp_path):
    """A stopped container's links lead where they would lead if it ran: into volumes and folders of the host, and out again."""
    host = tmp_path / "host"
    host.mkdir()
    (host / "f").write_text("host\n")
    (host / "out").symlink_to("/etc/own")
    (host / "inner").symlink_to("f")
    cli("run", "--name", "maker", "busybox", "sh", "-c",
        "ln -s /mnt/host /lead; ln -s ../mnt /etc/back; mkdir -p /real; ln -s real /alias; echo own >/etc/own; ln -s loop /loop; echo hidden >/real/f")
    cli("commit", "maker", "with-links")
    cli("create", "--name", "still", "-v", f"{host}:/mnt/host", "-v", "data:/alias/data", "with-links", "true")
    cli("run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", "echo volume >/data/f")

    def got(path, *flags):
        target = tmp_path / "got"
        cli("cp", *flags, f"still:{path}", target)
        text = target.read_text()
        target.unlink()
        return text

    for path, text in [
        ("/lead/f", "host\n"), ("/etc/back/host/f", "host\n"), ("/mnt/host/f", "host\n"), ("/real/data/f", "volume\n"),
        ("/alias/data/f", "volume\n"), ("/alias/f", "hidden\n"), ("/lead/../etc/own", "own\n"),
    ]:
        assert got(path) == text, path
    assert got("/lead/out", "-L") == "own\n" and got("/lead/inner", "-L") == "host\n"
    failed = cli("cp", "still:/loop/f", tmp_path, check=False)
    assert failed.code == 1 and "symbolic link" in failed.err.lower(), failed
    source = tmp_path / "new"
    source.write_text("new\n")
    cli("cp", source, "still:/lead/")
    cli("cp", source, "still:/alias/data/g")
    assert (host / "new").read_text() == "new\n"
    assert cli("run", "--rm", "-v", "data:/data", "busybox", "cat", "/data/g").out == "new\n"
    cli("rm", "still", "maker")
    cli("rmi", "with-links")
    cli("volume", "rm", "data")
