"""What a source numbers as one matter is one case; nobody else joins by such a number."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from dtm_contact.model import Alike, JoinedBy, Judgement, KnownCase, NoHistory
from tests.sources.mails import AT, LIFTS, form, judged, mail

NUMBER = "2026-000007"
CONTRACTOR = "dispatch@prestataire.example"
REPORT = "Intervention n° : 88-1\nRéf. bailleur : {number}\n{more}Statut : Réalisée\nCompte rendu : Radiateur purgé.\n"
OPENED = AT - timedelta(days=45)


@dataclass
class OneCase(NoHistory):
    """A history of one case, which one earlier contact opened."""

    opened_by: Judgement
    closed_at: datetime | None = None
    dwelling: str | None = None
    asked: list[str] = field(default_factory=list)

    def alike(self, fingerprint: str, since: datetime) -> list[Alike]:
        self.asked.append(fingerprint)
        if fingerprint != self.opened_by.joining.fingerprint or since > OPENED:
            return []
        return [Alike("", self.opened_by.writer.address, NUMBER, OPENED)]

    def cases(self, numbers: object) -> list[KnownCase]:
        assert isinstance(numbers, list | tuple)
        topics = self.opened_by.understanding.topics[:1]
        case = KnownCase(NUMBER, self.closed_at, OPENED, topics, frozenset(), None, self.dwelling)
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


@pytest.mark.parametrize("number", ["AN-2026-1", "an-2026-1", NUMBER, f"votre n° {NUMBER}"])
def test_a_contractor_joins_by_the_number_that_we_or_the_agency_gave(number: str) -> None:
    history = OneCase(judged(mail(form())))
    report = judged(mail(REPORT.format(number=number, more=""), CONTRACTOR), history=history)
    assert (report.joining.case_number, report.joining.way) == (NUMBER, JoinedBy.OUR_NUMBER)
    assert not report.joining.proven
    assert not report.joining.reopens


@pytest.mark.parametrize(
    ("number", "proven", "sender"),
    [
        ("-", True, CONTRACTOR),
        ("AN-2026-2", True, CONTRACTOR),
        (NUMBER, False, CONTRACTOR),
        (NUMBER, True, "a@b.example"),
    ],
    ids=["none", "another", "not-vouched", "no-source"],
)
def test_nothing_else_joins_by_our_number(number: str, proven: bool, sender: str) -> None:  # noqa: FBT001 - it is tried
    history = OneCase(judged(mail(form())))
    report = judged(mail(REPORT.format(number=number, more=""), sender), proven=proven, history=history)
    assert report.joining.case_number is None


def test_a_number_of_another_dwelling_is_mistyped() -> None:
    history = OneCase(judged(mail(form())), dwelling="L999999")
    report = REPORT.format(
        number=NUMBER, more="Locataire : Mme Joly Huguette\nAdresse : 14 rue du 11-Novembre-1918 93170 Bagnolet\n"
    )
    judgement = judged(mail(report, CONTRACTOR), history=history)
    assert judgement.match.dwelling is not None
    assert judgement.joining.case_number is None
    assert judgement.joining.linked == (NUMBER,)
    assert judgement.joining.why[0].args["because"] == "other_dwelling"


@pytest.mark.parametrize(
    ("found", "topic", "reopens"),
    [("Radiateur purgé.", "thanks", False), ("Cafards dans toute la cuisine, à traiter.", "pests", True)],
)
def test_a_report_of_a_job_done_that_tells_of_something_else_reopens_the_case(
    found: str,
    topic: str,
    reopens: bool,  # noqa: FBT001 - it is what is tried
) -> None:
    history = OneCase(judged(mail(form())), closed_at=AT - timedelta(days=2))
    report = REPORT.format(number=NUMBER, more="").replace("Radiateur purgé.", found)
    judgement = judged(mail(report, CONTRACTOR), history=history)
    assert (judgement.joining.case_number, judgement.joining.reopens) == (NUMBER, reopens)
    assert judgement.understanding.topic == topic
