"""Following a real mailbox: nothing missed, nothing twice, whatever ends in between."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import time

import pytest
from prometheus_client import REGISTRY

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.ingest import NOTHING_KEPT
from dtm_contact.ingest import imap as imap_channel
from dtm_contact.ingest import mailbox as followed
from dtm_contact.ingest.imap import ImapMailbox, MailboxPlace, imap_follower
from dtm_contact.ingest.imap_client import MailboxConnection, Selected
from dtm_contact.ingest.mailbox import MailboxFollower
from dtm_contact.model import Arrival, KeptLines, Position
from dtm_contact.settings import ImapSettings, RulesSettings, Settings
from tests.ingest.inbox import FakeInbox
from tests.ingest.mailbox.dovecot import PASSWORD, USER, Dovecot, imap

PATIENCE = 60.0


def message(number: int | str, octets: int = 200) -> bytes:
    head = (
        f'Return-Path: <n{number}@free.example>\r\nSubject: ) * ({number} "FETCH\r\nMessage-ID: <{number}@free.example>'
    )
    return head.encode() + b"\r\n\r\n" + b"* 1 FETCH (x\r\n" + b"a" * octets + b"\r\n"


@pytest.fixture
def box(server: Dovecot, request: pytest.FixtureRequest) -> str:
    """A folder of this test's own."""
    name = f"box{abs(hash(request.node.nodeid)) % 10**8}"
    with imap(server) as client:
        client.create(name)
    return name


def settings(server: Dovecot, folder: str, tmp_path: Path, **values: object) -> ImapSettings:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    chosen: dict[str, object] = {
        "host": "127.0.0.1", "port": server.port, "tls": False, "user": USER, "password_file": secret,
        "folder": folder, "since": "2000-01-01", "pause": 0.05, "longest_pause": 0.2, "seconds": 20.0,
        "poll_seconds": 1700.0, "queue_folder": f"{folder}-Bureaux/{{queue}}",
    }  # fmt: skip
    return ImapSettings.model_validate({**chosen, **values})


@asynccontextmanager
async def following(chosen: ImapSettings, inbox: FakeInbox) -> AsyncIterator[MailboxFollower]:
    follower = imap_follower("imap", chosen, inbox)
    follower.start()
    try:
        yield follower
    finally:
        await follower.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


async def test_messages_come_oldest_first_as_they_are(server: Dovecot, box: str, tmp_path: Path) -> None:
    sent = [message(number) for number in range(60)]
    for raw in sent:
        await asyncio.to_thread(server.append, raw, box)
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path), inbox):
        await until(lambda: len(inbox.arrivals) == len(sent))
    assert [arrival.raw for arrival in inbox.arrivals] == sent
    first = inbox.arrivals[0].envelope
    assert first is not None
    assert first.mail_from == "n0@free.example"


async def test_a_new_message_is_told_by_the_server(server: Dovecot, box: str, tmp_path: Path) -> None:
    # Looked anew by itself it would be only after half an hour.
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path), inbox):
        await until(lambda: "imap" in inbox.positions or inbox.kept.is_set() or not inbox.troubles)
        for number in range(3):
            await asyncio.to_thread(server.append, message(number), box)
            await until(lambda: len(inbox.arrivals) == number + 1)  # noqa: B023 - awaited before the next round


async def test_judged_messages_go_where_their_cases_lie(server: Dovecot, box: str, tmp_path: Path) -> None:
    inbox = FakeInbox()
    chosen = settings(server, box, tmp_path, folders={"spam": f"{box}-Publicités"})
    for number in range(5):
        await asyncio.to_thread(server.append, message(number), box)
    async with following(chosen, inbox):
        await until(lambda: len(inbox.arrivals) == 5)
        went = dict(zip((each.external_id for each in inbox.arrivals), ["bagnolet", "spam", "bagnolet"], strict=False))
        inbox.went = went
        await until(lambda: len(inbox.kept_lines) == 2)
    assert len(server.uids(box)) == 2
    assert len(server.uids(f"{box}-Bureaux/bagnolet")) == 2
    assert len(server.uids(f"{box}-Publicit&AOk-s")) == 1


@pytest.mark.parametrize("observe", [True, False])
async def test_beside_an_old_process_every_message_stays(
    server: Dovecot, box: str, tmp_path: Path, *, observe: bool
) -> None:
    inbox = FakeInbox()
    raw = message("observed")
    inbox.went = {hashlib.sha256(raw).hexdigest(): "bagnolet"}
    await asyncio.to_thread(server.append, raw, box)
    watched = settings(server, box, tmp_path)
    running = await imap_channel.start_imap(Settings(imap=watched, rules=RulesSettings(observe=observe)), inbox)
    await until(lambda: len(inbox.arrivals) == 1)
    await until(lambda: observe or not (server.uids(box) or inbox.kept_lines))
    await running.stop()
    assert len(server.uids(box)) == (1 if observe else 0)
    assert len(inbox.kept_lines) == 0


