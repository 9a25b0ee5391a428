"""What the page of somebody in danger says: where, who is there to be called, whether the writer knows what to do."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dtm_contact.directory.records import Address, Assignment, Caretaker
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    AutomaticSign,
    Automation,
    ConversationMatch,
    Evidence,
    JoinedBy,
    Likely,
    Limits,
    Mailbox,
    OnDuty,
    Outgoing,
    OutgoingKind,
    Wish,
    Wished,
)
from dtm_contact.store.outbox import OutgoingBatch
from dtm_contact.web import app_context
from tests.web.conftest import RECORDS, DeskAlone, Somebody, open_in

CERTAIN = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS)
WRITTEN = Evidence("place.street", 8.0, "9 rue Hoche\nbât. D")


def head(page: str) -> str:
    return page.partition('class="whose"')[2].partition("</p>")[0]


def test_the_address_is_told_as_it_was_written_where_the_dwelling_is_not_known(
    desk: DeskAlone, agent: Somebody
) -> None:
    at = {"tenant": None, "dwelling": None, "place_evidence": (WRITTEN,)}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match=at)
    page = agent.get(f"/dossier/{number}").text
    told = f"« 9 rue Hoche bât. D » ({desk.directory.residences['R01'].name}"
    assert told in head(page)
    assert told in page.partition('id="alertes"')[2].partition("</a>")[0]
    # A later message that gives none takes nothing away; an agent who says where it is does.
    follows = ConversationMatch(number, JoinedBy.MESSAGE_ID, proven=True)
    nowhere = {"tenant": None, "dwelling": None}
    assert open_in(desk.store, "nord", "two", joining=follows, alarm=CERTAIN, match=nowhere) == number
    assert told in head(agent.get(f"/dossier/{number}").text)
    assert told in agent.get("/alertes").text
    assert agent.post(f"/dossier/{number}/locataire", locataire="T01").status_code == 303
    page = agent.get(f"/dossier/{number}").text
    assert "bât. D" not in head(page)
    assert "« 9 rue" not in page.partition('id="alertes"')[2].partition("</a>")[0]


def test_a_place_written_of_another_residence_than_the_case_is_in_is_not_told(desk: DeskAlone, agent: Somebody) -> None:
    elsewhere = {"tenant": None, "dwelling": None, "residence": Likely("R02", 0.99), "place_evidence": (WRITTEN,)}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match={"tenant": None, "dwelling": None})
    follows = ConversationMatch(number, JoinedBy.MESSAGE_ID, proven=True)
    open_in(desk.store, "nord", "two", joining=follows, alarm=CERTAIN, match=elsewhere)
    for page in (head(agent.get(f"/dossier/{number}").text), agent.get("/alertes").text):
        assert desk.directory.residences["R01"].name in page
        assert "bât. D" not in page


def test_what_the_message_gives_of_the_address_is_not_asked_for(desk: DeskAlone, agent: Somebody) -> None:
    at = {"tenant": None, "dwelling": None, "place_evidence": (WRITTEN,)}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match=at)
    first = re.findall(r"<li>([^<]*)", agent.get(f"/dossier/{number}").text.partition('id="consigne"')[2])[0]
    assert first.startswith("Le message donne «\u00a09 rue Hoche bât. D\u00a0». Demandez")
    assert "numéro dans la rue" not in first
    assert "N&#39;attendez pas" in first


def mail(*letters: Outgoing) -> OutgoingBatch:
    return OutgoingBatch(lambda _number: letters, Limits(9, 9))


def letter(kind: OutgoingKind, to: str, *, safety: bool = False, reason: str = "caretaker") -> Outgoing:
    return Outgoing(
        kind, reason, to, "contact@bailleur.example", f"{reason}.{to}", b"Subject: x\r\n\r\n", safety=safety
    )


def sent(desk: DeskAlone) -> None:
    while (claimed := desk.store.outbox.claim("s", datetime.now(UTC))) is not None:
        desk.store.outbox.settle(claimed, "sent", "", datetime.now(UTC))


def two_caretakers(desk: DeskAlone) -> None:
    """Give a residence two entrances, with a caretaker each."""
    records = replace(
        RECORDS,
        caretakers=(*RECORDS.caretakers, Caretaker("C2", "M.", "Gomis", "Ali", "ali@bailleur.example", "0612", "", "")),
        addresses=(*RECORDS.addresses, Address("A02", "R01", "3", "rue des Tilleuls", "93400", "Saint-Ouen", "", "")),
        assignments=(Assignment("C2", "A02", None, None), Assignment("C1", "A01", None, None)),
    )
    caretakers = (replace(records.caretakers[0], phone="0634"), records.caretakers[1])
    desk.store.directory.save(replace(records, caretakers=caretakers), "two", datetime.now(UTC))


def test_of_two_caretakers_it_is_said_which_is_there_and_which_was_notified(
    desk: DeskAlone, agent: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_context, "_CHECK_AGAIN_SECONDS", -1.0)
    two_caretakers(desk)
    at: Mapping[str, Any] = {"tenant": None, "dwelling": None, "caretakers": (OnDuty("C1"),)}
    written = mail(letter(OutgoingKind.NOTICE, "anne.roche@bailleur.example"))
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match=at, mail=written)
    agent.post(f"/dossier/{number}/motif", motif="gas", confirme="1", version="1")

    def buttons() -> list[str]:
        shown = agent.get(f"/dossier/{number}").text.partition('id="consigne"')[2].partition("</section>")[0]
        return [re.sub(r"<[^>]+>", "", each) for each in re.findall(r'href="tel:06.*?</a>', shown)]

    here, elsewhere = buttons()
    assert "Roche" in here
    assert here.endswith("de service, courriel pas encore parti")
    assert "Gomis" in elsewhere
    assert elsewhere.endswith("autre entrée")
    sent(desk)
    assert re.search(r"de service, prévenue à \d\d:\d\d$", buttons()[0])


WITHOUT = "non envoyées à qui a écrit – "


@pytest.mark.parametrize(
    ("contact", "understood", "told"),
    [
        ({"at": datetime.now(UTC) - timedelta(days=9)}, {}, f"{WITHOUT}le message est trop ancien"),
        ({"sender": Mailbox("", "noreply@x.example")}, {}, f"{WITHOUT}personne ne lit à cette adresse"),
        (
            {"automatic_signs": (AutomaticSign(Automation.MASS, "Precedence: bulk"),)},
            {},
            f"{WITHOUT}un programme",
        ),
        ({}, {"violence_at_home": True}, f"{WITHOUT}seul un accusé de réception neutre"),
        (
            {},
            {"violence_at_home": True, "wishes": (Wished(Wish.NO_POST, Evidence("wish.word", 1.0, "")),)},
            f"{WITHOUT}la personne demande que rien ne soit écrit",
        ),
    ],
    ids=["old", "robot", "a program", "violence", "wish"],
)
def test_why_the_writer_was_not_told_what_to_do_is_said(
    desk: DeskAlone, agent: Somebody, contact: Mapping[str, Any], understood: Mapping[str, Any], told: str
) -> None:
    made = {"at": datetime.now(UTC), **contact}
    said = {"alarm": CERTAIN, **understood}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, understood=said, **made)
    assert told in agent.get(f"/dossier/{number}").text.partition("Consignes de sécurité : ")[2].partition("</p>")[0]


def test_safety_words_that_went_out_are_said_with_their_time(desk: DeskAlone, agent: Somebody) -> None:
    answer = letter(OutgoingKind.ANSWER, "jo@free.example", safety=True, reason="urgence-gaz")
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, understood={"alarm": CERTAIN}, mail=mail(answer))
    assert "Consignes de sécurité : " in agent.get(f"/dossier/{number}").text
    assert "en attente d’envoi à jo@free.example" in agent.get(f"/dossier/{number}").text
    sent(desk)
    page = agent.get(f"/dossier/{number}").text
    assert re.search(r'Consignes de sécurité : <a href="[^"]+">envoyées à jo@free.example à \d\d:\d\d</a>', page)
    assert WITHOUT not in page
    # A receipt that went out before tells nobody what to do; without a danger nothing is said.
    receipt = letter(OutgoingKind.ANSWER, "jo@free.example", reason="accuse-reception")
    number = open_in(desk.store, "nord", "two", alarm=CERTAIN, understood={"alarm": CERTAIN}, mail=mail(receipt))
    assert WITHOUT in agent.get(f"/dossier/{number}").text
    assert "Consignes de sécurité" not in agent.get(f"/dossier/{open_in(desk.store, 'nord', 'three')}").text
