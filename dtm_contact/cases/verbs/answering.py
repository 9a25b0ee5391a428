"""An agent's words from our one address, in the thread: to who wrote, or on to somebody else with what was written."""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from dtm_contact.cases.act import Act
from dtm_contact.cases.addressees import Addressee, Trust
from dtm_contact.cases.attaching import FileIds, passed_on, quoted, signed, taken_files
from dtm_contact.cases.enclosures import check_enclosed
from dtm_contact.cases.posting import (
    Enclosed,
    addressees_of,
    check_stranger,
    directory_addresses,
    further,
    post,
    recipient,
    registered_of,
)
from dtm_contact.cases.refusals import RefusedError, UnprovenAddressError, WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line, Words
from dtm_contact.cases.verbs.working import done, wait
from dtm_contact.model import Contact, DraftKind, OutgoingFile
from dtm_contact.model.attachable import MEDIA_TYPES, extension_of
from dtm_contact.rules.library import TO_FILL_IN

Addresses = Annotated[tuple[Line, ...], Field(max_length=20)]
"""Addresses beside the first."""
_REPLY_SENT: Final = "Réponse envoyée"


def check_filled_in(text: str) -> None:
    """Make sure that no place of a canned answer is left that only an agent can fill in.

    Raises:
        WrongArgumentError: one is.
    """
    at = text.find(TO_FILL_IN)
    if at >= 0:
        place = text[at : text.find("]", at) + 1 or at + 40]
        raise WrongArgumentError(f"complétez ou effacez « {place} » avant d'envoyer")


@verb("reply")
def reply(  # noqa: PLR0913 - all that a letter may have
    act: Act,
    text: Words,
    to: Line | None = None,
    subject: Line | None = None,
    *,
    unproven_ok: bool = False,
    also_to: Addresses = (),
    cc: Addresses = (),
    files: FileIds = (),
    sign: bool = False,
    quote: bool = False,
    without_files_ok: bool = False,
    then: Literal["done", "wait"] | None = None,
    until: AwareDatetime | None = None,
    take: bool = False,
) -> None:
    """Répond dans le dossier, depuis notre adresse et dans la conversation ; `to` : à quelle adresse.

    Sans `to`, à l'adresse vérifiée qui a écrit en dernier, sinon à celle du locataire dans l'annuaire. Une adresse que
    rien ne vérifie demande `unproven_ok` ; à une machine, on ne répond pas. `also_to`, `cc` : les autres destinataires
    et les copies, du dossier eux aussi. `files` : des pièces du brouillon ; un texte qui en annonce une ne part sans
    aucune qu'avec `without_files_ok`. `sign`, `quote` : avec la signature, avec le message auquel on répond. `then` :
    clôt le dossier ensuite, ou le met en attente jusqu'à `until`.
    `take` : prend le dossier si personne ne l'a, sauf s'il est clos ensuite ou si un danger y est signalé.
    """
    check_filled_in(text)
    check_enclosed(text, attached=bool(files), without_files_ok=without_files_ok)
    first = recipient(act, to, unproven_ok=unproven_ok)
    others = further(act, also_to, (first.address,), unproven_ok=unproven_ok)
    copies = further(act, cc, (first.address, *others), unproven_ok=unproven_ok)
    tail = _tail(act, first.contact if quote else None, sign=sign)
    attached = taken_files(act, DraftKind.REPLY, files)
    post(act, first, text, subject=subject, enclosed=Enclosed(others, copies, attached, tail=tail))
    if take and then != "done" and act.case.state == "open" and act.case.owner is None and not act.case.in_danger:
        act.change("taken", owner=act.actor)
    if then == "done":
        done(act, reason=_REPLY_SENT)
    elif then == "wait":
        if until is None:
            raise WrongArgumentError("dites jusqu'à quand le dossier attend")
        wait(act, until=until, reason=_REPLY_SENT)


def _tail(act: Act, original: Contact | None, *, sign: bool) -> str:
    """Return what stands behind an agent's words: their signature, and what they answer."""
    return quoted(act, signed(act, "") if sign else "", original)


@verb("forward")
def forward(  # noqa: PLR0913 - all that a letter may have
    act: Act,
    arrival: int,
    to: Line,
    text: Words,
    subject: Line | None = None,
    *,
    unproven_ok: bool = False,
    cc: Addresses = (),
    attached: Annotated[tuple[Line, ...], Field(max_length=100)] = (),
    files: FileIds = (),
    sign: bool = False,
    without_files_ok: bool = False,
) -> None:
    """Fait suivre un message, un appel ou une visite du dossier (`arrival`), avec un mot et les pièces choisies.

    `attached` : les pièces du message, par empreinte. D'un appel ou d'une visite part ce qui en a été noté, et de qui
    il s'agit.

    Au gardien de service, à quelqu'un du dossier, à une adresse de l'annuaire du bureau ; à toute autre adresse
    seulement pour qui en a le droit.
    """
    read = next((each for each in act.work.judged_contacts(act.held) if each.arrival_id == arrival), None)
    if read is None or read.judgement is None:
        raise WrongArgumentError("ce message n'est pas du dossier")
    check_enclosed(text, attached=bool(files or attached), without_files_ok=without_files_ok)
    original = read.judgement.contact
    first = _somebody(act, to, unproven_ok=unproven_ok)
    protected = bool(registered_of(act).protected)
    if protected and not unproven_ok:
        raise UnprovenAddressError("le foyer est protégé : confirmez que le message peut être transmis")
    pieces = tuple(_piece(original, arrival, digest) for digest in dict.fromkeys(attached))
    own = taken_files(act, DraftKind.FORWARD, files)
    total = sum(each.size for each in own) + sum(each.size for each in original.attachments if each.sha256 in attached)
    if total > act.grounds.settings.attachments.octets:
        raise WrongArgumentError(
            f"les pièces jointes font plus de {act.grounds.settings.attachments.megabytes} Mo en tout"
        )
    copies = further(act, cc, (first.address,), unproven_ok=unproven_ok)
    tells_place = not (protected or read.judgement.violence_at_home)
    tail = f"{signed(act, '') if sign else ''}{passed_on(act, original, tells_place=tells_place)}"
    received = "appel reçu" if original.call or original.voice else "message reçu"
    about = subject or f"TR: {original.subject or received} – dossier {act.case.number}"
    enclosed = Enclosed(cc=copies, files=own, forwarded=pieces, tail=tail, kind="forwarded")
    post(act, first, text, subject=about, enclosed=enclosed)


def _somebody(act: Act, address: str, *, unproven_ok: bool) -> Addressee:
    """Return whom a message may be forwarded to; it begins no thread with them."""
    if not act.grounds.settings.outbound.host:
        raise RefusedError("aucun serveur n'est réglé pour envoyer le courrier (DTM_OUTBOUND_HOST)")
    address = address.lower()
    if any(each.address == address for each in addressees_of(act)):
        recipient(act, address, unproven_ok=unproven_ok)
    elif address not in directory_addresses(act):
        check_stranger(act, address, unproven_ok=unproven_ok)
    return Addressee(address, Trust.KNOWN)


def _piece(original: Contact, arrival: int, digest: str) -> OutgoingFile:
    found = next((each for each in original.attachments if each.sha256 == digest and each.size), None)
    if found is None:
        raise WrongArgumentError("cette pièce n'est pas du message")
    media_type = MEDIA_TYPES.get(extension_of(found.name))
    if media_type is None:
        raise WrongStateError(f"« {found.name} » n'est pas d'un format qui peut être envoyé")
    return OutgoingFile(found.name, media_type, arrival_id=arrival, sha256=digest)