async def test_a_mailbox_that_is_not_looked_at_is_not_well(
    server: Dovecot, box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = FakeInbox()
    await asyncio.to_thread(server.append, message("looked"), box)
    chosen = settings(server, box, tmp_path, poll_seconds=300.0)
    running = await imap_channel.start_imap(Settings(imap=chosen), inbox)
    assert running.health() is None, "it has not looked yet"
    await until(lambda: len(inbox.arrivals) == 1)
    await until(lambda: bool(REGISTRY.get_sample_value("dtm_channel_looked_seconds", {"channel": "imap"})))
    looked = time()
    monkeypatch.setattr(followed, "time", lambda: looked + 890.0)
    assert running.health() is None
    monkeypatch.setattr(followed, "time", lambda: looked + 1_200.0)
    assert running.health() == "imap was not looked at for 20 min"
    await running.stop()


async def test_nothing_is_marked_as_read(server: Dovecot, box: str, tmp_path: Path) -> None:
    await asyncio.to_thread(server.append, message("unread"), box)
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path, after="leave"), inbox):
        await until(lambda: len(inbox.arrivals) == 1)
    with imap(server) as client:
        client.select(f'"{box}"')
        assert client.uid("SEARCH", "UNSEEN")[1] == [b"1"]


async def test_flags_in_place_of_folders(server: Dovecot, box: str, tmp_path: Path) -> None:
    await asyncio.to_thread(server.append, message("flag"), box)
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path, after="flag"), inbox):
        await until(lambda: len(inbox.arrivals) == 1)
        inbox.went = {inbox.arrivals[0].external_id: "bagnolet"}
        await until(lambda: not inbox.kept_lines)
    with imap(server) as client:
        client.select(f'"{box}"')
        assert client.uid("SEARCH", "KEYWORD", "dtm-bagnolet")[1] == [b"1"]


async def test_cut_connections_and_stops_lose_and_double_nothing(server: Dovecot, box: str, tmp_path: Path) -> None:
    inbox = FakeInbox()
    chosen = settings(server, box, tmp_path)
    total, cuts = 120, 0
    for round_ in range(4):
        for number in range(total // 4):
            await asyncio.to_thread(server.append, message(f"{round_}-{number}"), box)
        async with following(chosen, inbox):
            await until(inbox.offered.is_set)
            cuts += await asyncio.to_thread(server.cut)
            await until(lambda: len(inbox.arrivals) >= (round_ * total) // 4 + 5)  # noqa: B023 - awaited in its round
            cuts += await asyncio.to_thread(server.cut)
    assert cuts >= 4
    async with following(chosen, inbox):
        await until(lambda: len(inbox.arrivals) == total)
    assert len({arrival.raw for arrival in inbox.arrivals}) == total


async def test_uids_that_are_given_anew_take_nothing_twice(server: Dovecot, box: str, tmp_path: Path) -> None:
    inbox = FakeInbox()
    chosen = settings(server, box, tmp_path, after="leave")
    for number in range(5):
        await asyncio.to_thread(server.append, message(number), box)
    async with following(chosen, inbox):
        await until(lambda: len(inbox.arrivals) == 5)
    before = MailboxPlace.read(inbox.positions["imap"].place)
    folder = server.folder / "mail" / box
    (folder / "dovecot-uidlist").unlink()
    for index in folder.glob("dovecot.index*"):
        index.unlink()
    await asyncio.to_thread(server.append, message("new"), box)
    async with following(chosen, inbox):
        await until(lambda: len(inbox.arrivals) == 6)
    after = MailboxPlace.read(inbox.positions["imap"].place)
    assert before is not None
    assert after is not None
    assert before.validity != after.validity


async def test_a_first_start_takes_only_what_comes_afterwards_unless_told(
    server: Dovecot, box: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(server.append, message("old"), box)
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path, since=None, poll_seconds=0.1), inbox) as follower:
        await until(lambda: not inbox.troubles and follower.address.endswith(box))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.append, message("young"), box)
        await until(lambda: len(inbox.arrivals) == 1)
    assert b"<young@" in inbox.arrivals[0].raw


