"""Other rules, and what they would have done with what came in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.cases.rerouting import Reroute, reroute
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, Priority
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rehearsal.replay import Replay, ReplayProposal, replay
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings, StoreSettings
from dtm_contact.store import Store, case_transaction, open_store
from dtm_contact.topics import Effect, Phrase
from tests.store.fresh import fresh_store

ROOT = Path(__file__).parents[2]
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Early on a working day: nine hours on the offices are still open, and no rule for the night decides."""
MATTERS = ("Fuite au plafond, l'eau coule", "L'ascenseur est en panne", "Ma quittance de loyer pour octobre ?")


def message(number: int) -> bytes:
    return (
        f"From: Locataire <l{number}@tenant.example>\r\nSubject: Demande\r\nMessage-ID: <{number}@tenant.example>\r\n"
        f"\r\nBonjour, {MATTERS[number % 3]}. Merci.\r\n"
    ).encode()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A store with nine cases, one an hour."""
    fresh_store(settings.store.url)
    with open_store(settings.store.url) as opened:
        records, _warnings = read_export(ROOT / "tests" / "directory" / "good")
        opened.directory.save(records, "import", START)
        grounds = Grounds.build(Directory(records), load_rules(ROOT / "rules"), settings)
        for number in range(9):
            at = START + timedelta(hours=number)
            opened.arrivals.accept([Arrival("file", f"m{number}", at, "message/rfc822", None, message(number))])
            claimed = opened.arrivals.claim("test", at)
            assert claimed is not None
            with opened.history(claimed.arrival) as history:
                judgement = judge(claimed.arrival, at, grounds, history)
            opened.cases.record(claimed, judgement, as_json(judgement), at)
        yield opened


@pytest.fixture
def proposed(tmp_path: Path) -> Path:
    folder = tmp_path / "proposed"
    shutil.copytree(ROOT / "rules", folder)
    routing = (folder / "routing.yaml").read_text("utf-8")
    rule = "- id: essai\n  when: {topic: elevator}\n  then: {queue: agence-sinistres, priority: P2}\n"
    (folder / "routing.yaml").write_text(routing.replace("- id: fuite\n", f"{rule}- id: fuite\n"), "utf-8")
    return folder


def replayed(settings: Settings, folder: Path, *, with_topics: bool = False, processes: int = 1) -> Replay:
    return replay(settings, ReplayProposal(folder, with_topics), START, processes=processes)


@pytest.mark.parametrize("with_topics", [False, True])
def test_the_same_rules_move_nothing(settings: Settings, store: Store, *, with_topics: bool) -> None:
    assert store.arrivals.waiting() == 0
    found = replayed(settings, ROOT / "rules", with_topics=with_topics)
    assert (found.judged, found.moved, found.failures) == (9, (), ())
    assert found.models == ((load_rules(ROOT / "rules").model_version, 9),)


def test_what_other_rules_move_is_told_in_the_order_of_time_with_the_reason(
    settings: Settings, store: Store, proposed: Path
) -> None:
    assert store.arrivals.waiting() == 0
    found = replayed(settings, proposed)
    assert [moved.received_at for moved in found.moved] == [START + timedelta(hours=hour) for hour in (1, 4, 7)]
    first = found.moved[0]
    assert (first.before.queue, first.after.queue) == ("agence-accueil", "agence-sinistres")
    assert (first.before.rule, first.after.rule) == ("routing.yaml:pannes", "routing.yaml:essai")
    assert (first.elsewhere, first.open, first.is_first, first.by_hand) == (True, True, True, False)
    assert first.why == "topic: elevator"


def test_phrases_count_only_where_they_are_asked_for(settings: Settings, store: Store, proposed: Path) -> None:
    assert store.arrivals.waiting() == 0
    shutil.copyfile(ROOT / "rules" / "routing.yaml", proposed / "routing.yaml")
    (proposed / "phrases-plus.yaml").write_text("version: 1\ntopic: [{phrase: quittance, topic: works}]\n", "utf-8")
    assert replayed(settings, proposed).moved == ()
    found = replayed(settings, proposed, with_topics=True)
    assert [(moved.before.topic, moved.after.topic) for moved in found.moved] == [("documents", "works")] * 3


def test_a_phrase_is_tried_against_what_the_same_rules_say_today(
    settings: Settings, store: Store, proposed: Path
) -> None:
    assert store.arrivals.waiting() == 0
    phrases = (Phrase.parse("quittance de loyer", Effect.POSSIBLE), Phrase.parse("pas de fuite", Effect.FRAIL))
    found = replay(settings, ReplayProposal(proposed, True, phrases, against=proposed), START, processes=1)
    assert (found.judged, found.said) == (9, 3)
    assert [(moved.before.alarm, moved.after.alarm, moved.danger) for moved in found.moved] == [
        ("none", "possible", True)
    ] * 3
    assert [moved.received_at for moved in found.moved] == [START + timedelta(hours=hour) for hour in (2, 5, 8)]


def test_several_processes_find_the_same(settings: Settings, store: Store, proposed: Path) -> None:
    assert store.arrivals.waiting() == 0
    assert replayed(settings, proposed, processes=2) == replayed(settings, proposed)


def target(number: str, was_in: str = "agence-accueil") -> Reroute:
    due = START + timedelta(days=1)
    return Reroute(number, was_in, "agence-sinistres", "O0", Priority.P2, due, "routing.yaml:essai", "v2")


def test_an_open_case_is_moved_with_an_event(store: Store) -> None:
    number = store.cases.queue("agence-accueil")[0].number
    assert reroute(store, target(number), "chef", START)
    file = store.cases.get(number)
    assert (file.case.queue, file.case.priority, file.case.rule) == (
        "agence-sinistres",
        Priority.P2,
        "routing.yaml:essai",
    )
    told = file.events[-1]
    assert (told.who, told.what, told.data["asked_by"], told.data["rules_version"]) == (
        "rules",
        "rerouted",
        "chef",
        "v2",
    )
    assert not reroute(store, target(number), "chef", START)


@pytest.mark.parametrize("change", [{"owner": "anne"}, {"by_hand": ("queue",)}, {"state": "closed"}], ids=str)
def test_what_an_agent_has_in_hand_stays(store: Store, change: dict[str, object]) -> None:
    number = store.cases.queue("agence-accueil")[0].number
    with case_transaction(store.database, "anne", START) as work:
        work.change(work.lock(number)[0], **change)
    assert not reroute(store, target(number), "chef", START)
    assert store.cases.get(number).case.queue == "agence-accueil"


def test_what_the_rules_moved_can_be_moved_back(settings: Settings, store: Store, proposed: Path) -> None:
    (first, *_) = replayed(settings, proposed).moved
    assert first.case_number is not None
    assert reroute(store, target(first.case_number), "chef", START)
    assert sum(moved.elsewhere for moved in replayed(settings, proposed).moved) == 2
    (back,) = replayed(settings, ROOT / "rules").moved
    assert (back.case_number, back.before.queue, back.after.queue) == (
        first.case_number,
        "agence-sinistres",
        "agence-accueil",
    )
