"""A real Dovecot on loopback with one mailbox, in a folder of its own."""

import imaplib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

USER, PASSWORD = "metropole", 'pass "word\\'
_PATIENCE = 20.0
_NOBODY = 65534

_CONFIGURATION = """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap
listen = 127.0.0.1
log_path = {folder}/dovecot.log
ssl = no
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {folder}/mail
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = {owner}
first_valid_gid = {owner}
last_valid_gid = 0
mailbox_list_layout = fs
imap_idle_notify_interval = 20 s

passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {owner}
    gid = {owner}
    home = {folder}
  }}
}}
{more}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap {{
  process_limit = 20
}}
"""

_TOKENS = """\
auth_mechanisms = plain login xoauth2
oauth2 {{
  introspection_mode = auth
  introspection_url = {url}
  username_attribute = username
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A server that runs: where it listens, and where the mailbox lies."""

    port: int
    folder: Path
    master: int = 0

    def append(self, raw: bytes, folder: str = "INBOX") -> None:
        with imap(self) as client:
            client.append(folder, None, None, raw)

    def uids(self, folder: str = "INBOX") -> list[int]:
        with imap(self) as client:
            if client.select(f'"{folder}"')[0] != "OK":
                return []
            return [int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()]

    def cut(self) -> int:
        """Kill what serves each client, as a crash of the server does, in the middle of a move too; return how many."""
        ended = _children(self.master, "imap")
        for process in ended:
            # One may have ended by itself since it was seen.
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return len(ended)


def _children(parent: int, name: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().rstrip(b"\0 ")
            owner = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if owner == parent and command == f"dovecot/{name}".encode():
            found.append(int(path.name))
    return found


@contextmanager
def imap(server: Dovecot) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", server.port)
    client.login(USER, PASSWORD)
    try:
        yield client
    finally:
        client.logout()


def program() -> Path | None:
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


@contextmanager
def running(tokens: str = "") -> Iterator[Dovecot]:
    """Start a Dovecot in a folder that its own users can reach; one has to be root for that.

    `tokens`: the address that is asked whether a token holds; empty: passwords alone.
    """
    with TemporaryDirectory(prefix="dovecot-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        mail = folder / "mail"
        mail.mkdir()
        os.chown(mail, _NOBODY, _NOBODY)
        with _started(folder, _TOKENS.format(url=tokens) if tokens else "") as server:
            yield server


@contextmanager
def _started(folder: Path, more: str) -> Iterator[Dovecot]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, port=port, password=_quoted(PASSWORD), owner=_NOBODY, more=more)
    )
    binary = program()
    assert binary is not None
    process = subprocess.Popen([str(binary), "-F", "-c", str(configuration)], start_new_session=True)
    try:
        _wait_for(port, process, folder)
        yield Dovecot(port, folder, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wait_for(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    log = folder / "dovecot.log"
    raise RuntimeError(log.read_text() if log.exists() else "Dovecot did not start")
