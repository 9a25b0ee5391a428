"""Who is told at once of a case, by the decision, the queues and the directory."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dtm_contact.directory import Caretaker, Directory, Records
from dtm_contact.explain.names import Names
from dtm_contact.model import (
    CaseKind,
    Evidence,
    Likely,
    Mailbox,
    Match,
    OnDuty,
    Outgoing,
    OutgoingKind,
    Priority,
    UnwrittenNotice,
    Wish,
    Wished,
    Withheld,
)
from dtm_contact.outbound import Answering
from dtm_contact.outbound.notices import Correction, notices
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.tokens import CaseTokens
from tests.rules.cast import DIRECTORY as CAST
from tests.rules.folders import GOOD, overlay
from tests.rules.once import load_once
from tests.store.samples import arrival, judgement

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
DIRECTORY = Directory(
    Records(caretakers=(Caretaker("C1", "Mme", "Dupont", "Anne", "anne@bailleur.example", "", "", "nord"),))
)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    folder: Path = overlay(GOOD, tmp_path_factory.mktemp("notices") / "rules")
    with (folder / "queues.yaml").open("a", encoding="utf-8") as file:
        file.write("caretaker_away: renfort@bailleur.example\n")
    return load_once(folder)


@pytest.mark.parametrize(
    ("on_duty", "told"),
    [
        ((OnDuty("C1"),), ["astreinte@bailleur.example", "anne@bailleur.example"]),
        ((OnDuty(None, "C1"),), ["astreinte@bailleur.example", "renfort@bailleur.example"]),
        ((), ["astreinte@bailleur.example"]),
    ],
    ids=["on duty", "away without replacement", "place unknown"],
)
def test_who_is_told(rules: RuleSet, on_duty: tuple[OnDuty, ...], told: list[str]) -> None:
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", match=Match(caretakers=on_duty))
    judged = replace(judged, decision=replace(judged.decision, notify=("on_call", "caretaker")))
    names = Names(DIRECTORY, {}, ZoneInfo("Europe/Paris"))
    found = notices(judged, "2026-000001", rules, DIRECTORY, names, now=NOW)
    assert [notice.to for notice in found] == told


@pytest.mark.parametrize("hurt", [False, True])
def test_whoever_was_told_a_wrong_place_is_told_the_right_one(rules: RuleSet, *, hurt: bool) -> None:
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", match=Match(caretakers=(OnDuty("C1"),)))
    judged = replace(
        judged,
        decision=replace(judged.decision, notify=("on_call", "caretaker")),
        understanding=replace(judged.understanding, violence_at_home=hurt),
    )
    corrects = Correction("3 rue Hoche", ("loge@bailleur.example", "astreinte@bailleur.example"), "4")
    names = Names(DIRECTORY, {}, ZoneInfo("Europe/Paris"))
    found = {
        each.to: each for each in notices(judged, "2026-000001", rules, DIRECTORY, names, now=NOW, corrects=corrects)
    }
    assert set(found) == {"astreinte@bailleur.example", "anne@bailleur.example", "loge@bailleur.example"}
    assert all("Adresse corrigée" in each.subject and each.once == "corrected 4" for each in found.values())
    assert "Ce n'est pas : 3 rue Hoche" in found["loge@bailleur.example"].text
    # Of somebody hurt at home whoever has nothing to do there learns no more than that.
    assert ("ailleurs" in found["loge@bailleur.example"].text) is hurt
    assert ("Premiers mots" in found["loge@bailleur.example"].text) is not hurt


def test_an_address_that_is_none_costs_its_own_notice_and_no_other(rules: RuleSet) -> None:
    (caretaker,) = DIRECTORY.records.caretakers
    directory = Directory(Records(caretakers=(replace(caretaker, email="anne@bailleur@example"),)))
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", match=Match(caretakers=(OnDuty("C1"),)))
    judged = replace(judged, decision=replace(judged.decision, notify=("caretaker", "on_call")))
    said: list[str] = []
    answering = Answering(Settings(), CaseTokens(b"0" * 32, "us@bailleur.example"), report_unnotified=said.append)
    written = answering.written(arrival(), judged, "2026-000001", (rules, directory), NOW)
    unwritten, on_call = written
    assert unwritten == UnwrittenNotice("caretaker: anne@bailleur@example", Withheld.NO_ADDRESS)
    assert isinstance(on_call, Outgoing)
    assert (on_call.kind, on_call.to) == (OutgoingKind.NOTICE, "astreinte@bailleur.example")
    (told,) = said
    assert "2026-000001" in told
    assert "caretaker" in told
    assert "anne" not in told


@pytest.mark.parametrize(
    ("residence", "told"),
    [("R01", "« 9 rue Hoche bât. D, au 3e » ({})"), (None, "« 9 rue Hoche bât. D, au 3e » (lieu non reconnu)")],
)
def test_an_address_whose_dwelling_is_not_known_is_told_as_it_was_written(
    rules: RuleSet, residence: str | None, told: str
) -> None:
    written = Evidence("place.street", 8.0, "9 rue Hoche\n bât. D, au 3e")
    match = Match(residence=Likely(residence, 0.99) if residence else None, place_evidence=(written,))
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", match=match)
    judged = replace(judged, decision=replace(judged.decision, notify=("on_call", "loge@bailleur.example")))
    names = Names(CAST, {}, ZoneInfo("Europe/Paris"))
    where = told.format(f"{CAST.residences['R01'].name}, {CAST.residences['R01'].commune}")
    for notice in notices(judged, "2026-000001", rules, CAST, names, now=NOW):
        assert f"Où : {where}\n" in notice.text
        assert where in notice.subject
    # What somebody wrote may tell their floor: of whoever must not be named nobody but those on call is told it.
    wished = (Wished(Wish.ANONYMOUS, Evidence("wish.word", 1.0, "")),)
    judged = replace(judged, understanding=replace(judged.understanding, wishes=wished))
    on_call, other = notices(judged, "2026-000001", rules, CAST, names, now=NOW)
    assert "9 rue Hoche" in on_call.text
    assert "9 rue Hoche" not in f"{other.subject}{other.text}"


def test_who_does_not_want_to_be_named_is_told_only_to_those_on_call(rules: RuleSet) -> None:
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", match=Match(caretakers=(OnDuty("C1"),)))
    judged = replace(
        judged,
        contact=replace(judged.contact, new_text="Ne dites pas que ça vient de moi. Mme Laporte, porte 12."),
        decision=replace(judged.decision, notify=("on_call", "caretaker")),
        understanding=replace(judged.understanding, wishes=(Wished(Wish.ANONYMOUS, Evidence("wish.word", 1.0, "")),)),
    )
    names = Names(DIRECTORY, {}, ZoneInfo("Europe/Paris"))
    on_call, caretaker = notices(judged, "2026-000001", rules, DIRECTORY, names, now=NOW)
    assert "Laporte" in on_call.text
    assert "Laporte" not in caretaker.text
    assert all("ne veut pas être nommé" in notice.text for notice in (on_call, caretaker))


def test_whoever_is_not_to_be_named_has_no_name_in_the_words_and_an_entrance_for_the_caretaker(rules: RuleSet) -> None:
    whom = Match(tenant=Likely("T01", 0.99), dwelling=Likely("L01", 0.99), caretakers=(OnDuty("C1"),))
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", match=whom)
    judged = replace(
        judged,
        contact=replace(judged.contact, sender=Mailbox("Fatoumata Barry", ""), new_text="C'est Mme BARRY, ça brûle."),
        decision=replace(judged.decision, notify=("on_call", "address@bailleur.example")),
        understanding=replace(judged.understanding, wishes=(Wished(Wish.ANONYMOUS, Evidence("wish.word", 1.0, "")),)),
    )
    names = Names(CAST, {}, ZoneInfo("Europe/Paris"))
    on_call, other = notices(judged, "2026-000001", rules, CAST, names, now=NOW)
    assert "BARRY" not in on_call.text
    assert "C'est Mme […] ça brûle." in on_call.text
    address = CAST.address_of("L01")
    assert address is not None
    assert f"{address.house_number} {address.street}" in other.text
    assert "ça brûle" not in other.text
