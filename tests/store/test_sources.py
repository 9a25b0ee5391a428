"""What a source sends, in a store: one request is one case, and what it asserted is read again as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dtm_contact.contract import as_json
from dtm_contact.model import JoinedBy
from dtm_contact.store import CaseFile, Store
from dtm_contact.worker.handlers import MESSAGE, Handlers
from dtm_contact.worker.ipc import JudgeRequest
from tests.sources.mails import AT, JOLY, LIFTS, arrived, form, grounds, mail


class Post:
    """Takes mail in, judges and records it, an hour after what came before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._judges = Handlers(grounds())
        self._taken = 0

    def mail(self, text: str, *, sender: str = "", proven: bool = True) -> CaseFile:
        self._taken += 1
        at = AT + timedelta(hours=self._taken)
        message = mail(text, **({"sender": sender} if sender else {}))
        arrival = replace(arrived(message, proven=proven), external_id=f"m{self._taken}", received_at=at)
        self._store.arrivals.accept([arrival])
        claimed = self._store.arrivals.claim("worker", at)
        assert claimed is not None
        judgement = self._judges.of(MESSAGE)(JudgeRequest(claimed.arrival, at), self._store)
        number = self._store.cases.record(claimed, judgement, as_json(judgement), at)
        assert number is not None
        file = self._store.cases.get(number)
        assert file is not None
        return file


@pytest.fixture
def post(store: Store) -> Post:
    return Post(store)


def test_one_request_is_one_case_of_the_person(post: Post) -> None:
    first = post.mail(form(text="Plus de chauffage"))
    second = post.mail(form(text="Toujours rien, et une fuite en plus", topic="Fuite"))
    assert second.case.number == first.case.number
    assert first.case.tenant_id == JOLY
    assert second.contacts[-1].judgement is not None
    assert second.contacts[-1].judgement.joining.way is JoinedBy.REQUEST
    assert second.contacts[-1].proven
    assert post.mail(form(request="AN-2026-2")).case.number != first.case.number


def test_whoever_is_not_vouched_for_does_not_join_by_a_number(post: Post) -> None:
    first = post.mail(form())
    assert post.mail(form(), proven=False).case.number != first.case.number


def test_what_was_asserted_is_kept_as_it_was(post: Post) -> None:
    file = post.mail(form())
    (contact,) = file.contacts
    assert contact.judgement is not None
    kept = contact.judgement.contact.sourced
    assert kept is not None
    assert (kept.source, kept.proven, kept.key) == ("agence-numerique", True, "request:an-2026-1")
    assert contact.sender_address == "huguette@nouvelle-adresse.example"


def test_a_lift_s_alarm_and_its_end_lie_together(post: Post) -> None:
    alarm = post.mail("Événement : Personne bloquée\nN° appareil : 75-20418\n", sender=LIFTS)
    over = post.mail("Événement : Personne dégagée\nN° appareil : 75-20418\n", sender=LIFTS)
    assert over.case.number == alarm.case.number
    assert over.case.state == "open"
    assert over.case.priority == "P1"
