"""An automatic answer to a stranger is the same whether what they wrote of a tenant is true or made up."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from random import Random

import pytest

from dtm_contact.directory import Directory, Lease, in_force, read_export
from dtm_contact.model import (
    Arrival,
    Channel,
    Envelope,
    Judgement,
    NoHistory,
    OpenCase,
    Outgoing,
    OutgoingKind,
    Party,
    PartyHistory,
    PriorContact,
    Priority,
)
from dtm_contact.outbound import Answering, answers
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.settings import OutboundSettings, Settings
from tests.rules.once import load_once
from tests.vouched import vouched

ROOT = Path(__file__).parents[2]
US = "metropole@parishabitat.fr"
STRANGER = "a.dupont@inconnu.example"
PAIRS = 48
NUMBER = "2026-000042"
DAY, NIGHT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC), datetime(2026, 11, 24, 22, 30, tzinfo=UTC)

MATTERS = (
    ("Fuite", "Il y a une fuite d'eau sous l'évier de la cuisine."),
    ("Quittance", "Pouvez-vous m'envoyer la quittance de loyer d'octobre ?"),
    ("Gaz", "Ça sent très fort le gaz dans le hall depuis ce matin."),
    ("Bruit", "Le voisin du dessus met la musique à fond toutes les nuits."),
    ("Riverain", "Je suis riverain, les encombrants débordent de votre immeuble sur le trottoir."),
    ("Bail", "Je souhaite renouveler le bail commercial de mon local, je suis gérant de la boulangerie."),
    ("Ascenseur", "Je suis bloquée dans l'ascenseur, venez vite !"),
    ("Chauffage", "Les radiateurs de tout l'immeuble sont tièdes, merci de régler la chaudière."),
)


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    settings = Settings(outbound=OutboundSettings(host="relay.example", sender=US))
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    return Grounds.build(directory, load_once(ROOT / "rules", directory.offices), settings)


class Busy(NoHistory):
    """A history in which every tenant has written twice of everything, and waits."""

    def __init__(self, topic: str | None) -> None:
        self._topic = topic

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        if party.tenant_id is None and party.dwelling_id is None:
            return super().party_history(party, since)
        at = DAY - timedelta(days=5)
        open_case = OpenCase("2026-000007", Channel.EMAIL, self._topic, "pantin", Priority.P3, at)
        return PartyHistory((open_case,), (PriorContact(at, Channel.EMAIL, "2026-000007", self._topic),) * 2)


def statements(lease: Lease, directory: Directory) -> dict[str, str]:
    """Return what somebody may state of a tenant: who, where, by which number."""
    address = directory.address_of(lease.dwelling_id)
    assert address is not None
    phones = [*lease.phones, "01 99 99 99 99"]
    return {
        "name": f"{lease.first_name} {lease.last_name}",
        "street": f"{address.house_number} {address.street}",
        "commune": address.commune,
        "lease": f"Bail {lease.lease_id}",
        "phone": f"Tél. {phones[0]}",
    }


@dataclass(frozen=True)
class Pair:
    """Two messages on one matter, of which only the first states what the directory has."""

    matter: tuple[str, str]
    true: str
    made_up: str
    tenant: Lease


def pairs(directory: Directory) -> Iterator[Pair]:
    """Yield pairs of statements of people drawn at random: the made-up one mixes two people's."""
    random = Random(20261130)  # noqa: S311 - the same pairs each time
    on = DAY.date()
    people = [
        lease
        for lease in directory.records.leases
        if lease.email and in_force(lease, on) and directory.address_of(lease.dwelling_id)
    ]
    told = (("name", "street", "commune"), ("name", "commune"), ("lease",), ("name", "phone"), ("street", "name"))
    for number in range(PAIRS):
        one, other = random.sample(people, 2)
        true, strange = statements(one, directory), statements(other, directory)
        kinds = told[number % len(told)]
        lie = random.choice(kinds)
        false = {**true, lie: strange[lie] if lie != "lease" else "Bail 9999999/99"}
        words = ["\n".join(each[kind] for kind in kinds) for each in (true, false)]
        yield Pair(MATTERS[number % len(MATTERS)], words[0], words[1], one)


