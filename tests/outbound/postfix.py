"""A Postfix of the tests' own, in a folder: it takes mail on loopback, and puts each message into a file."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
virtual_mailbox_domains = recu.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:boite/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
message_size_limit = {limit}
smtpd_tls_security_level = none
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """One that runs: where it listens, and the folder of what it has received."""

    port: int
    received: Path


@contextmanager
def postfix(limit: int) -> Iterator[Postfix]:
    """Run a Postfix that takes messages of so many octets at the most; skip where there is none, or no right to."""
    if shutil.which("postfix") is None or os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Postfix is not installed, or we are not root")
    # Its own user must be able to come here, which it is not below a folder of pytest's.
    folder = Path(tempfile.mkdtemp(prefix="dtm-postfix-"))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = pwd.getpwnam("postfix")
    given = {"folder": folder, "uid": user.pw_uid, "gid": user.pw_gid, "limit": limit, "port": port}
    for name in ("etc", "spool", "data", "mail"):
        (folder / name).mkdir()
    for name in ("data", "mail"):
        os.chown(folder / name, user.pw_uid, user.pw_gid)
    (folder / "etc" / "main.cf").write_text(_MAIN.format(**given))
    (folder / "etc" / "master.cf").write_text(_MASTER.format(**given))
    run = ["postfix", "-c", str(folder / "etc")]
    try:
        subprocess.run([*run, "start"], check=True, capture_output=True, timeout=120)
        yield Postfix(port, folder / "mail" / "boite" / "new")
    finally:
        subprocess.run([*run, "stop"], check=False, capture_output=True, timeout=120)
        shutil.rmtree(folder, ignore_errors=True)
