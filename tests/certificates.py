"""Certificates of servers, sound and faulty, made by openssl."""

import ssl
import subprocess
from pathlib import Path

_CONFIG = """
[ca]
default_ca = made
[made]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = DNS:{name}
basicConstraints = CA:true
"""


def made(folder: Path, *, name: str = "localhost", until: str = "20991231235959Z") -> Path:
    """Make a certificate that vouches for itself, and its key in the same file, valid since 2020; return that file."""
    folder.mkdir()
    (folder / "config").write_text(_CONFIG.format(name=name))
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    key = f"req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out asked -subj /CN={name}"
    dates = f"-startdate 20200101000000Z -enddate {until}"
    sign = f"ca -batch -selfsign -config config -keyfile key -in asked -out cert {dates}"
    for command in (key, sign):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return both


def served(certificate: Path) -> ssl.SSLContext:
    """Return what a server with that certificate speaks TLS by."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