def judged(
    grounds: Grounds, pair: Pair, claim: str, sender: str, *, proven: bool, at: datetime
) -> tuple[Arrival, Judgement]:
    subject, matter = pair.matter
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, US, subject
    message["Date"], message["Message-ID"] = format_datetime(at), "<m@poste.example>"
    message.set_content(f"Bonjour,\n\n{matter}\n\nCordialement,\n{claim}")
    raw = vouched(message.as_bytes()) if proven else message.as_bytes()
    arrival = Arrival("smtp", "1", at, "message/rfc822", Envelope(sender, (US,)), raw)
    topic = judge(arrival, at, grounds, NoHistory()).understanding.topic
    return arrival, judge(arrival, at, grounds, Busy(topic))


def answered(grounds: Grounds, arrival: Arrival, judgement: Judgement) -> list[tuple[str, str, bool]]:
    """Return subject and text of what the writer hears, but for the number of the case."""
    answering = Answering(grounds.settings, grounds.mail_identity.tokens, nonce=lambda: "n")
    ruled = grounds.rules, grounds.directory
    found = []
    for letter in answering.written(arrival, judgement, NUMBER, ruled, arrival.received_at):
        if isinstance(letter, Outgoing) and letter.kind is OutgoingKind.ANSWER:
            read = message_from_bytes(letter.raw, policy=policy.default)
            assert isinstance(read, EmailMessage)
            body = read.get_body(("plain",))
            assert body is not None
            found.append((str(read["Subject"]), re.sub(r"\s+", " ", body.get_content()), letter.safety))
    return found


SENDERS = ("stranger who is vouched for", "stranger", "tenant's address without proof")


def told_apart(grounds: Grounds, sender: str) -> tuple[list[Pair], int]:
    """Return the pairs whose answers differ, and of how many the true message is recognised."""
    differing, recognised = [], 0
    for number, pair in enumerate(pairs(grounds.directory)):
        address = pair.tenant.email if sender == SENDERS[2] else STRANGER
        at = NIGHT if number % 3 == 0 else DAY
        true, made_up = (
            judged(grounds, pair, claim, address, proven=sender == SENDERS[0], at=at)
            for claim in (pair.true, pair.made_up)
        )
        recognised += true[1].match.tenant is not None
        if answered(grounds, *true) != answered(grounds, *made_up):
            differing.append(pair)
    return differing, recognised


@pytest.mark.parametrize("sender", SENDERS)
def test_true_and_made_up_statements_are_answered_alike(grounds: Grounds, sender: str) -> None:
    differing, recognised = told_apart(grounds, sender)
    assert differing == []
    assert recognised > PAIRS // 3, "the directory knows of whom the true ones speak, or this test says nothing"


@pytest.mark.parametrize("sender", SENDERS[:2])
def test_answers_by_what_the_directory_confirms_would_be_told_apart(
    grounds: Grounds, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        answers, "answerable_decision", lambda _arrival, judgement, _rules, _directory: judgement.decision
    )
    assert len(told_apart(grounds, sender)[0]) > PAIRS // 4


def test_a_tenant_who_is_proven_is_answered_by_what_is_known(grounds: Grounds) -> None:
    spared = 0
    for pair in pairs(grounds.directory):
        own = answered(grounds, *judged(grounds, pair, pair.true, pair.tenant.email, proven=True, at=DAY))
        stranger = answered(grounds, *judged(grounds, pair, pair.true, STRANGER, proven=True, at=DAY))
        spared += own != stranger
    assert spared > PAIRS // 3


def test_danger_is_told_as_danger_to_a_stranger_too(grounds: Grounds) -> None:
    dangers: Sequence[Pair] = [each for each in pairs(grounds.directory) if each.matter[0] in ("Gaz", "Ascenseur")]
    for pair in dangers:
        arrival, judgement = judged(grounds, pair, pair.true, STRANGER, proven=False, at=DAY)
        ((_subject, text, safety),) = answered(grounds, arrival, judgement)
        assert safety
        assert "112" in text
