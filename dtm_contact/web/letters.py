"""What the page of a case offers for writing: whom to pass a message on to, the subject, the signature, the files."""

from collections.abc import Sequence
from dataclasses import dataclass

from dtm_contact.access import sees
from dtm_contact.cases import RefusedError
from dtm_contact.cases.attaching import signature
from dtm_contact.cases.posting import subject_of
from dtm_contact.model import Judgement
from dtm_contact.rules.contacts import UsefulContact
from dtm_contact.store import Case
from dtm_contact.web.request_context import RequestContext
from dtm_contact.web.scanner import ScannerAwayError, scan

_LONGEST_ID = 16
AWAY = "l’antivirus ne répond pas ; rien n’est envoyé, et tout est gardé dans le brouillon"


class UnfitFileError(RefusedError):
    """Fichier refusé."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a message may be passed on to: their address, and who they are."""

    address: str
    name: str


def useful_contacts(
    context: RequestContext, topics: Sequence[str], residence_id: str | None
) -> tuple[UsefulContact, ...]:
    """Return whom agents call beside our own people for some topics in a residence."""
    residence = context.app.directory.residences.get(residence_id or "")
    called = (residence.residence_id, residence.name, *residence.aliases) if residence else ()
    return context.app.rules.contacts.of(topics, called)


def forwardable(
    context: RequestContext, on_duty: Sequence[tuple[str, str, str]], useful: Sequence[UsefulContact]
) -> dict[str, list[Recipient]]:
    """Return whom a message may be passed on to, in groups: who is on duty there, contractors, offices, caretakers."""
    directory = context.app.directory
    there = {name for name, _phone, _absent in on_duty}
    known = [
        Recipient(each.email.lower(), context.app.names.caretaker(each.caretaker_id))
        for each in directory.records.caretakers
        if each.email and sees(context.account, each.office_id)
    ]
    return {
        "Gardien de service": [each for each in known if each.name in there],
        "Prestataires": [Recipient(each.email, each.label) for each in useful if each.email],
        "Bureaux": [Recipient(each.email.lower(), each.name) for each in directory.records.offices if each.email],
        "Gardiens": sorted((each for each in known if each.name not in there), key=lambda each: each.name),
    }


def own_signature(context: RequestContext, current: Case) -> str:
    """Return what stands under what they write in a case."""
    rules, account = context.app.rules, context.account
    queue = rules.queues.get(current.queue) or rules.desks.of_office(current.office_id)
    return signature(account.signature or "", account.shown_as, queue, context.app.directory)


def reply_subject(current: Case, last: Judgement | None, *, protected: bool) -> str:
    """Return the subject that an answer has unless the agent writes another."""
    return subject_of(current, last.contact if last else None, protected=protected)


def look_through(context: RequestContext, file_id: int) -> str:
    """Have a virus scanner look through a file, where one is set; return what the agent must hear, "" if nothing.

    Raises:
        UnfitFileError: it has found something.
    """
    settings = context.app.settings.attachments
    if not settings.clamd:
        return ""
    try:
        found = scan(settings, context.app.store.files.pieces(file_id))
    except ScannerAwayError:
        return "L’antivirus ne répond pas : le fichier est gardé dans le brouillon, et sera examiné à l’envoi."
    if found is not None:
        raise UnfitFileError(f"l’antivirus y a reconnu {found}")
    context.app.call("file_is_clean", file_id=file_id)
    return ""


def files_of_form(context: RequestContext) -> tuple[int, ...]:
    """Return the files that a form names; those that no scanner has seen yet are looked through first.

    Raises:
        RefusedError: something was found, or the scanner is away still; the files stay in the draft.
    """
    ids = tuple(int(each) for each in context.values("piece") if each.isdecimal() and len(each) < _LONGEST_ID)
    _look_through_again(context, ids)
    return ids


def _look_through_again(context: RequestContext, file_ids: Sequence[int]) -> None:
    """Have those of somebody's files looked through that no scanner has seen yet, before they are sent.

    Raises:
        RefusedError: something was found, or the scanner is away still; the files stay in the draft.
    """
    for file_id in file_ids if context.app.settings.attachments.clamd else ():
        file = context.app.store.files.file(file_id)
        if file is None or file.account_id != context.account.id or file.state != "unscanned":
            continue
        try:
            told = look_through(context, file_id)
        except UnfitFileError as error:
            context.app.call("remove_file", who=context.account.name, file_id=file_id)
            raise UnfitFileError(f"« {file.name} » : l’antivirus y a reconnu un virus ; il est retiré") from error
        if told:
            raise RefusedError(AWAY)
