"""What waits to be judged and seems to tell of danger, by a glance: until a daemon judges it, it is no case's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from dtm_contact.labels.formats import clock
from dtm_contact.log import get_log
from dtm_contact.reading import message_id_at_a_glance, sender_at_a_glance, texts_at_a_glance
from dtm_contact.store import Store
from dtm_contact.store.unjudged import Unjudged, unjudged
from dtm_contact.topics import SURE_DANGER, Reader, danger_score
from dtm_contact.worker.handlers import MESSAGE

OCTETS: Final = 32 * 1024
"""Of each arrival: room for heads, and for as many words as are read for a topic."""
_MOST_WORDS: Final = 800
_log = get_log("danger page")


class DangerSuspicion(IntEnum):
    """How much a glance makes of an arrival, the more the higher."""

    NONE = 0
    FAINT = 1
    STRONG = 2


@dataclass(frozen=True, slots=True)
class Suspect:
    """An arrival that waits to be judged, at a glance.

    Attributes:
        arrival: what is stored of it.
        sender, subject, words: as they stand in its first octets; no more of the words than a screen shows.
        score: how likely it tells of danger, in thousandths.
        suspicion: strong from the limit on by which the rules call a danger possible.
    """

    arrival: Unjudged
    sender: str
    subject: str
    words: str
    score: int
    suspicion: DangerSuspicion


@dataclass(frozen=True, slots=True)
class Suspects:
    """What a glance finds among all that waits.

    Attributes:
        waiting: how much waits to be judged.
        likeliest: what seems to tell of danger, the likeliest first.
        unread: how much of what waits has no words that a glance could read: calls, letters, files.
    """

    waiting: int = 0
    likeliest: tuple[Suspect, ...] = ()
    unread: int = 0

    def of(self, suspicion: DangerSuspicion) -> tuple[Suspect, ...]:
        """Return those of which a glance makes so much."""
        return tuple(each for each in self.likeliest if each.suspicion is suspicion)


def glance(store: Store, reader: Reader) -> Suspects:
    """Glance at all that waits to be judged; nothing is kept of it, and nothing changed.

    Args:
        store: where it waits.
        reader: the phrases and the model that hear danger.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    waiting, unread, found = 0, 0, []
    for arrival in unjudged(store.database, OCTETS):
        waiting += 1
        if arrival.media_type != MESSAGE:
            unread += 1
            continue
        seen = suspect_of(arrival, reader)
        if seen.suspicion is not DangerSuspicion.NONE:
            found.append(seen)
    # Of equal ones that came first.
    found.sort(key=lambda each: (-each.score, each.arrival.received_at, each.arrival.id))
    return Suspects(waiting, tuple(found), unread)


def suspect_of(arrival: Unjudged, reader: Reader) -> Suspect:
    """Glance at one arrival."""
    words = ""
    possible = round(reader.limits.danger.possible * SURE_DANGER)
    # What cannot be glanced at is shown, so that a person looks.
    score = possible
    try:
        subject, *texts = texts_at_a_glance(arrival.head)
        words = "\n".join(texts).strip()
        score = arrival.danger_score or danger_score((subject, *texts), reader)
    except Exception as error:  # noqa: BLE001 - one that cannot be glanced at must not hide those beside it
        _log.warning("glance", arrival=arrival.id, error=type(error).__name__)
    suspicion = (
        DangerSuspicion.STRONG if score >= possible else DangerSuspicion.FAINT if score else DangerSuspicion.NONE
    )
    cut = words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}…"
    return Suspect(arrival, sender_of(arrival), subject_of(arrival), cut, score, suspicion)


def message_id_of(arrival: Unjudged) -> str:
    """Return the id that an arrival has as a mail, by which the mail server's log names it; empty where it has none."""
    return message_id_at_a_glance(arrival.head) if arrival.media_type == MESSAGE else ""


def sender_of(arrival: Unjudged) -> str:
    """Return whom an arrival says it is from, else whom its envelope names; empty where neither does."""
    said = sender_at_a_glance(arrival.head) if arrival.media_type == MESSAGE else ""
    return said or arrival.sender


def subject_of(arrival: Unjudged) -> str:
    """Return what an arrival says it is about, in a line; empty where it does not."""
    return " ".join(texts_at_a_glance(arrival.head)[0].split()) if arrival.media_type == MESSAGE else ""


def sections_of(suspect: Suspect, now: datetime) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what is told of an arrival, each part with its French heading, in the order in which it is needed."""
    yield "Prévenu", tuple(told_of(suspect.arrival, now))
    yield "De", (suspect.sender or "inconnu",)
    yield "Reçu", (f"{clock(suspect.arrival.received_at, now)}, par {suspect.arrival.channel}",)
    yield "Objet", (suspect.subject or "(sans objet)",)
    yield "Écrit", (f"« {suspect.words} »" if suspect.words else "aucun texte qui se lise d’un coup d’œil",)


def in_a_line(suspect: Suspect, now: datetime) -> str:
    """Return an arrival in a line, in French."""
    arrival = suspect.arrival
    told = next(told_of(arrival, now))
    subject = suspect.subject or "(sans objet)"
    return f"arrivée {arrival.id}, {clock(arrival.received_at, now)}, {suspect.sender} : « {subject} ». {told}"


def told_of(arrival: Unjudged, now: datetime) -> Iterator[str]:
    """Yield who is known to have been told of an arrival, in French; that nobody was, where that is so."""
    to_us = [each for each in arrival.sent_before if each.to_us]
    for each in to_us:
        whom = "Astreinte prévenue" if each.on_call else "Avis à l’un de nous parti"
        yield f"{whom} : {clock(each.at, now)}, sous le numéro {each.case_number} d’avant la restauration."
    if not to_us:
        yield (
            "Personne n’a été prévenu."
            if arrival.is_known
            else ("On ne sait pas si quelqu’un a été prévenu : le journal n’a pas été repris, ou il a des trous.")
        )
    for each in arrival.sent_before:
        if not each.to_us:
            yield f"Réponse partie à l’expéditeur : {clock(each.at, now)}."
