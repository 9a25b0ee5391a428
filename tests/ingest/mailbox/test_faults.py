"""What the library beneath cannot bear does our client no harm: an error ends it, and the next connection is well."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from dtm_contact.ingest.imap_client import Login, MailboxConnection, connected
from dtm_contact.ingest.mailbox import CredentialsRefusedError, MailboxLostError, MailboxRefusedError
from tests.ingest.mailbox.fake_server import CUT, SILENCE, FakeServer, fake_server

MANY = b"".join(b"* %d EXPUNGE\r\n" % number for number in range(1_500, 0, -1))
LARGE = b"* 1 FETCH (UID 1 BODY[]<0> {5000}\r\n" + b"a" * 5000 + b")\r\n"
STALLED = b"* 1 FETCH (UID 1 BODY[]<0> {999999999}\r\nabc"


def login(server: FakeServer, *, seconds: float = 20.0, token: str = "") -> Login:
    return Login("127.0.0.1", server.port, "metropole", password="secret", token=token, seconds=seconds)  # noqa: S106 - a test's


async def _search(mailbox: MailboxConnection) -> object:
    return await mailbox.uids_above(0)


async def _store(mailbox: MailboxConnection) -> None:
    await mailbox.flag([1], "dtm-nord")


async def _move(mailbox: MailboxConnection) -> None:
    await mailbox.move([1], "Bureaux/nord")


async def _idle(mailbox: MailboxConnection) -> None:
    await mailbox.wait(60.0)


async def _fetch(mailbox: MailboxConnection) -> object:
    return await mailbox.messages([1], 100)


async def _sizes(mailbox: MailboxConnection) -> object:
    return await mailbox.sizes([1])


Call = Callable[[MailboxConnection], Awaitable[object]]
COMMANDS: tuple[tuple[str, Call], ...] = (
    ("UID_SEARCH", _search), ("UID_STORE", _store), ("UID_MOVE", _move), ("IDLE", _idle), ("UID_FETCH", _fetch),
)  # fmt: skip


@asynccontextmanager
async def talking(
    says: dict[str, bytes] | None = None, seconds: float = 20.0
) -> AsyncIterator[tuple[FakeServer, MailboxConnection]]:
    """Give a server that says these things, and a connection to it with a folder open; all within a bounded time."""
    async with (
        asyncio.timeout(15),
        fake_server(**says or {}) as server,
        connected(login(server, seconds=seconds)) as mailbox,
    ):
        await mailbox.select("INBOX")
        yield server, mailbox


@pytest.mark.parametrize(("command", "call"), COMMANDS)
async def test_a_connection_that_is_lost_meanwhile_ends_the_call(command: str, call: Call) -> None:
    async with talking({command: CUT}) as (_, mailbox):
        with pytest.raises(MailboxLostError):
            await call(mailbox)


@pytest.mark.parametrize(("command", "call"), [each for each in COMMANDS if each[0] != "IDLE"])
async def test_a_server_that_falls_silent_ends_the_call(command: str, call: Call) -> None:
    async with talking({command: SILENCE}, 0.3) as (_, mailbox):
        with pytest.raises(MailboxLostError):
            await call(mailbox)


async def test_an_idle_that_is_never_ended_ends_with_its_time() -> None:
    async with talking({"IDLE": SILENCE}, 0.3) as (_, mailbox):
        with pytest.raises(MailboxLostError):
            await mailbox.wait(0.1)


@pytest.mark.parametrize(("command", "call"), [COMMANDS[0], COMMANDS[2], ("UID_FETCH", _sizes)])
async def test_a_thousand_lines_at_once_end_the_call_and_not_the_program(command: str, call: Call) -> None:
    async with talking({command: MANY}, 2.0) as (server, mailbox):
        with pytest.raises(MailboxLostError):
            await call(mailbox)
        server.says.clear()
        async with connected(login(server)) as another:
            assert (await another.select("INBOX")).validity == 7


async def test_names_are_quoted_and_encoded() -> None:
    async with talking() as (server, mailbox):
        await mailbox.select('Reçus "de la" nuit\\é & plus')
        await mailbox.move([1], "Bureaux/Le Kremlin-Bicêtre")
    assert b'SELECT "Re&AOc-us \\"de la\\" nuit\\\\&AOk- &- plus"' in server.heard
    assert b'UID MOVE 1 "Bureaux/Le Kremlin-Bic&AOo-tre"' in server.heard


async def test_no_name_can_add_a_command() -> None:
    async with talking() as (server, mailbox):
        with pytest.raises(ValueError, match="control character"):
            await mailbox.select("INBOX\r\na1 DELETE INBOX")
    assert not any(b"DELETE" in command for command in server.heard)


async def test_a_token_that_brings_no_answer_is_told_as_refused() -> None:
    async with fake_server(AUTHENTICATE=SILENCE) as server, asyncio.timeout(15):
        with pytest.raises(CredentialsRefusedError):
            await _logged_in(login(server, seconds=0.5, token="stale"))  # noqa: S106 - a test's


async def test_a_token_that_is_refused_is_told_at_once() -> None:
    challenge = b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n"
    async with fake_server(AUTHENTICATE=challenge) as server, asyncio.timeout(15):
        # Its own time is longer than the test's: the answer to the challenge brings the refusal.
        with pytest.raises(CredentialsRefusedError):
            await _logged_in(login(server, seconds=600, token="stale"))  # noqa: S106 - a test's


async def _logged_in(how: Login) -> None:
    async with connected(how):
        pass


async def test_more_octets_than_were_asked_for_are_cut() -> None:
    async with talking({"UID_FETCH": LARGE}) as (server, mailbox):
        assert await mailbox.messages([1], 100) == {1: b"a" * 100}
    assert b"UID FETCH 1 (UID BODY.PEEK[]<0.100>)" in server.heard


async def test_octets_that_are_announced_and_never_come_end_the_call() -> None:
    async with talking({"UID_FETCH": STALLED}, 0.3) as (_, mailbox):
        with pytest.raises(MailboxLostError):
            await mailbox.messages([1], 100)


@pytest.mark.parametrize(("command", "call"), [COMMANDS[1], COMMANDS[2], ("UID_FETCH", _sizes)])
async def test_what_is_announced_beside_another_command_is_not_missed(command: str, call: Call) -> None:
    """Else it would be noticed when the wait is over: minutes later."""
    async with talking({command: b"* 1 EXISTS\r\n"}) as (server, mailbox):
        await mailbox.uids_above(0)
        await call(mailbox)
        await mailbox.wait(60.0)
    assert b"IDLE" not in server.heard


async def test_what_is_announced_again_and_again_is_no_news() -> None:
    async with talking({"UID_SEARCH": b"* 0 EXISTS\r\n* SEARCH\r\n", "IDLE": b"* 1 EXISTS\r\n"}) as (server, mailbox):
        await mailbox.uids_above(0)
        await mailbox.wait(60.0)
    assert server.heard.count(b"IDLE") == 1


async def test_a_folder_without_validity_is_not_followed() -> None:
    async with talking() as (server, mailbox):
        server.says[b"SELECT"] = b"* 0 EXISTS\r\n"
        with pytest.raises(MailboxRefusedError, match="UIDVALIDITY"):
            await mailbox.select("INBOX")


HUGE = b"* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\n" + b"a" * 40_000_000
ONE_LINE = b"* SEARCH " + b"1 " * 20_000_000


@pytest.mark.parametrize(("command", "said", "call"), [("UID_FETCH", HUGE, _fetch), ("UID_SEARCH", ONE_LINE, _search)])
async def test_a_server_that_sends_more_than_was_asked_for_loses_the_connection(
    command: str, said: bytes, call: Call
) -> None:
    async with talking({command: said}) as (_, mailbox):
        with pytest.raises(MailboxLostError):
            await call(mailbox)
        assert len(mailbox._client.protocol.incomplete_line) < 17_000_000
        assert mailbox._received < 34_000_000


@pytest.mark.parametrize(
    ("command", "said", "call"),
    [
        ("UID_SEARCH", b"* SEARCH 7 " + b"8" * 5000 + b"\r\n", _search),
        ("UID_FETCH", b"* 1 FETCH (UID " + b"9" * 5000 + b" RFC822.SIZE 5)\r\n", _sizes),
        ("UID_FETCH", b"* 1 FETCH (UID 1 RFC822.SIZE " + b"9" * 5000 + b")\r\n", _sizes),
        ("UID_FETCH", b"* 1 FETCH (UID " + b"9" * 5000 + b" BODY[]<0> {3}\r\nabc)\r\n", _fetch),
    ],
)
async def test_a_number_of_five_thousand_digits_is_none(command: str, said: bytes, call: Call) -> None:
    async with talking({command: said}) as (_, mailbox):
        assert await call(mailbox) in ([7], {})


async def test_a_folder_whose_validity_is_no_number_is_refused() -> None:
    says = b"* OK [UIDVALIDITY " + b"7" * 5000 + b"]\r\n"
    async with fake_server(SELECT=says) as server, connected(login(server)) as mailbox:
        with pytest.raises(MailboxRefusedError):
            await mailbox.select("INBOX")
