"""How we are known to the mailbox's server: read anew each time, since tokens run out."""

import sys
from base64 import b64encode
from pathlib import Path

import pytest

from dtm_contact.ingest.imap import login_by
from dtm_contact.ingest.imap_client import connected
from dtm_contact.ingest.mailbox import CredentialsRefusedError
from dtm_contact.settings import ImapSettings
from tests.ingest.mailbox.fake_server import fake_server


def settings(port: int = 1, **values: object) -> ImapSettings:
    return ImapSettings.model_validate({"host": "127.0.0.1", "port": port, "tls": False, "user": "metropole", **values})


async def test_a_token_is_handed_over_as_xoauth2_wants_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with fake_server() as server:
        login = login_by(settings(server.port, token_file=file))
        for token in ("first", "second"):
            file.write_text(f"{token}\n")
            async with connected(await login()):
                pass
    told = [b64encode(f"user=metropole\1auth=Bearer {token}\1\1".encode()) for token in ("first", "second")]
    assert [each for each in server.heard if each.startswith(b"AUTHENTICATE")] == [
        b"AUTHENTICATE XOAUTH2 " + each for each in told
    ]


async def test_a_command_prints_the_token() -> None:
    command = f"{sys.executable} -c \"print('fresh')\""
    assert (await login_by(settings(token_command=command))()).token == "fresh"


async def test_a_command_that_fails_is_told_as_credentials() -> None:
    command = f'{sys.executable} -c "import sys; sys.exit(3)"'
    with pytest.raises(CredentialsRefusedError):
        await login_by(settings(token_command=command))()


async def test_neither_password_nor_token_is_shown() -> None:
    shown = repr(await login_by(settings(token_command=f"{sys.executable} -c \"print('fresh')\""))())
    assert "fresh" not in shown