async def test_what_comes_after_a_first_start_without_mail_is_not_missed(
    server: Dovecot, box: str, tmp_path: Path
) -> None:
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path, since=None), inbox):
        await until(lambda: "imap" in inbox.positions)
    await asyncio.to_thread(server.append, message("away"), box)
    async with following(settings(server, box, tmp_path, since=None), inbox):
        await until(lambda: len(inbox.arrivals) == 1)


async def test_what_lay_there_before_the_first_look_is_told_apart(server: Dovecot, box: str, tmp_path: Path) -> None:
    await asyncio.to_thread(server.append, message("old"), box)
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path), inbox):
        await until(lambda: len(inbox.arrivals) == 1)
        await asyncio.to_thread(server.append, message("young"), box)
        await until(lambda: len(inbox.arrivals) == 2)
    assert [each.envelope.backlog for each in inbox.arrivals if each.envelope] == [True, False]


async def test_a_large_message_is_cut_not_refused(server: Dovecot, box: str, tmp_path: Path) -> None:
    await asyncio.to_thread(server.append, message("large", 300_000), box)
    await asyncio.to_thread(server.append, message("small"), box)
    inbox = FakeInbox()
    async with following(settings(server, box, tmp_path, size_limit=100_000), inbox):
        await until(lambda: len(inbox.arrivals) == 2)
    assert len(inbox.arrivals[0].raw) == 100_000


async def test_wrong_credentials_are_an_alarm_at_once(server: Dovecot, box: str, tmp_path: Path) -> None:
    chosen = settings(server, box, tmp_path)
    (tmp_path / "password").write_text("wrong\n")
    inbox = FakeInbox()
    async with following(chosen, inbox):
        await until(lambda: "credentials" in inbox.troubles.get("imap", ""))
        (tmp_path / "password").write_text(f"{PASSWORD}\n")
        await until(lambda: not inbox.troubles)


async def test_a_password_that_cannot_be_read_is_told_by_its_setting_at_once(
    server: Dovecot, box: str, tmp_path: Path
) -> None:
    chosen = settings(server, box, tmp_path)
    (tmp_path / "password").rename(tmp_path / "elsewhere")
    inbox = FakeInbox()
    async with following(chosen, inbox):
        await until(lambda: "DTM_IMAP_PASSWORD_FILE: No such file" in inbox.troubles.get("imap", ""))
        (tmp_path / "elsewhere").rename(tmp_path / "password")
        await until(lambda: not inbox.troubles)


async def test_a_server_that_is_away_is_an_alarm_and_is_over_when_it_is_back(tmp_path: Path, server: Dovecot) -> None:
    inbox = FakeInbox()
    away = Dovecot(1, server.folder)
    async with following(settings(away, "INBOX", tmp_path), inbox):
        await until(lambda: "cannot be read" in inbox.troubles.get("imap", ""))


async def test_a_folder_that_there_is_not(server: Dovecot, tmp_path: Path) -> None:
    inbox = FakeInbox()
    async with following(settings(server, "nowhere", tmp_path), inbox):
        await until(lambda: "the folder nowhere cannot be opened (NO)" in inbox.troubles.get("imap", ""))


class RefusedError(StoreUnavailableError):
    """The store cannot hold it, whenever it is asked."""

    retry = False


class PickyInbox(FakeInbox):
    """Refuses what holds poison, with all that comes with it."""

    async def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> None:
        if any(b"<poison@" in arrival.raw for arrival in arrivals):
            raise RefusedError
        await super().accept(arrivals, position, kept)


async def test_a_poison_message_keeps_nobody(server: Dovecot, box: str, tmp_path: Path) -> None:
    for name in ("before", "poison", "behind"):
        await asyncio.to_thread(server.append, message(name), box)
    inbox = PickyInbox()
    async with following(settings(server, box, tmp_path), inbox):
        await until(lambda: len(inbox.arrivals) == 2)
        await until(lambda: "UID 2" in inbox.troubles.get("imap-left", ""))
    assert len(server.uids(box)) == 3


class Withholding(MailboxConnection):
    """A mailbox whose server keeps one message to itself, and another one at first."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        return {uid: 10 for uid in uids if uid != 4}

    async def messages(self, uids: Sequence[int], limit: int) -> dict[int, bytes]:
        assert limit
        self.asked += uids
        given = {1, *({2} if self.asked.count(2) > 1 else ())}
        return {uid: b"Subject: x\r\n\r\n" for uid in uids if uid in given}


async def test_what_a_server_does_not_hand_over_is_asked_for_again_and_told() -> None:
    bodies, left = await ImapMailbox(Withholding(), ImapSettings(), Selected(7, 5)).fetched([1, 2, 3, 4])
    assert list(bodies) == [1, 2]
    assert left == [3]
