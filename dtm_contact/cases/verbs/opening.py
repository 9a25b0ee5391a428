"""A case by hand: a caller on the line, a visitor at the counter, a letter; judged like all that comes in.

It is an arrival of the channel `desk`: durable at once, then judged by the worker with the same rules, so that whoever
must be told of a P1 is told by the same way. What the agent says himself of whom and what goes before what is weighed.
"""

import inspect
import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import SkipValidation, StringConstraints, validate_call

from dtm_contact.cases.command import Command, Done
from dtm_contact.cases.knowledge import Knowledge, Ways
from dtm_contact.cases.refusals import RefusedError, WrongArgumentError
from dtm_contact.cases.registry import STRICT, Verb, add, checked_call
from dtm_contact.cases.texts import Code, Line, Words
from dtm_contact.model import Arrival, Priority
from dtm_contact.reading.formats.desk import DESK
from dtm_contact.store import Store

CHANNEL = "desk"

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_Id = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z._-]{8,80}$")]


@validate_call(config=STRICT)
def new(  # noqa: PLR0913 - all that an agent may write down
    knowledge: SkipValidation[Knowledge],
    *,
    visit: Literal["call", "counter", "letter"],
    text: Words,
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
    id: _Id | None = None,  # noqa: A002 - the command's own word
) -> tuple[str, dict[str, Any]]:
    """Ouvre un dossier à la main : un appel en ligne, une visite au guichet, un courrier ; jugé par les mêmes règles.

    `address` est son adresse électronique, `place` celle où il dit habiter.
    `id` : le même deux fois n'ouvre qu'un dossier.
    """
    told = {"visit": visit, "text": text, "subject": subject, "name": name, "address": address, "phone": phone}
    told["place"] = place
    told |= {"tenant": tenant, "dwelling": dwelling, "residence": residence, "topic": topic, "priority": priority}
    _check(knowledge, told)
    return id or uuid4().hex, {key: value for key, value in told.items() if value is not None}


def _check(knowledge: Knowledge, told: dict[str, Any]) -> None:
    directory = knowledge.directory
    if told["tenant"] is not None and not directory.leases_of(told["tenant"]):
        raise WrongArgumentError(f"l'annuaire n'a pas de locataire {told['tenant']}")
    for key, known, what in (
        ("dwelling", directory.dwellings, "logement"),
        ("residence", directory.residences, "résidence"),
        ("topic", knowledge.rules.lexicon.topics, "sujet"),
    ):
        if told[key] is not None and told[key] not in known:
            raise WrongArgumentError(f"{what} inconnu : {told[key]}")
    if told["address"] is not None and not _ADDRESS.fullmatch(told["address"]):
        raise WrongArgumentError("ce n'est pas une adresse électronique")


def _apply(store: Store, command: Command, now: datetime, grounds: Ways) -> Done:
    if grounds is None:
        raise RefusedError("ni annuaire ni règles ici")
    external_id, told = checked_call(new, grounds(), **command.arguments)
    raw = json.dumps({**told, "by": command.actor}, ensure_ascii=False).encode("utf-8", "backslashreplace")
    store.arrivals.accept([Arrival(CHANNEL, external_id, now, DESK, None, raw)])
    return Done("", 0, (), arrival=external_id)


add(Verb("new", inspect.getdoc(new) or "", _apply))
