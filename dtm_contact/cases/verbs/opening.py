"""A case by hand: a caller on the line, a visitor at the counter, a letter; judged like all that comes in.

It is an arrival of the channel `desk`: durable at once, then judged by the worker with the same rules, so that whoever
must be told of a P1 is told by the same way. What the agent says of whom and what goes before what is weighed.
"""

import inspect
import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

from pydantic import AwareDatetime, StringConstraints, validate_call

from dtm_contact.cases.attaching import FileIds, check_files
from dtm_contact.cases.command import Command, Done
from dtm_contact.cases.knowledge import Knowledge, KnowledgeSource
from dtm_contact.cases.refusals import RefusedError, WrongArgumentError
from dtm_contact.cases.registry import STRICT, Verb, add, checked_call
from dtm_contact.cases.texts import Code, Line, Words
from dtm_contact.model import BY_POST, Arrival, DraftKey, DraftKind, Priority, StoredFile
from dtm_contact.reading.formats.fields import DESK
from dtm_contact.store import Store, Visibility

CHANNEL = "desk"
CALL: Final = "call"
OLDEST: Final = timedelta(days=366)

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_Id = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z._-]{8,80}$")]


@validate_call(config=STRICT)
def new(  # noqa: PLR0913 - all that an agent may write down
    *,
    visit: Literal["call", "counter", "letter"],
    text: Words | None = None,
    subject: Line | None = None,
    name: Line | None = None,
    address: Line | None = None,
    phone: Line | None = None,
    place: Line | None = None,
    tenant: Code | None = None,
    dwelling: Code | None = None,
    residence: Code | None = None,
    topic: Code | None = None,
    priority: Priority | None = None,
    due: AwareDatetime | None = None,
    received: date | None = None,
    id: _Id | None = None,  # noqa: A002 - the command's own word
    files: FileIds = (),
) -> tuple[str, dict[str, Any], FileIds]:
    """Ouvre un dossier à la main : un appel en ligne, une visite au guichet, un courrier ; jugé par les mêmes règles.

    `address` est son adresse électronique, `place` celle où il dit habiter ; `due` : l'heure promise pour la réponse ;
    `received` : le jour où la lettre ou la visite a été reçue, d'où courent les délais.
    `id` : le même deux fois n'ouvre qu'un dossier. `files` : des pièces du brouillon. `text` est ce qui est demandé ;
    d'un courrier dont la lettre numérisée est jointe, il peut manquer : la lettre est alors lue.
    """
    if text is None and not (visit == BY_POST and files):
        raise WrongArgumentError("écrivez ce qui est demandé ; pour un courrier, joindre la lettre numérisée suffit")
    told = {"visit": visit, "text": text or "", "subject": subject, "name": name, "address": address, "phone": phone}
    told["place"] = place
    told |= {"tenant": tenant, "dwelling": dwelling, "residence": residence, "topic": topic, "priority": priority}
    told["due"] = due.isoformat() if due is not None else None
    told["received"] = received.isoformat() if received is not None else None
    return id or uuid4().hex, {key: value for key, value in told.items() if value is not None}, files


def _check(knowledge: Knowledge, told: dict[str, Any], visibility: Visibility, on: date) -> None:
    """Refuse what does not exist, and in the same words what may not be seen."""
    directory, tenant = knowledge.directory, told.get("tenant")
    if tenant is not None and not any(map(visibility.sees, directory.offices_of(tenant, on))):
        raise WrongArgumentError(f"l'annuaire n'a pas de locataire {tenant}")
    dwelling, residence, topic = told.get("dwelling"), told.get("residence"), told.get("topic")
    if dwelling is not None and not (
        dwelling in directory.dwellings and visibility.sees(directory.office_of(dwelling))
    ):
        raise WrongArgumentError(f"logement inconnu : {dwelling}")
    found = directory.residences.get(residence) if residence is not None else None
    if residence is not None and (found is None or not visibility.sees(found.office_id)):
        raise WrongArgumentError(f"résidence inconnue : {residence}")
    if topic is not None and topic not in knowledge.rules.reader.topics:
        raise WrongArgumentError(f"sujet inconnu : {topic}")
    _check_received(told, on)
    if "address" in told and not _ADDRESS.fullmatch(told["address"]):
        raise WrongArgumentError("ce n'est pas une adresse électronique")


def _check_received(told: Mapping[str, Any], on: date) -> None:
    received = told.get("received")
    if received is None:
        return
    if told["visit"] == CALL:
        raise WrongArgumentError("un appel n'a pas de date de réception")
    if not on - OLDEST <= date.fromisoformat(received) <= on:
        raise WrongArgumentError("la date de réception est à venir, ou date de plus d'un an")


def _apply(store: Store, command: Command, now: datetime, grounds: KnowledgeSource) -> Done:
    if grounds is None:
        raise RefusedError(
            "le programme n’a chargé ni annuaire ni règles : essayez au bureau, ou prévenez l’administrateur"
        )
    external_id, told, files = checked_call(new, **command.arguments)
    knowledge = grounds()
    _check(knowledge, told, command.visibility, now.astimezone(knowledge.settings.zone).date())
    if files:
        theirs = _checked_files(store, command, external_id, files, knowledge)
        if told["visit"] == BY_POST:
            # What is judged: the rest of what is attached only lies in the case.
            told["files"] = [
                {"name": file.name, "media_type": file.media_type, "size": file.size, "sha256": file.sha256}
                for file in theirs
            ]
    raw = json.dumps({**told, "by": command.actor}, ensure_ascii=False).encode("utf-8", "backslashreplace")
    store.arrivals.accept([Arrival(CHANNEL, external_id, now, DESK, None, raw)])
    if files:
        store.files.hand_in(_draft(store, command, external_id), files, CHANNEL, external_id)
    if command.of_draft is not None:
        # After it: what is handed in twice under one id is one case.
        store.drafts.drop_of(command.actor, DraftKind.NEW, external_id, now)
    return Done("", 0, (), arrival=external_id)


def _checked_files(
    store: Store, command: Command, about: str, files: FileIds, knowledge: Knowledge
) -> list[StoredFile]:
    theirs = {file.id: file for file in store.files.of_drafts(_draft(store, command, about))}
    if not set(files) <= set(theirs):
        raise WrongArgumentError("une pièce jointe n'est plus là ; joignez-la de nouveau")
    chosen = [theirs[each] for each in dict.fromkeys(files)]
    check_files(chosen, knowledge.settings.attachments)
    return chosen


def _draft(store: Store, command: Command, about: str) -> DraftKey:
    return DraftKey(store.accounts.named(command.actor).id, DraftKind.NEW, about)


add(Verb("new", inspect.getdoc(new) or "", tuple(inspect.signature(new).parameters), _apply))
