"""What a source numbers as one matter is one case; nobody else joins by such a number."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dtm_contact.model import Alike, JoinedBy, Judgement, KnownCase, NoHistory
from tests.sources.mails import AT, LIFTS, form, judged, mail

NUMBER = "2026-000007"
OPENED = AT - timedelta(days=45)


@dataclass
class OneCase(NoHistory):
    """A history of one case, which one earlier contact opened."""

    opened_by: Judgement
    closed_at: datetime | None = None
    asked: list[str] = field(default_factory=list)

    def alike(self, fingerprint: str, since: datetime) -> list[Alike]:
        self.asked.append(fingerprint)
        if fingerprint != self.opened_by.joining.fingerprint or since > OPENED:
            return []
        return [Alike("", self.opened_by.writer.address, NUMBER, OPENED)]

    def cases(self, numbers: object) -> list[KnownCase]:
        assert isinstance(numbers, list | tuple)
        topics = self.opened_by.understanding.topics[:1]
        case = KnownCase(NUMBER, self.closed_at, OPENED, topics, frozenset(), None, None)
        return [case] if NUMBER in numbers else []


def alarm(event: str, equipment: str = "75-20418") -> str:
    return f"Événement : {event}\nN° appareil : {equipment}\n"


def test_the_same_request_is_one_case_whatever_it_says_and_however_late() -> None:
    history = OneCase(judged(mail(form(text="Plus de chauffage"))))
    later = judged(mail(form(text="Et ma quittance ?", topic="Quittance", email="autre@mail.example")), history=history)
    assert (later.joining.case_number, later.joining.way) == (NUMBER, JoinedBy.REQUEST)
    assert later.joining.why[0].args["way"] == "request"


def test_another_request_is_another_case() -> None:
    history = OneCase(judged(mail(form())))
    assert judged(mail(form(request="AN-2026-2")), history=history).joining.case_number is None


def test_who_is_not_vouched_for_joins_no_request() -> None:
    history = OneCase(judged(mail(form())))
    assert judged(mail(form()), proven=False, history=history).joining.case_number is None


def test_two_sources_with_one_number_are_two_matters() -> None:
    first = judged(mail(form(request="75-20418")))
    history = OneCase(first)
    assert judged(mail(alarm("Panne"), sender=LIFTS), history=history).joining.case_number is None


def test_a_lift_that_works_again_joins_its_case_and_reopens_nothing() -> None:
    history = OneCase(judged(mail(alarm("Personne bloquée"), sender=LIFTS)), closed_at=AT - timedelta(days=20))
    over = judged(mail(alarm("Remise en service"), sender=LIFTS), history=history)
    assert (over.joining.case_number, over.joining.reopens) == (NUMBER, False)


def test_a_lift_that_stands_again_after_weeks_is_a_case_of_its_own() -> None:
    history = OneCase(judged(mail(alarm("Panne"), sender=LIFTS)), closed_at=AT - timedelta(days=20))
    again = judged(mail(alarm("Panne"), sender=LIFTS), history=history)
    assert again.joining.case_number is None
    assert again.joining.linked == (NUMBER,)


def test_a_lift_that_stands_still_joins_its_open_case() -> None:
    history = OneCase(judged(mail(alarm("Panne"), sender=LIFTS)))
    assert judged(mail(alarm("Personne bloquée"), sender=LIFTS), history=history).joining.case_number == NUMBER


def test_no_text_has_the_fingerprint_of_a_request() -> None:
    numbered = judged(mail(form()))
    assert numbered.contact.sourced is not None
    typed = f"\0agence-numerique\0{numbered.contact.sourced.key}"
    forged = judged(mail(typed.replace("\0", ""), sender="quelqu.un@mail.example", auto_submitted="no"))
    assert forged.joining.fingerprint != numbered.joining.fingerprint
    assert replace(numbered.contact, new_text="autre").sourced == numbered.contact.sourced
