"""What one person may ask for: what is kept of them, taken along or erased; and cases that nothing may erase."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from dtm_contact.access import Right
from dtm_contact.errors import NotFoundError
from dtm_contact.privacy.before_handing_over import PassageToRead, passages_to_read, unsaid
from dtm_contact.privacy.erasing import ErasurePlan, ask_to_erase, plan, unfinished
from dtm_contact.privacy.export import export_person
from dtm_contact.privacy.record import ErasureRecordError
from dtm_contact.privacy.subject import DataSubject, UnknownPersonError, person_named
from dtm_contact.privacy.withholding import UnknownPassageError, withheld
from dtm_contact.web.pages.attachments import as_download
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import LONGEST_SEARCH, CappedList, RequestContext, go
from dtm_contact.web.search import FoundPerson
from dtm_contact.wording import UserLanguage, in_language

_PIECE: Final = 256 * 1024
_SHOWN: Final = 20


@page("/personnes", Right.ADMIN)
def persons(context: RequestContext) -> Mapping[str, Any]:
    """Find a person, and show what is kept of them and what erasing them would do."""
    return _shown(context, context.text("q")[:LONGEST_SEARCH])


def _shown(context: RequestContext, asked: str, alert: str = "") -> Mapping[str, Any]:
    planned: ErasurePlan | None = None
    doubtful: list[tuple[PassageToRead, str]] = []
    people: CappedList[FoundPerson] = CappedList()
    if asked:
        person = _person(context, asked)
        if person is None:
            people = context.find_people(asked, "")
        else:
            context.audit("searched", "personne", people=sorted(person.tenants))
            planned = plan(context.app.settings, context.app.store, person)
            passages = passages_to_read(context.app.settings, context.app.store, person)
            doubtful = [(each, in_language(each.why, UserLanguage.FRENCH)) for each in passages]
    try:
        waiting = len(unfinished(context.app.settings, context.now))
    except ErasureRecordError:
        waiting = 0
    return {
        "q": asked,
        "planned": planned,
        "people": people,
        "doubtful": doubtful,
        "unsaid": [in_language(each, UserLanguage.FRENCH) for each in unsaid(context.app.settings)],
        "erased": context.app.store.holds.erased(_SHOWN),
        "holds": context.app.store.holds.holds(),
        "waiting": waiting,
        "alert": alert,
        "said": context.text("fait"),
    }


def _person(context: RequestContext, asked: str) -> DataSubject | None:
    try:
        with context.app.store.database.reading() as connection:
            return person_named(connection, asked, context.now.date())
    except UnknownPersonError:
        return None


@page("/personnes/export", Right.ADMIN)
def export(context: RequestContext) -> Response:
    """Give all that is kept of a person, as a zip file."""
    person = _person(context, context.text("q")[:LONGEST_SEARCH])
    if person is None:
        raise NotFoundError("person")
    given = context.query.getlist("donner")
    passages = passages_to_read(context.app.settings, context.app.store, person)
    try:
        withheld(passages, given)
    except UnknownPassageError:
        raise NotFoundError("passage") from None
    context.audit("exported", "personne", people=sorted(person.tenants))

    def pieces() -> Iterator[bytes]:
        with tempfile.TemporaryDirectory(prefix="dtm-contact-export-") as name:
            settings, store = context.app.settings, context.app.store
            done = export_person(settings, store, person, Path(name) / "donnees-personnelles", context.now, given)
            with done.archive.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece

    headers = as_download("donnees-personnelles.zip")
    return StreamingResponse(pieces(), media_type="application/zip", headers=headers)


@post("/personnes/effacer", Right.ADMIN, template="persons.html")
def erase(context: RequestContext) -> Mapping[str, Any] | Response:
    """Have a person erased, once what was asked for was typed again."""
    asked = context.text("q")[:LONGEST_SEARCH]
    person = _person(context, asked)
    if person is None:
        raise NotFoundError("person")
    if context.text("confirmation") != asked:
        return _shown(context, asked, "Rien n’est effacé : la confirmation ne répète pas ce qui a été cherché.")
    try:
        record = ask_to_erase(context.app.settings, context.app.store, person, context.account.name, context.now)
    except ErasureRecordError as error:
        return _shown(context, asked, f"Rien n’est effacé : le registre des effacements ne s’écrit pas ({error}).")
    context.audit("erased", record.id)
    return go("/personnes?fait=erased")


@post("/dossier/{number}/geler", Right.HOLD)
def hold(context: RequestContext) -> Response:
    """Keep a case from being erased."""
    number = context.case().number
    context.app.call("hold_case", who=context.account.name, number=number, why=context.text("motif"))
    return go(f"/dossier/{number}")


@post("/dossier/{number}/degeler", Right.HOLD)
def release(context: RequestContext) -> Response:
    """Let a case be erased again."""
    number = context.case().number
    context.app.call("release_case", who=context.account.name, number=number)
    return go(f"/dossier/{number}")
