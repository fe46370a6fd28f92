"""Certificates for TLS: an authority, a server for localhost and a client, made with openssl."""
import subprocess


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make(folder):
    """`ca.pem`, `server.pem`, `client.pem` and the keys of the last two."""
    folder.mkdir(parents=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-days", "30", "-subj", f"/CN={folder.name}", "-keyout", folder / "ca-key.pem", "-out", folder / "ca.pem")
    for name, usage in (("server", "serverAuth"), ("client", "clientAuth")):
        request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", folder / f"{name}-key.pem", "-out", request)
        extensions.write_text(f"extendedKeyUsage={usage}\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
        signed = ["-CA", folder / "ca.pem", "-CAkey", folder / "ca-key.pem", "-CAcreateserial", "-days", "30"]
        openssl("x509", "-req", "-in", request, *signed, "-extfile", extensions, "-out", folder / f"{name}.pem")
    return folder
