"""What the register says bounds what goes out by itself: never to some addresses, and nothing of the protected."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from dtm_contact.hours import PARIS
from dtm_contact.model import EntryKind, Withheld
from dtm_contact.store import RegisterEntry
from dtm_contact.store.register import put_entry
from dtm_contact.store.schema import judgements
from tests.outbound.engine import US, Engine
from tests.vouched import vouched

TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
HUGUETTE = "huguette.joly@courriel.example"
STRANGER = "inconnu@free.example"
LEAK = "Bonjour, grosse fuite sous mon évier depuis ce matin, merci de passer."
GAS = "Bonjour, ça sent très fort le gaz dans ma cuisine, venez vite !"
HERS = "Ici Huguette Joly, 14 rue du 11-Novembre-1918, bâtiment A."
NEUTRAL = ["Bonjour,", "Nous", "avons", "bien", "reçu", "votre", "message.", "Votre", "bailleur"]
TELLS = ("11-novembre", "rue", "bâtiment", "résidence", "eau", "fuite", "joly", "huguette")
"""What no letter to a protected household may say: where it is, whose, and what it is about."""


def entered(running: Engine, kind: EntryKind, value: str, tenant_id: str = "T000001", until: int | None = None) -> None:
    last = TUESDAY.date() + timedelta(days=until) if until is not None else None
    since = TUESDAY.date() - timedelta(days=90)
    new = RegisterEntry(0, tenant_id, False, kind, value, "", "", since, last, TUESDAY, "claire")
    with running.store.database.writing() as connection:
        put_entry(connection, new)


def mail(text: str, sender: str = HUGUETTE, subject: str = "Fuite") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Huguette <{sender}>", US, subject
    made["Date"], made["Message-ID"] = format_datetime(TUESDAY), "<one@courriel.example>"
    made.set_content(text)
    return made.as_bytes()


def written(running: Engine, raw: bytes, to: str = HUGUETTE) -> list[tuple[str, str]]:
    """Take a message in, and return the subject and text of what goes to an address because of it."""
    assert running.take(raw, to, TUESDAY) is not None
    letters = [each for each in running.sent(TUESDAY) if each["To"] == to]
    return [(str(each["Subject"]), each.get_body(("plain",)).get_content()) for each in letters]  # type: ignore[union-attr]


def test_without_an_entry_the_matter_is_answered(running: Engine) -> None:
    [(subject, text)] = written(running, vouched(mail(LEAK)))
    assert "dossier" in subject
    assert "eau" in text


def test_no_answer_goes_where_it_never_must(running: Engine) -> None:
    entered(running, EntryKind.NEVER, HUGUETTE)
    assert written(running, vouched(mail(LEAK))) == []
    assert running.withheld == [Withheld.REGISTER]
    assert "not sent" in {event.what for event in running.store.cases.get("2026-000001").events}


def test_not_even_of_a_danger(running: Engine) -> None:
    entered(running, EntryKind.NEVER, HUGUETTE)
    assert written(running, vouched(mail(GAS))) == []


def test_after_its_last_day_it_is_answered_again(running: Engine) -> None:
    entered(running, EntryKind.NEVER, HUGUETTE, until=-1)
    assert len(written(running, vouched(mail(LEAK)))) == 1


@pytest.mark.parametrize("protected", ["T000001", "T000002"], ids=["who writes", "who lives with them"])
def test_a_protected_household_gets_the_neutral_receipt_and_no_place(running: Engine, protected: str) -> None:
    entered(running, EntryKind.PROTECTION, "order", protected)
    [(subject, text)] = written(running, vouched(mail(f"{LEAK} {HERS}")))
    assert subject == "Votre message"
    assert text.split() == NEUTRAL
    told = running.store.cases.get("2026-000001").case
    assert (told.topic, told.tenant_id) == ("water_leak", "T000001")
    assert not any(each in f"{subject} {text}".lower() for each in TELLS)


def test_whom_nothing_proves_is_told_so_little_where_the_address_is_the_households(running: Engine) -> None:
    entered(running, EntryKind.PROTECTION, "order")
    [(_, text)] = written(running, mail(f"{LEAK} {HERS}"))
    assert text.split() == NEUTRAL


def test_a_stranger_cannot_tell_by_the_answer_who_is_protected(running: Engine) -> None:
    before = written(running, vouched(mail(f"{LEAK} {HERS}", STRANGER)), STRANGER)
    entered(running, EntryKind.PROTECTION, "order")
    again = mail(f"{LEAK} {HERS}", "autre@free.example").replace(b"<one@", b"<two@")
    after = written(running, vouched(again), "autre@free.example")
    assert len(before) == len(after) == 1
    assert [text.replace("000001", "000002") for _, text in before] == [text for _, text in after]
    assert not any(each in after[0][1].lower() for each in ("11-novembre", "huguette", "joly", "bâtiment a"))


def test_what_to_do_in_a_certain_danger_is_told_to_the_protected_without_any_place(running: Engine) -> None:
    entered(running, EntryKind.PROTECTION, "order")
    [(_, text)] = written(running, vouched(mail(f"{GAS} {HERS}", subject="Gaz")))
    assert "0 800 47 33 33" in text
    assert not any(each in text.lower() for each in ("11-novembre", "avec la rue", "bâtiment", "joly"))


def test_those_on_call_hear_that_the_household_is_protected(running: Engine) -> None:
    entered(running, EntryKind.PROTECTION, "order", "T000002")
    running.take(vouched(mail(f"{GAS} {HERS}", subject="Gaz")), HUGUETTE, TUESDAY)
    told = [each for each in running.sent(TUESDAY) if each["To"] != HUGUETTE]
    assert told
    assert all("Foyer protégé" in each.get_body(("plain",)).get_content() for each in told)  # type: ignore[union-attr]


def test_what_the_register_says_is_kept_with_the_judgement(running: Engine) -> None:
    entered(running, EntryKind.LANGUAGE, "pt")
    entered(running, EntryKind.LANGUAGE, "tr", "T000003")
    running.take(vouched(mail(LEAK)), HUGUETTE, TUESDAY)
    (contact,) = running.store.cases.get("2026-000001").contacts
    assert contact.judgement is not None
    assert [each.value for each in contact.judgement.history.register] == ["pt"]
    with running.store.database.reading() as connection:
        (kept,) = connection.execute(sa.select(judgements.c.judgement)).scalars()
    assert kept["by_reference"]["register"] == [1]
    assert "language" not in str(kept["by_reference"])
