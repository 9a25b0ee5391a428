"""Following a mailbox by Microsoft Graph: nothing missed, nothing twice, whatever the service answers in between.

The service is a fake that speaks what Microsoft documents, over real HTTP on loopback.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.ingest import Clock, graph
from dtm_contact.ingest.graph import GraphPlace, graph_follower
from dtm_contact.ingest.mailbox import MailboxFollower
from dtm_contact.ingest.oauth import TokenSource
from dtm_contact.model import is_sent_mail
from dtm_contact.settings import GraphSettings, OAuthSettings, RulesSettings, Settings
from dtm_contact.store import GroupCommitInbox, Store, open_store
from tests.ingest.inbox import FakeInbox
from tests.ingest.mailbox.fake_graph import CLIENT, CUT, SECRET, USER, FakeGraph, Fault, fake_graph
from tests.store.fresh import fresh_store

PATIENCE = 60.0
BEGAN = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
async def service() -> AsyncIterator[FakeGraph]:
    async with fake_graph() as served:
        yield served


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    with open_store(url) as opened:
        yield opened


def message(number: int | str, octets: int = 200) -> bytes:
    head = f"Return-Path: <n{number}@free.example>\r\nMessage-ID: <{number}@free.example>\r\n\r\n"
    return head.encode() + b"a" * octets + b"\r\n"


def settings(service: FakeGraph, tmp_path: Path, **values: object) -> Settings:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    chosen: dict[str, object] = {
        "url": service.url, "user": USER, "since": "2000-01-01", "pause": 0.02, "longest_pause": 0.1,
        "poll_seconds": 0.05, **values,
    }  # fmt: skip
    oauth = OAuthSettings(token_url=service.token_url, client_id=CLIENT, secret_file=secret)
    return Settings(graph=GraphSettings.model_validate(chosen), oauth=oauth)


@asynccontextmanager
async def following(
    chosen: Settings, inbox: FakeInbox, clock: Clock = lambda: datetime.now(UTC)
) -> AsyncIterator[MailboxFollower]:
    tokens = TokenSource(chosen.oauth, chosen.graph.scope, None)
    follower = graph_follower("graph", chosen.graph, inbox, tokens, clock)
    follower.start()
    try:
        yield follower
    finally:
        await follower.stop()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


async def test_messages_come_by_their_time_as_they_are_over_many_pages(service: FakeGraph, tmp_path: Path) -> None:
    sent = [service.deliver(message(number)).raw for number in range(35)]
    inbox = FakeInbox()
    async with following(settings(service, tmp_path), inbox):
        await until(lambda: len(inbox.arrivals) == len(sent))
        sent.append(service.deliver(message("later")).raw)
        await until(lambda: len(inbox.arrivals) == len(sent))
    assert [arrival.raw for arrival in inbox.arrivals] == sent
    first = inbox.arrivals[0]
    assert (first.channel, first.media_type, first.external_id) == ("graph", "message/rfc822", "AAkALg0001=")
    assert first.envelope is not None
    assert first.envelope.mail_from == "n0@free.example"
    # Pages were followed, and the changes alone afterwards.
    assert len(service.forms) == 1
    assert sum("$value" in path for _method, path in service.heard) == len(sent)


async def test_judged_messages_go_where_their_cases_lie_once_they_are_stored(
    service: FakeGraph, tmp_path: Path
) -> None:
    inbox = FakeInbox()
    inbox.gate.clear()
    lying = [service.deliver(message(number)) for number in range(4)]
    inbox.went = {lying[0].id: "bagnolet", lying[1].id: "spam", lying[2].id: "bagnolet"}
    async with following(settings(service, tmp_path, queue_folder="Bureaux d'ici/{queue}"), inbox):
        await until(inbox.offered.is_set)
        assert not [path for method, path in service.heard if method == "POST" and "mailFolders" in path]
        inbox.gate.set()
        await until(lambda: len(inbox.kept_lines) == 1)
    assert service.lying_in("Bureaux d'ici/bagnolet") == [lying[0].raw, lying[2].raw]
    assert service.lying_in("Publicités") == [lying[1].raw]
    assert lying[3].folder == "inbox"
    assert len(inbox.arrivals) == 4


async def test_what_somebody_has_moved_meanwhile_stays_where_they_laid_it(service: FakeGraph, tmp_path: Path) -> None:
    inbox = FakeInbox()
    lying = service.deliver(message("moved"))
    async with following(settings(service, tmp_path), inbox):
        await until(lambda: inbox.kept_lines)
        lying.folder = "sentitems"
        inbox.went = {lying.id: "bagnolet"}
        await until(lambda: not inbox.kept_lines)
    assert lying.folder == "sentitems"


async def test_categories_in_place_of_folders(service: FakeGraph, tmp_path: Path) -> None:
    inbox = FakeInbox()
    lying = service.deliver(message("flag"))
    lying.categories = ["Rouge"]
    inbox.went = {lying.id: "bagnolet"}
    async with following(settings(service, tmp_path, after="flag"), inbox):
        await until(lambda: inbox.arrivals and not inbox.kept_lines)
    assert (lying.folder, lying.categories) == ("inbox", ["Rouge", "dtm-bagnolet"])


@pytest.mark.parametrize("observe", [True, False])
async def test_beside_an_old_process_every_message_stays(service: FakeGraph, tmp_path: Path, *, observe: bool) -> None:
    inbox = FakeInbox()
    lying = service.deliver(message("observed"))
    inbox.went = {lying.id: "bagnolet"}
    chosen = settings(service, tmp_path).model_copy(update={"rules": RulesSettings(observe=observe)})
    running = await graph.start_graph(chosen, inbox)
    await until(lambda: inbox.arrivals)
    await until(lambda: observe or lying.folder != "inbox")
    await running.stop()
    assert (lying.folder == "inbox") is observe


async def test_the_folder_of_sent_mail_is_read_and_left_alone(service: FakeGraph, tmp_path: Path) -> None:
    inbox = FakeInbox()
    service.deliver(message("came"))
    sent = service.deliver(message("went"), "sentitems")
    running = await graph.start_graph_sent(settings(service, tmp_path), inbox)
    await until(lambda: inbox.arrivals)
    await running.stop()
    assert [(each.channel, each.raw) for each in inbox.arrivals] == [("graph_sent", sent.raw)]
    assert inbox.kept_lines == {}
    assert is_sent_mail("graph_sent")


FAULTS = {
    "a token that has run out": {"$value": [Fault(401)]},
    "a token that has run out, in a list": {"delta": [Fault(401)]},
    "too many requests": {"$value": [Fault(429, {"retry-after": "0"})], "delta": [Fault(429)]},
    "trouble of the service": {"delta": [Fault(500)], "$value": [Fault(503), Fault(500), Fault(502)]},
    "a list that is cut short": {"delta": [CUT]},
    "a message that is cut short": {"$value": [CUT, CUT]},
    "a list that is no JSON object": {"delta": [Fault(200, body={"value": None})]},
    "a link that leads elsewhere": {
        "delta": [Fault(200, body={"value": [], "@odata.nextLink": "http://127.0.0.1:1/v1.0/steal"})]
    },
    "no more tokens for a while": {"token": [Fault(500), Fault(429)]},
}


@pytest.mark.parametrize("name", FAULTS)
async def test_no_trouble_loses_or_doubles_a_message(service: FakeGraph, tmp_path: Path, name: str) -> None:
    sent = [service.deliver(message(number)).raw for number in range(12)]
    service.faults = {word: list(found) for word, found in FAULTS[name].items()}
    inbox = FakeInbox()
    async with following(settings(service, tmp_path), inbox):
        await until(lambda: len(inbox.arrivals) == len(sent) and not any(service.faults.values()))
        service.faults = {word: list(found) for word, found in FAULTS[name].items()}
        service.withdraw_tokens()
        sent.append(service.deliver(message("later")).raw)
        await until(lambda: len(inbox.arrivals) == len(sent))
        await until(lambda: not inbox.troubles)
    assert [arrival.raw for arrival in inbox.arrivals] == sent


async def test_a_service_that_asks_for_rest_is_left_alone_for_so_long(
    service: FakeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.faults["delta"] = [Fault(429, {"retry-after": "120"})]
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(min(seconds, 0.01))

    monkeypatch.setattr("dtm_contact.ingest.mailbox.asyncio.sleep", sleep)
    service.deliver(message("patient"))
    inbox = FakeInbox()
    async with following(settings(service, tmp_path), inbox):
        await until(lambda: inbox.arrivals)
    assert slept.count(120.0) == 1


async def test_a_message_that_vanishes_before_it_is_fetched_is_passed_over(service: FakeGraph, tmp_path: Path) -> None:
    before = service.deliver(message("before"))
    vanishes = service.deliver(message("vanishes"))
    service.faults[vanishes.id] = [Fault(404, body={"error": {"code": "ErrorItemNotFound"}})]
    service.deliver(message("behind"))
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, after="leave"), inbox):
        await until(lambda: len(inbox.arrivals) == 2)
        del service.messages[before.id]
        service.deliver(message("later"))
        await until(lambda: len(inbox.arrivals) == 3)
    assert inbox.troubles == {}


async def test_changes_that_the_service_has_forgotten_are_listed_anew_and_taken_once(
    service: FakeGraph, tmp_path: Path
) -> None:
    service.deliver(message("known"))
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, after="leave"), inbox):
        await until(lambda: "graph" in inbox.positions and GraphPlace.read(inbox.positions["graph"].place).link)
    service.links.clear()
    away = service.deliver(message("away"))
    service.heard.clear()
    async with following(settings(service, tmp_path, after="leave"), inbox):
        await until(lambda: len(inbox.arrivals) == 2)
    fetched = [path for _method, path in service.heard if path.endswith("$value")]
    assert fetched == [f"/v1.0/users/{USER}/messages/{away.id}/$value"]


async def test_a_message_that_the_service_never_hands_over_keeps_nobody(service: FakeGraph, tmp_path: Path) -> None:
    service.deliver(message("before"))
    withheld = service.deliver(message("withheld"))
    service.deliver(message("behind"))
    service.faults[withheld.id] = [Fault(500)] * 5
    inbox = FakeInbox()
    async with following(settings(service, tmp_path), inbox):
        await until(lambda: len(inbox.arrivals) == 2)
        await until(lambda: "graph-left" in inbox.troubles)
    assert "does not hand it over" in inbox.troubles["graph-left"]
    assert [b"<before" in each.raw or b"<behind" in each.raw for each in inbox.arrivals] == [True, True]


async def test_a_first_start_takes_only_what_comes_afterwards_unless_told(service: FakeGraph, tmp_path: Path) -> None:
    service.deliver(message("old"), received_at=BEGAN - timedelta(days=3))
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, since=None), inbox, lambda: BEGAN):
        await until(lambda: "graph" in inbox.positions and GraphPlace.read(inbox.positions["graph"].place).link)
        service.deliver(message("young"), received_at=BEGAN + timedelta(minutes=1))
        # Laid into the folder by somebody, who wants it to be seen to.
        service.deliver(message("moved in"), received_at=BEGAN - timedelta(days=9))
        await until(lambda: len(inbox.arrivals) == 2)
    assert [b"<old@" in arrival.raw for arrival in inbox.arrivals] == [False, False]


async def test_what_lay_there_before_the_first_look_is_told_apart(service: FakeGraph, tmp_path: Path) -> None:
    service.deliver(message("too old"), received_at=BEGAN - timedelta(days=30))
    service.deliver(message("old"), received_at=BEGAN - timedelta(days=3))
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, since="2026-11-20"), inbox, lambda: BEGAN):
        await until(lambda: len(inbox.arrivals) == 1)
        service.deliver(message("young"), received_at=BEGAN + timedelta(minutes=1))
        await until(lambda: len(inbox.arrivals) == 2)
    assert [each.envelope.backlog for each in inbox.arrivals if each.envelope] == [True, False]


async def test_a_large_message_is_cut_not_refused(service: FakeGraph, tmp_path: Path) -> None:
    service.deliver(message("large", 300_000))
    service.deliver(message("small"))
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, size_limit=100_000), inbox):
        await until(lambda: len(inbox.arrivals) == 2)
    assert len(inbox.arrivals[0].raw) == 100_000


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"delta": [Fault(403, body={"error": {"code": "ErrorAccessDenied"}})] * 50}, "ErrorAccessDenied.*Mail.Read"),
        ({"token": [Fault(401, body={"error": "invalid_client"})] * 50}, "invalid_client; .*DTM_OAUTH_SECRET_FILE"),
        ({"mailFolders": [Fault(404, body={"error": {"code": "ErrorInvalidUser"}})] * 50}, "ErrorInvalidUser"),
    ],
)
async def test_what_needs_a_person_is_an_alarm_that_says_what_to_do_and_ends(
    service: FakeGraph, tmp_path: Path, fault: dict[str, list[Fault]], says: str
) -> None:
    inbox = FakeInbox()
    service.faults = fault
    async with following(settings(service, tmp_path), inbox):
        await until(lambda: re.search(says, inbox.troubles.get("graph", "")))
        service.faults = {}
        await until(lambda: not inbox.troubles)


async def test_a_folder_that_there_is_not(service: FakeGraph, tmp_path: Path) -> None:
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, folder="Rien/ici"), inbox):
        await until(lambda: "there is no folder Rien/ici" in inbox.troubles.get("graph", ""))


async def test_a_mailbox_of_nobody_is_told_by_its_setting(service: FakeGraph, tmp_path: Path) -> None:
    inbox = FakeInbox()
    async with following(settings(service, tmp_path, user=""), inbox):
        await until(lambda: "DTM_GRAPH_USER" in inbox.troubles.get("graph", ""))


async def test_kills_at_any_moment_lose_and_double_nothing(service: FakeGraph, tmp_path: Path, store: Store) -> None:
    """Each time the follower ends without a word, before, within or after a commit, and goes on from the real store."""
    sent: list[bytes] = []
    whole = settings(service, tmp_path, after="leave")
    chosen, tokens = whole.graph, TokenSource(whole.oauth, "", None)
    for turn in range(12):
        sent += [service.deliver(message(f"{turn}-{number}")).raw for number in range(7)]
        inbox = GroupCommitInbox(store)
        follower = graph_follower("graph", chosen, inbox, tokens, lambda: datetime.now(UTC))
        heard = len(service.heard)
        follower.start()
        await until(lambda: len(service.heard) > heard + turn)  # noqa: B023 - awaited in its turn
        await follower.stop()
        await inbox.close()
    inbox = GroupCommitInbox(store)
    follower = graph_follower("graph", chosen, inbox, tokens, lambda: datetime.now(UTC))
    follower.start()
    await until(lambda: store.arrivals.waiting() >= len(sent))
    await follower.stop()
    await inbox.close()
    taken = [bytes(stored.arrival.raw) for _ in sent if (stored := store.arrivals.claim("worker", BEGAN)) is not None]
    assert sorted(taken) == sorted(sent)
