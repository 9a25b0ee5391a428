"""Who is not answered by itself, a line each; and one who is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dtm_contact.model import (
    Arrival,
    Authentication,
    AutomaticSign,
    Automation,
    CaseKind,
    Channel,
    Contact,
    Decision,
    Envelope,
    Judgement,
    Mailbox,
    Match,
    Priority,
    Understanding,
    VoiceNotice,
)
from dtm_contact.outbound import why_not_answered

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
CONTACT = Contact(Channel.EMAIL, NOW, Mailbox("Nadia", "nadia@free.example"), subject="Fuite", new_text="Ça coule.")
DECISION = Decision(CaseKind.CASE, Priority.P2, "bagnolet", "bagnolet", NOW, "routing.yaml:fuite", "1")
JUDGEMENT = Judgement("1", CONTACT, Match(), Understanding(CaseKind.CASE, ("water_leak",), Priority.P2), DECISION)
ARRIVAL = Arrival("smtp", "1", NOW, "message/rfc822", Envelope("nadia@free.example", ("us@bailleur.example",)), b"")
OURS = frozenset({"bailleur.example"})


def asked(
    address: str = "nadia@free.example", mail_from: str | None = None, *, danger: bool = False, **changes: object
) -> str | None:
    envelope = None if mail_from == "none" else Envelope(address if mail_from is None else mail_from)
    decision = replace(DECISION, kind=changes.pop("kind", CaseKind.CASE))  # type: ignore[arg-type]
    contact = replace(CONTACT, **changes)  # type: ignore[arg-type]
    judgement = replace(JUDGEMENT, contact=contact, decision=decision)
    return why_not_answered(replace(ARRIVAL, envelope=envelope), judgement, address, OURS, NOW, danger=danger)


def test_a_person_is_answered() -> None:
    assert asked() is None
    assert asked("n.o-reilly@free.example") is None
    assert asked("abuseur@free.example") is None
    assert asked("norbert.repond@free.example") is None


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("no case", {"kind": CaseKind.AUTOMATIC}),
        ("no case", {"kind": CaseKind.SPAM}),
        ("no e-mail", {"channel": Channel.PHONE}),
        *(("automatic", {"automatic_signs": (AutomaticSign(kind, "x"),)}) for kind in Automation),
        ("null sender", {"mail_from": ""}),
        ("null sender", {"mail_from": "<>"}),
        ("null sender", {"mail_from": "none"}),
        ("no address that could be answered", {"address": "", "mail_from": "x@free.example"}),
        ("no address that could be answered", {"address": "nadia"}),
        ("no address that could be answered", {"address": "nadia@free.example\r\nBcc: x@y.example"}),
        ("no address that could be answered", {"address": f"{'a' * 300}@free.example"}),
        ("no-reply address", {"address": "no-reply@free.example"}),
        ("no-reply address", {"address": "NoReply@free.example"}),
        ("no-reply address", {"address": "ne-pas-repondre@caf.example"}),
        ("no-reply address", {"address": "nepasrepondre@caf.example"}),
        ("no-reply address", {"address": "donotreply@bank.example"}),
        ("no-reply address", {"address": "mailer-daemon@free.example"}),
        ("no-reply address", {"address": "nadia@free.example", "mail_from": "voisins-bounces@lists.example"}),
        ("no-reply address", {"address": "nadia@free.example", "mail_from": "bounce+12@lists.example"}),
        ("one of us", {"address": "secretariat@bailleur.example"}),
        ("no-reply address", {"address": "formulaire@bailleur-en-ligne.example"}),
        ("no-reply address", {"address": "fax2@telecopie.example"}),
        ("automatic", {"voice": VoiceNotice(None)}),
        ("the sender's domain does not vouch for it", {"authentication": Authentication.FAILED}),
        ("too old", {"at": NOW - timedelta(days=4)}),
    ],
)
def test_who_is_not_answered(reason: str, changes: dict[str, object]) -> None:
    assert asked(**changes) == reason  # type: ignore[arg-type]


def test_whoever_may_be_in_danger_hears_what_to_do_though_a_check_of_the_sender_failed() -> None:
    assert asked(danger=True, authentication=Authentication.FAILED) is None
    assert asked(danger=True, address="no-reply@free.example") == "no-reply address"


def test_what_lay_in_the_mailbox_before_the_first_look_is_not_answered() -> None:
    envelope = replace(ARRIVAL.envelope or Envelope(), backlog=True)
    told = why_not_answered(
        replace(ARRIVAL, envelope=envelope), JUDGEMENT, "nadia@free.example", OURS, NOW, danger=True
    )
    assert told == "it lay in the mailbox before the first look"
