"""A mailbox of a real Dovecot by XOAUTH2, with tokens that we ask for; Dovecot asks their giver whether they hold."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from dtm_contact.ingest.imap import imap_follower, imap_tokens
from dtm_contact.settings import ImapSettings, OAuthSettings, Settings
from tests.ingest.inbox import FakeInbox
from tests.ingest.mailbox.dovecot import USER, Dovecot, program, running
from tests.ingest.mailbox.fake_graph import CLIENT, SECRET, FakeGraph, Fault, fake_graph


@pytest.fixture
async def giver() -> AsyncIterator[FakeGraph]:
    async with fake_graph() as served:
        yield served


@pytest.fixture
async def server(giver: FakeGraph) -> AsyncIterator[Dovecot]:
    if program() is None or os.geteuid() != 0:
        why = "Dovecot is not installed, or one is not root, as its server wants"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    with ExitStack() as stack:
        # In a thread: the giver answers on this one.
        yield await asyncio.to_thread(stack.enter_context, running(giver.introspection_url))


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_mailbox_is_followed_by_tokens_that_run_out(giver: FakeGraph, server: Dovecot, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    oauth = OAuthSettings(token_url=giver.token_url, client_id=CLIENT, secret_file=tmp_path / "secret")
    imap = ImapSettings.model_validate(
        {
            "host": "127.0.0.1", "port": server.port, "tls": False, "user": USER, "oauth": True, "since": "2000-01-01",
            "pause": 0.05, "longest_pause": 0.2, "scope": "https://outlook.office365.com/.default",
        }
    )  # fmt: skip
    inbox = FakeInbox()
    follower = imap_follower("imap", imap, inbox, tokens=imap_tokens(Settings(imap=imap, oauth=oauth)))
    await asyncio.to_thread(server.append, b"Subject: first\r\n\r\none\r\n")
    follower.start()
    await until(lambda: len(inbox.arrivals) == 1)
    assert [form["scope"] for form in giver.forms] == ["https://outlook.office365.com/.default"]
    # The connection ends, and the token with it: the one that is kept is refused, a new one is not.
    giver.withdraw_tokens()
    await asyncio.to_thread(server.cut)
    await asyncio.to_thread(server.append, b"Subject: second\r\n\r\ntwo\r\n")
    await until(lambda: len(inbox.arrivals) == 2)
    assert len(giver.forms) == 2
    assert inbox.troubles == {}
    # Nobody gives one any more.
    giver.faults["token"] = [Fault(400, body={"error": "unauthorized_client"})] * 100
    giver.withdraw_tokens()
    await asyncio.to_thread(server.cut)
    await until(lambda: "unauthorized_client; have its administrator grant" in inbox.troubles.get("imap", ""))
    giver.faults.clear()
    await until(lambda: not inbox.troubles)
    await follower.stop()
