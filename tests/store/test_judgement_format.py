"""A judgement refers to other people's contacts and cases; it holds no copy of them."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from pydantic import TypeAdapter

from dtm_contact.model import Answers, Candidate, Evidence, Judgement, Mailbox, Match, NotedHistory, Party
from dtm_contact.store import Store
from dtm_contact.store.judgements import CANDIDATES_EXPLAINED, pack_judgement
from dtm_contact.store.schema import contacts, judgements
from tests.store.samples import NOW, claim, confirmed, judgement, open_case
from tests.store.test_history import contact

_PARTY = Party(dwelling_id="D1", residence_id="R1", addresses=("nadia@free.example",))


def _neighbour(store: Store) -> str:
    """Open the case of a neighbour, whose message says what will be said again."""
    theirs = replace(contact("n1@voisin.example"), sender=Mailbox("Omar Diop", "omar@voisin.example"))
    judged = judgement(contact=theirs)
    return open_case(store, "neighbour", replace(judged, joining=replace(judged.joining, fingerprint="same words")))


def _judged(store: Store, number: str) -> Judgement:
    """Judge by a history that is asked for all that it tells, and record it."""
    confirmed(store, "address", "nadia@free.example", "T1")
    with store.history() as history:
        noted = NotedHistory(history)
        noted.thread(["n1@voisin.example"])
        noted.party_history(_PARTY, NOW - timedelta(days=90))
        noted.cases([number])
        noted.alike("same words", NOW - timedelta(days=1))
        noted.confirmed(["nadia@free.example"], [])
        answers = noted.answers()
    assert all(getattr(answers, name) for name in ("thread", "dealings", "cases", "alike", "confirmed"))
    judged = replace(judgement(contact=contact("m1@free.example")), history=answers)
    store.cases.record(claim(store, "mine"), judged, {}, NOW)
    return judged


def _kept(store: Store) -> Judgement:
    arrival = store.judgements.since(NOW - timedelta(days=1))[-1]
    (found,) = store.judgements.read([arrival])
    return found.judgement


def test_what_it_saw_of_others_is_looked_up_when_it_is_read(store: Store) -> None:
    judged = _judged(store, _neighbour(store))
    assert _kept(store) == judged


def test_it_holds_nothing_of_others(store: Store) -> None:
    _judged(store, _neighbour(store))
    with store.database.reading() as connection:
        texts = connection.execute(sa.select(sa.cast(judgements.c.judgement, sa.Text))).scalars().all()
    assert ["omar@voisin.example" in text.lower() for text in texts] == [True, False]


def test_what_was_erased_of_others_is_in_no_judgement(store: Store) -> None:
    judged = _judged(store, _neighbour(store))
    with store.database.writing() as connection:
        first = connection.execute(sa.select(sa.func.min(contacts.c.id))).scalar_one()
        connection.execute(sa.update(contacts).where(contacts.c.id == first).values(case_id=None, fingerprint=None))
        connection.execute(judgements.delete().where(judgements.c.contact_id == first))
    seen = _kept(store).history
    assert (seen.thread, seen.alike) == ((), ())
    assert seen.confirmed == judged.history.confirmed
    assert [each.case_number for each in seen.dealings[0].dealings.contacts] == [None]


def test_one_that_was_kept_with_the_answers_themselves_is_read(store: Store) -> None:
    judged = _judged(store, _neighbour(store))
    kept = {**pack_judgement(replace(judged, history=Answers())), "history": _whole(judged.history)}
    with store.database.writing() as connection:
        latest = sa.select(sa.func.max(judgements.c.contact_id)).scalar_subquery()
        connection.execute(sa.update(judgements).where(judgements.c.contact_id == latest).values(judgement=kept))
    assert _kept(store) == judged


def _whole(answers: Answers) -> object:
    """Return answers as judgements held them before: in full."""
    return TypeAdapter(Answers).dump_python(answers, mode="json")


def test_of_many_candidates_the_first_keep_their_evidence_and_all_their_places() -> None:
    many = tuple(
        Candidate(f"T{number}", f"L{number}", "R1", 0.05, 1.0, (Evidence("name.last", 9.0, "Roy"),))
        for number in range(20)
    )
    told = pack_judgement(judgement(match=Match(candidates=many)))["match"]["candidates"]
    assert [each["tenant_id"] for each in told] == [each.tenant_id for each in many]
    assert ["evidence" in each for each in told] == [n < CANDIDATES_EXPLAINED for n in range(20)]
