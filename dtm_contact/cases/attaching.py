"""The files that an agent lays to what they write, and what stands under and behind their words."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.directory import Directory, in_force
from dtm_contact.explain import caller
from dtm_contact.explain.names import Names, without_code
from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.model import Contact, DraftKind, StoredFile
from dtm_contact.rules.queues import Queue
from dtm_contact.settings import AttachmentSettings

FileIds = Annotated[tuple[int, ...], Field(max_length=100)]
"""Files of a draft, as the desk numbers them."""
_SEPARATOR: Final = "-- "
"""The line before a signature (RFC 3676 section 4.3)."""


def taken_files(act: Act, kind: DraftKind, ids: FileIds) -> tuple[StoredFile, ...]:
    """Return files of the actor's draft on the case in hand, which go with what is written.

    Raises:
        WrongArgumentError: one is none of that draft, or they are too many or too large.
        WrongStateError: nothing has looked through one for viruses yet, and something is set to.
    """
    if not ids:
        return ()
    mine = {file.id: file for file in act.work.draft_files(kind, act.case.number)}
    chosen = tuple(mine[each] for each in dict.fromkeys(ids) if each in mine)
    if len(chosen) != len(set(ids)):
        raise WrongArgumentError("une pièce jointe n'est plus là ; joignez-la de nouveau")
    check_files(chosen, act.grounds.settings.attachments)
    return chosen


def check_files(files: Sequence[StoredFile], settings: AttachmentSettings) -> None:
    """Make sure that files may be sent.

    Raises:
        WrongArgumentError: they are too many or too large.
        WrongStateError: nothing has looked through one for viruses yet, and something is set to.
    """
    if len(files) > settings.count:
        raise WrongArgumentError(f"{settings.count} pièces jointes au plus")
    if sum(file.size for file in files) > settings.octets:
        raise WrongArgumentError(f"les pièces jointes font plus de {settings.megabytes} Mo en tout")
    waiting = next((file for file in files if settings.clamd and file.state != "clean"), None)
    if waiting is not None:
        raise WrongStateError(f"l'antivirus n'a pas encore examiné « {waiting.name} » ; réessayez dans un instant")


def signature(personal: str, shown_as: str, queue: Queue, directory: Directory) -> str:
    """Return what stands under an agent's words: their own signature, else their name; then the office's.

    Args:
        personal: their own signature; "" for none.
        shown_as: what colleagues call them.
        queue: of the case: what it is signed with, where the rules say so.
        directory: has the offices' names and numbers.
    """
    office = directory.offices.get(queue.office_id or directory.agency.office_id)
    of_office = queue.signature or "\n".join(filter(None, (office.name, office.phone) if office else ()))
    return "\n".join(filter(None, (personal.strip() or shown_as, of_office.strip())))


def signed(act: Act, text: str) -> str:
    """Return an agent's words with their signature under them; as they are where nobody signs."""
    personal, shown_as = act.work.signature()
    if not shown_as:
        return text
    queue = act.rules.queues.get(act.case.queue) or act.rules.desks.of_office(act.case.office_id)
    return f"{text.rstrip()}\n\n{_SEPARATOR}\n{signature(personal, shown_as, queue, act.grounds.directory)}"


def quoted(act: Act, text: str, original: Contact | None) -> str:
    """Return an agent's words with what they answer behind them, each line marked with ">" (RFC 3676 section 4.5)."""
    said = original.new_text.strip() if original else ""
    if original is None or not said:
        return text
    at = f"{original.at.astimezone(act.now.tzinfo):%d/%m/%Y à %H:%M}"
    who = original.sender.name or original.sender.address
    lines = "\n".join(f"> {line}".rstrip() for line in said.splitlines())
    return f"{text.rstrip()}\n\nLe {at}, {who} a écrit :\n{lines}"


def passed_on(act: Act, original: Contact, *, tells_place: bool) -> str:
    """Return a message, a call or a visit of the case in hand as it stands behind the words of who passes it on.

    Behind it stands what is known of whom, and how they are reached: whoever gets it has nothing else to go by.

    Args:
        act: the verb being carried out.
        original: what came in.
        tells_place: nobody of the household is in danger from whoever learns where they live.
    """
    spoken = original.call is not None or original.voice is not None or original.channel.traits.at_desk
    sender = f"{original.sender.name} {original.sender.address}".strip()
    heads = [caller(original.call) if original.call else sender and f"De : {sender}"]
    heads += [f"Objet : {original.subject}" if original.subject else ""]
    heads += [f"Le {original.at.astimezone(act.now.tzinfo):%d/%m/%Y à %H:%M}"]
    heads += [OUTCOMES[original.call.outcome] if original.call else ""]
    heads += _known(act, tells_place=tells_place)
    said = (original.new_text.strip(), original.signature.strip() if spoken and tells_place else "")
    title = "Appel transmis" if original.call or original.voice else "Message transmis"
    told = "\n".join(filter(None, (f"--- {title} ---", *heads)))
    return "\n\n".join(("", told, *filter(None, said)))


def _known(act: Act, *, tells_place: bool) -> list[str]:
    """Return whom the case in hand is about, how they are called and where they live, as far as the actor may see it.

    Of somebody who may be in danger from whoever learns it neither the number nor the place; no number that the
    register forbids.
    """
    case, names = act.case, Names(act.grounds.directory, {}, act.grounds.settings.zone)
    found = []
    if case.tenant_id is not None and act.sees_tenant(case.tenant_id):
        found.append(f"Locataire : {without_code(names.person(case.tenant_id))}")
        if tells_place and (phones := _phones(act, case.tenant_id)):
            found.append(f"Téléphone : {', '.join(phones)}")
    if not tells_place:
        return found
    if case.dwelling_id is not None and act.sees_dwelling(case.dwelling_id):
        found.append(f"Logement : {without_code(names.dwelling(case.dwelling_id))}")
    if case.residence_id is not None:
        found.append(f"Résidence : {without_code(names.residence(case.residence_id))}")
    return found


def _phones(act: Act, tenant_id: str) -> list[str]:
    """Return the numbers that the directory has of a tenant, without those that the register forbids."""
    leases = act.grounds.directory.leases_of(tenant_id)
    phones = list(dict.fromkeys(phone for lease in leases if in_force(lease, act.now.date()) for phone in lease.phones))
    never = act.work.never_used(tuple(phones))
    return [spaced(phone) for phone in phones if phone not in never]
