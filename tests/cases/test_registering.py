"""The register by verbs: what may be entered, by whom, how it ends and is taken back, and whom a case may answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dtm_contact.cases import (
    Command,
    NeverUsedError,
    RefusedError,
    UnprovenAddressError,
    WrongArgumentError,
    WrongStateError,
    apply,
)
from dtm_contact.directory import Directory
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import EntryKind, Likely, Mailbox, Match
from dtm_contact.pipeline import Grounds
from dtm_contact.store import RegisterEntry, Visibility
from tests.cases.conftest import Desk
from tests.cases.test_reply import OUTBOUND, sent
from tests.store.samples import NOW, judgement, minutes

TODAY = NOW.date()
T01 = Match(tenant=Likely("T01", 0.99), dwelling=Likely("L01", 0.99), residence=Likely("R01", 0.99))
EMAILS = {"T01": "nadia@free.example", "T02": "marc@free.example"}
CONSENT: dict[str, Any] = {"kind": "sms_consent", "value": "given", "words": "Mme Benali, au téléphone"}
ORDER: dict[str, Any] = {"kind": "protection", "value": "order", "reference": "RG 24/01234"}


@pytest.fixture
def sending(desk: Desk, grounds: Grounds) -> Desk:
    """Return a desk that sends, over people who have addresses: T01 and T02 share L01."""
    records = grounds.directory.records
    leases = tuple(replace(each, email=EMAILS.get(each.tenant_id, "")) for each in records.leases)
    settings = grounds.settings.model_copy(update={"outbound": OUTBOUND})
    desk.grounds = replace(grounds, settings=settings, directory=Directory(replace(records, leases=leases)))
    return desk


def opened(desk: Desk, external_id: str = "one", sender: str = "nadia@free.example", *proven: str, **of: Any) -> str:
    judged = judgement(queue="bagnolet", match=replace(T01, proven=proven))
    contact = replace(judged.contact, sender=Mailbox("Nadia", sender), **of)
    return desk.take_in(
        external_id, replace(judged, contact=contact, joining=replace(judged.joining, proven=bool(proven)))
    )


def alone(desk: Desk, verb: str, actor: str = "paul", visibility: Visibility | None = None, **arguments: Any) -> None:
    """Do something in no case."""
    command = Command(verb, actor, "", arguments)
    apply(desk.store, replace(command, visibility=visibility) if visibility else command, NOW, lambda: desk.grounds)


def entries(desk: Desk, tenant_id: str = "T01") -> list[RegisterEntry]:
    return desk.store.desk.register([tenant_id])


PROTECTION = {"code": "register_entry", "args": {"kind": "protection", "value": ""}}
"""All that is kept of a protection beside its entry: that it is one."""


def in_force(desk: Desk) -> list[tuple[str, str]]:
    return [(each.kind.value, each.value) for each in entries(desk) if each.in_force(TODAY)]


def test_an_entry_knows_who_entered_it_when_and_in_which_case(desk: Desk) -> None:
    number = desk.open(match=T01)
    done = desk.do(number, "register", **CONSENT, since="2026-11-02", until="2027-11-02")
    (found,) = entries(desk)
    assert (found.kind, found.value, found.words) == (EntryKind.SMS_CONSENT, "given", "Mme Benali, au téléphone")
    assert (found.entered_by, found.entered_at, found.case_number) == ("paul", NOW, number)
    assert (found.since.isoformat(), str(found.until)) == ("2026-11-02", "2027-11-02")
    (event,) = done.events
    assert (event.what, event.data["entry"]["args"]) == ("registered", {"kind": "sms_consent", "value": "given"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"kind": "language", "value": "PT"}, "pt"),
        ({"kind": "reach", "value": "no_phone", "words": "n'entend pas"}, "no_phone"),
        ({"kind": "never", "value": "Couple@Free.example"}, "couple@free.example"),
        ({"kind": "never", "value": "06 12 34 56 78"}, "+33612345678"),
        ({"kind": "protection", "value": "confidential"}, "confidential"),
        (ORDER, "order"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_kind_is_kept_by_its_key(desk: Desk, given: dict[str, Any], kept: str) -> None:
    desk.do(desk.open(match=T01), "register", **given)
    assert in_force(desk) == [(given["kind"], kept)]


# What is asked, and why it is refused.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "story", "value": "x"}, "kind"),
    ({"kind": "language", "value": "<b>pt</b>"}, "code de deux ou trois lettres"),
    ({"kind": "language", "value": ""}, "value"),
    ({"kind": "language", "value": "pt", "words": "elle lit mal"}, "pas de texte libre"),
    ({"kind": "reach", "value": "pigeon"}, "le moyen est un de"),
    ({"kind": "reach", "value": "phone", "words": "x" * 201}, "words"),
    ({"kind": "reach", "value": "phone", "words": "après\x0717 h"}, "caractère de commande"),
    ({"kind": "reach", "value": "phone", "words": "après\u202e17 h"}, "caractère de commande"),
    ({"kind": "reach", "value": "phone", "reference": "RG 1"}, "seule une protection"),
    ({"kind": "sms_consent", "value": "given"}, "dites qui a donné l'accord"),
    ({"kind": "never", "value": "le portable de son mari"}, "ni une adresse électronique ni un numéro"),
    ({"kind": "never", "value": "a@b@c"}, "ni une adresse électronique ni un numéro"),
    ({"kind": "never", "value": "no-reply@free.example"}, "une machine écrit"),
    ({**ORDER, "words": "contre son mari"}, "pas de texte libre"),
    ({**ORDER, "reference": "contre Marc Benali, né en 1970"}, "un numéro"),
    ({**ORDER, "reference": "son mari"}, "un numéro"),
    ({**ORDER, "reference": "1" * 41}, "reference"),
    ({"kind": "language", "value": "pt", "since": "2026-11-25"}, "aujourd'hui ou avant"),
    ({"kind": "language", "value": "pt", "since": "1066-10-14"}, "aujourd'hui ou avant"),
    ({"kind": "language", "value": "pt", "since": "hier"}, "since"),
    ({"kind": "language", "value": "pt", "until": "2026-11-23"}, "dernier jour"),
    ({"kind": "language", "value": "pt", "until": "2099-01-01"}, "dernier jour"),
    ({"kind": "language", "value": "pt", "until": "2027-02-30"}, "until"),
    ({"kind": "language", "value": "pt", "tenant": "T99"}, "l'annuaire n'a pas de locataire T99"),
    ({"kind": "language", "value": "pt", "unknown": 1}, "unknown"),
]


@pytest.mark.parametrize(("given", "why"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_cannot_be_entered_is_told_and_changes_nothing(desk: Desk, given: dict[str, Any], why: str) -> None:
    number = desk.open(match=T01)
    with pytest.raises(RefusedError, match=f"(?i){why}"):
        desk.do(number, "register", **given)
    assert entries(desk) == []
    assert desk.happened(number) == ["opened"]


@pytest.mark.parametrize("entry", [0, -1, 99, 2**70, "x", None])
def test_an_entry_that_is_not_there_cannot_be_ended(desk: Desk, entry: Any) -> None:
    number = desk.open(match=T01)
    with pytest.raises(RefusedError, match=r"(?i)n'existe pas au registre|entry"):
        desk.do(number, "register_end", entry=entry)


def test_what_is_there_already_is_refused_and_what_differs_replaces_it(desk: Desk) -> None:
    number = desk.open(match=T01)
    desk.do(number, "register", kind="language", value="pt")
    with pytest.raises(WrongStateError, match=r"(?i)déjà au registre"):
        desk.do(number, "register", kind="language", value="pt")
    desk.do(number, "register", kind="language", value="ar", at=minutes(1))
    first, second = entries(desk)
    assert (first.value, first.ended_by, text_of(first.ended_why)) == ("pt", "paul", "remplacé")
    assert second.in_force(TODAY)
    desk.do(number, "undo")
    assert in_force(desk) == [("language", "pt")]
    desk.do(number, "register", kind="reach", value="phone", words="après 17 h")
    desk.do(number, "register", kind="reach", value="mail")
    assert in_force(desk) == [("language", "pt"), ("reach", "phone"), ("reach", "mail")]


def test_a_person_has_so_many_entries_and_no_more(desk: Desk) -> None:
    number = desk.open(match=T01)
    for each in range(40):
        desk.do(number, "register", kind="never", value=f"a{each}@free.example")
    with pytest.raises(WrongStateError, match=r"(?i)déjà 40"):
        desk.do(number, "register", kind="language", value="pt")


def test_what_ends_stays_and_an_undo_has_it_hold_again(desk: Desk) -> None:
    number = desk.open(match=T01)
    desk.do(number, "register", kind="language", value="pt")
    (found,) = entries(desk)
    desk.do(number, "register_end", "anne", entry=found.id, reason="parle français")
    (ended,) = entries(desk)
    assert (ended.ended_by, ended.ended_in, text_of(ended.ended_why)) == ("anne", number, "parle français")
    with pytest.raises(WrongStateError, match=r"(?i)déjà terminée"):
        desk.do(number, "register_end", entry=found.id)
    with pytest.raises(WrongStateError, match=r"(?i)le dernier changement est de anne"):
        desk.do(number, "undo")
    desk.do(number, "undo", "anne")
    assert entries(desk) == [found]
    desk.do(number, "undo")
    assert in_force(desk) == []
    assert text_of(entries(desk)[0].ended_why) == "saisie annulée"


def test_without_a_case_it_leaves_a_line_in_the_trail_and_is_taken_back_by_who_did_it(desk: Desk) -> None:
    alone(desk, "register", tenant="T01", **ORDER)
    (found,) = entries(desk)
    (line,) = [line for _, line in desk.store.accounts.trail_of()]
    assert (line.who, line.what, line.subject) == ("paul", "registered", "L01")
    assert line.data == {"tenant": "T01", "entry": PROTECTION}
    assert "24/01234" not in str(line)
    with pytest.raises(WrongStateError, match=r"(?i)pas vous"):
        alone(desk, "register_undo", "anne", entry=found.id)
    alone(desk, "register_end", "anne", entry=found.id)
    alone(desk, "register_undo", "anne", entry=found.id)
    assert in_force(desk) == [("protection", "order")]
    alone(desk, "register_undo", entry=found.id)
    assert in_force(desk) == []
    with pytest.raises(WrongStateError, match=r"(?i)pas vous"):
        alone(desk, "register_undo", entry=found.id)
    with pytest.raises(WrongStateError, match=r"(?i)aucun dossier"):
        alone(desk, "register", kind="language", value="pt")


def test_only_who_may_enters_and_ends_a_protection(desk: Desk) -> None:
    nord = Visibility("nord")
    with pytest.raises(WrongStateError, match=r"(?i)seuls l'agence"):
        alone(desk, "register", visibility=nord, tenant="T01", **ORDER)
    alone(desk, "register", tenant="T01", **ORDER)
    (found,) = entries(desk)
    for verb in ("register_end", "register_undo"):
        with pytest.raises(WrongStateError, match=r"(?i)seuls l'agence"):
            alone(desk, verb, visibility=nord, entry=found.id)
    alone(desk, "register", visibility=nord, tenant="T01", kind="language", value="pt")
    assert in_force(desk) == [("protection", "order"), ("language", "pt")]


def test_another_offices_entry_is_one_that_does_not_exist(desk: Desk) -> None:
    alone(desk, "register", tenant="T01", **ORDER)
    (found,) = entries(desk)
    refused = []
    for entry in (found.id, found.id + 1):
        with pytest.raises(WrongArgumentError) as told:
            alone(desk, "register_end", visibility=Visibility("sud"), entry=entry)
        refused.append(str(told.value))
    assert refused[0] == refused[1]


def test_an_event_tells_of_a_protection_that_it_is_one_and_no_more(desk: Desk) -> None:
    number = desk.open(match=T01)
    (event,) = desk.do(number, "register", **ORDER).events
    assert event.data["entry"] == PROTECTION
    assert "24/01234" not in str(event.data)


def test_nothing_is_written_where_it_never_must_be(sending: Desk) -> None:
    number = opened(sending, "one", "nadia@free.example", "T01")
    sending.do(number, "register", kind="never", value="nadia@free.example")
    for to in (None, "nadia@free.example", "NADIA@free.example"):
        with pytest.raises(NeverUsedError, match=r"(?i)registre interdit"):
            sending.do(number, "reply", text="Bonjour", unproven_ok=True, to=to)
    assert sending.store.outbox.waiting() == 0
    sending.do(number, "undo")
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "nadia@free.example"


def test_another_known_address_is_chosen_instead(sending: Desk) -> None:
    number = opened(sending, "one", "couple@free.example")
    sending.do(number, "confirm", value="couple@free.example")
    sending.do(number, "register", kind="never", value="couple+x@free.example", words="adresse du couple")
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "nadia@free.example"


def test_what_another_household_has_marked_is_not_written_to_either(sending: Desk) -> None:
    alone(sending, "register", tenant="T03", kind="never", value="nadia@free.example")
    with pytest.raises(NeverUsedError):
        sending.do(opened(sending, "one", "nadia@free.example", "T01"), "reply", text="Bonjour")


@pytest.mark.parametrize(("sender", "proven"), [("marc@free.example", "T02"), ("inconnu@free.example", "")])
def test_who_is_not_the_protected_person_is_answered_on_purpose_only(sending: Desk, sender: str, proven: str) -> None:
    number = opened(sending, "one", sender, *filter(None, [proven]))
    sending.do(number, "register", **ORDER)
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour", to=sender)
    sending.do(number, "reply", text="Bonjour")
    message = sent(sending)
    assert message["To"] == "nadia@free.example"
    assert message["Subject"] == f"Votre demande – dossier {number}"


def test_an_address_that_the_protected_share_is_not_theirs_alone(sending: Desk) -> None:
    records = sending.grounds.directory.records
    leases = tuple(replace(each, email="couple@free.example") for each in records.leases)
    sending.grounds = replace(sending.grounds, directory=Directory(replace(records, leases=leases)))
    number = opened(sending, "one", "couple@free.example", "T01", "T02")
    sending.do(number, "register", **ORDER)
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour")
    with pytest.raises(UnprovenAddressError, match=r"(?i)personne protégée"):
        sending.do(number, "reply", text="Bonjour", to="couple@free.example")
    sending.do(number, "register", **{**ORDER, "household": True, "until": str(TODAY + timedelta(days=90))})
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "couple@free.example"


@pytest.mark.parametrize("text", ["Nous passons au 1 RUE DES TILLEULS demain", "Résidence « Les Tilleuls »"])
def test_no_answer_tells_where_somebody_protected_lives(sending: Desk, text: str) -> None:
    number = opened(sending, "one", "nadia@free.example", "T01")
    sending.do(number, "register", **ORDER)
    with pytest.raises(WrongArgumentError, match=r"(?i)retirez la rue"):
        sending.do(number, "reply", text=text)
    assert sending.store.outbox.waiting() == 0
    sending.do(number, "reply", text="Nous passons demain.")
    (entry,) = entries(sending)
    sending.do(number, "register_end", entry=entry.id)
    sending.do(number, "reply", text=text)
    assert sending.store.outbox.waiting() == 2


def test_an_invitation_is_not_cancelled_where_nothing_may_be_written(sending: Desk) -> None:
    number = opened(sending, "one", "nadia@free.example", "T01")
    slot = "2026-11-25T10:00:00+01:00"
    sending.do(number, "appoint", slot=slot, office="nord", invite="nadia@free.example")
    assert sent(sending)["To"] == "nadia@free.example"
    sending.do(number, "register", kind="never", value="nadia@free.example")
    sending.do(number, "cancel_appointment", slot=slot)
    assert sending.store.outbox.claim("s", NOW) is None
    assert sending.happened(number)[-1] == "appointment cancelled"
