"""The canned answers at the desk: those of the rules with what was written here over them, filled in for a case."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dtm_contact.cases.registered import HouseholdRegister
from dtm_contact.directory import Directory
from dtm_contact.directory.duty import on_duty, on_duty_in_residence
from dtm_contact.explain.names import without_code
from dtm_contact.labels.formats import day_in_words, moment, spaced
from dtm_contact.model import Asker, OnDuty, Problem
from dtm_contact.outbound.wording import opening_hours
from dtm_contact.rules.library import CannedAnswer, parse_answer
from dtm_contact.store import CaseFile
from dtm_contact.text import fold
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.case_view import violence_at_home
from dtm_contact.web.request_context import RequestContext
from dtm_contact.wording import UserLanguage, in_language

LIBRARY: Final = "library"
"""Under what the canned answers are kept for a moment (`AppContext.cached`)."""
_FRESH_SECONDS: Final = 2.0
_COUNTED: Final = timedelta(days=90)
_TITLES: Final[Mapping[str, str]] = {"Mme": "Madame", "M.": "Monsieur", "Mlle": "Madame"}
MOST_OFFERED: Final = 12


@dataclass(frozen=True, slots=True)
class OfferedAnswer:
    """A canned answer as it is offered.

    Attributes:
        answer: the answer.
        fits: it is for the case's topic.
        uses: how often it was put into a reply lately.
    """

    answer: CannedAnswer
    fits: bool
    uses: int


def library(app: AppContext) -> Mapping[str, CannedAnswer]:
    """Return the canned answers that count: the files of the rules, and over them what was written at the desk.

    What was written here and does not fit the rules any more, by a topic that is there no longer for example, is still
    offered: it is found by its words.
    """

    def make() -> dict[str, CannedAnswer]:
        found = dict(app.rules.library)
        for name, version in app.store.canned.current().items():
            answer = parse_answer(name, version.source, None, []) if version.source is not None else None
            if answer is not None:
                found[name] = answer
        return found

    return app.cached(LIBRARY, make, _FRESH_SECONDS)


def offered(app: AppContext, topic: str | None, asked: str = "") -> list[OfferedAnswer]:
    """Return the canned answers in the order in which they are offered: by topic first, then those used most.

    Args:
        app: the desk.
        topic: the case's; None without one.
        asked: words, or beginnings of words, that title, keywords or text must all have; "" offers all.
    """
    uses = app.cached("uses", lambda: app.store.canned.uses((app.now() - _COUNTED).date()), _FRESH_SECONDS)
    words = fold(asked).split()
    found = [
        OfferedAnswer(answer, topic in answer.topics, uses.get(answer.name, 0))
        for answer in library(app).values()
        if all(word in _searched(answer) for word in words)
    ]
    in_title = {each.answer.name for each in found if words and all(word in _named(each.answer) for word in words)}
    return sorted(
        found,
        key=lambda each: (
            each.answer.name not in in_title if words else not each.fits,
            not each.fits,
            -each.uses,
            each.answer.title,
        ),
    )


def _named(answer: CannedAnswer) -> str:
    return fold(" ".join((answer.title, *answer.keywords)))


def _searched(answer: CannedAnswer) -> str:
    return fold(" ".join((answer.title, *answer.keywords, answer.text)))


def values(context: RequestContext, file: CaseFile, registered: HouseholdRegister) -> dict[str, object]:
    """Return what a canned answer may name, as far as the case knows it and the agent may see it.

    Of somebody protected, or hurt at home, no place is told.

    Args:
        context: who writes.
        file: the case with all that lies in it.
        registered: what the register says of its household.
    """
    app, case, directory = context.app, file.case, context.app.directory
    queue = app.rules.queues.get(case.queue) or app.rules.desks.reception
    office = directory.offices.get(case.office_id) or directory.agency
    number = app.settings.numbers[0] if app.settings.numbers else directory.agency.phone
    placed = not registered.protected and not violence_at_home(file.contacts)
    dwelling = case.dwelling_id if placed and case.dwelling_id and context.sees_dwelling(case.dwelling_id) else None
    residence = directory.residences.get(case.residence_id or "") if placed else None
    name, greeting = _called(context, file)
    duty = list(_on_duty(context, directory, dwelling, case.residence_id if residence else None))
    there = directory.caretakers.get(duty[0].id or "") if len(duty) == 1 else None
    return {
        "greeting": greeting,
        "name": name,
        "case": case.number,
        "received": day_in_words(case.opened_at, app.settings.zone),
        "due": moment(case.due, app.settings.zone),
        "phone": spaced("".join(filter(str.isdigit, number))),
        "hours": opening_hours(queue.calendar),
        "office": office.name,
        "office_address": ", ".join(filter(None, (office.address, f"{office.postcode} {office.commune}".strip()))),
        "residence": residence.name if residence else "",
        "address": without_code(app.names.dwelling(dwelling)) if dwelling else "",
        "caretaker": f"{there.title} {there.last_name}".strip() if there else "",
        "lodge": there.lodge if there else "",
        "agent": context.account.shown_as,
    }


def _called(context: RequestContext, file: CaseFile) -> tuple[str, str]:
    """Return the person's name, and the greeting; by name only where nobody else seems to write for them."""
    tenant = file.case.tenant_id
    lease = next(iter(context.app.directory.leases_of(tenant)), None) if tenant else None
    last = next((each.judgement for each in reversed(file.contacts) if each.judgement), None)
    for_another = last is not None and last.understanding.asker not in {None, Asker.TENANT}
    if tenant is None or lease is None or not context.sees_tenant(tenant):
        return "", "Bonjour,"
    name = " ".join(filter(None, (lease.title, lease.last_name)))
    spoken = " ".join(filter(None, (_TITLES.get(lease.title, lease.title), lease.last_name)))
    return name, "Bonjour," if for_another or not lease.title else f"Bonjour {spoken},"


def _on_duty(
    context: RequestContext, directory: Directory, dwelling: str | None, residence: str | None
) -> Iterator[OnDuty]:
    home = directory.dwellings.get(dwelling or "")
    if home is not None:
        yield from on_duty(directory, home.address_id, context.now.date())
    elif residence is not None:
        yield from on_duty_in_residence(directory, residence, context.now.date())


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Return what is wrong with a canned answer that somebody writes, in French: by the line of their own text.

    Args:
        problems: `line` counts in the text; where it is 0, `file` says which field is meant.
    """
    lines = []
    for problem in problems:
        where = f"Ligne {problem.line} : " if problem.line else f"{problem.file} : " if problem.file else ""
        hint = f" ({in_language(problem.hint, UserLanguage.FRENCH)})" if problem.hint else ""
        lines.append(f"{where}{in_language(problem.message, UserLanguage.FRENCH)}{hint}")
    return list(dict.fromkeys(lines))
