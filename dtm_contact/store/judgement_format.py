"""A judgement as the store keeps it: what was judged as JSON, and what it saw of other contacts and cases by reference.

What the history answered belongs to other people. A judgement keeps only the ids of these contacts and the numbers of
these cases; they are looked up when it is read, so that what was erased is in no judgement, and what was corrected is
right in all. Judgements kept before that hold the answers themselves, and are read as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from dtm_contact.model import (
    Alike,
    Answers,
    Dealings,
    Dealt,
    Earlier,
    Judgement,
    KnownCase,
    KnownEntry,
    OpenCase,
    Recalled,
)
from dtm_contact.reading import kind_of_sign
from dtm_contact.store import conversations, dealings, history, register

CANDIDATES_EXPLAINED: Final = 5
"""Candidates, best first, that are kept with their evidence: as many as the decision's contract tells. The rest keep
their places and probabilities, by which the office of a place that is not sure is chosen."""

_BY_REFERENCE: Final = "by_reference"
_JUDGEMENT: Final = TypeAdapter(Judgement)
_ANSWERS: Final = TypeAdapter(Answers)

_Key = TypeVar("_Key", int, str)
_Row = TypeVar("_Row")


def packed(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as the store keeps it: what equals its default is left out."""
    found: dict[str, Any] = _JUDGEMENT.dump_python(judgement, mode="json", exclude_defaults=True)
    for candidate in found["match"].get("candidates", ())[CANDIDATES_EXPLAINED:]:
        candidate.pop("evidence", None)
    found.pop("history", None)
    answers = judgement.history
    if answers != Answers():
        found[_BY_REFERENCE] = {
            "thread": _ids(answers.thread),
            "alike": _ids(answers.alike),
            "cases": [case.number for case in answers.cases],
            "register": [entry.id for entry in answers.register if entry.id],
            "dealings": [_recalled_by_reference(each) for each in answers.dealings],
            "kept": _ANSWERS.dump_python(
                Answers(confirmed=answers.confirmed, sent=answers.sent), mode="json", exclude_defaults=True
            ),
        }
    return found


def unpacked(connection: Connection, kept: Sequence[Any]) -> list[Judgement]:
    """Return judgements that the store kept, in their order, with what they refer to as it stands now.

    Args:
        connection: a transaction.
        kept: what `packed` returned, or an earlier version of the program.
    """
    referred = _Referred(connection, [each[_BY_REFERENCE] for each in kept if _BY_REFERENCE in each])
    return [_unpacked(each, referred) for each in kept]


def _unpacked(kept: Any, referred: "_Referred") -> Judgement:
    values = {**kept, "contact": _with_kinds_of_signs(kept["contact"])}
    references = values.pop(_BY_REFERENCE, None)
    if references is not None:
        values["history"] = referred.answers(references)
    return _JUDGEMENT.validate_python(values)


def _with_kinds_of_signs(contact: Any) -> Any:
    """Return a contact whose signs of a program say what they say; they were once kept as text alone."""
    signs = [
        {"kind": kind_of_sign(sign), "seen": sign} if isinstance(sign, str) else sign
        for sign in contact.get("automatic_signs", ())
    ]
    return {**contact, "automatic_signs": signs}


def _ids(contacts: Iterable[Alike | Dealt | Earlier]) -> list[int]:
    return [each.contact_id for each in contacts if each.contact_id]


def _recalled_by_reference(recalled: Recalled) -> dict[str, Any]:
    """Return for whom and since when dealings were asked for, with the numbers and ids of what was answered."""
    kept: dict[str, Any] = _RECALLED.dump_python(
        Recalled(recalled.party, recalled.since, Dealings()), mode="json", exclude_defaults=True
    )
    kept["dealings"] = {
        "open": [case.number for case in recalled.dealings.open],
        "contacts": _ids(recalled.dealings.contacts),
    }
    return kept


_RECALLED: Final = TypeAdapter(Recalled)


class _Referred:
    """The contacts and cases that some judgements refer to, each looked up once."""

    def __init__(self, connection: Connection, references: Sequence[Any]) -> None:
        recalled = [each["dealings"] for one in references for each in one["dealings"]]
        dealt = (contact for each in recalled for contact in each["contacts"])
        open_ = (number for each in recalled for number in each["open"])
        self._dealt: dict[int, Dealt] = _found(dealings.dealt_by_id, connection, dealt)
        self._open: dict[str, OpenCase] = _found(dealings.cases_by_number, connection, open_)
        self._thread: dict[int, Earlier] = _found(
            history.earlier_by_id, connection, (each for one in references for each in one["thread"])
        )
        self._alike: dict[int, Alike] = _found(
            conversations.alike_by_id, connection, (each for one in references for each in one["alike"])
        )
        self._register: dict[int, KnownEntry] = _found(
            register.known_by_id, connection, (each for one in references for each in one.get("register", ()))
        )
        numbers = list(dict.fromkeys(number for one in references for number in one["cases"]))
        known = conversations.known_cases(connection, numbers, own_contact=None)
        self._cases: dict[str, KnownCase] = {case.number: case for case in known}

    def answers(self, references: Any) -> Answers:
        """Return the answers that a judgement refers to; what is gone is left out."""
        kept = _ANSWERS.validate_python(references["kept"])
        return Answers(
            thread=tuple(_those(self._thread, references["thread"])),
            confirmed=kept.confirmed,
            dealings=tuple(self._recalled(each) for each in references["dealings"]),
            cases=tuple(_those(self._cases, references["cases"])),
            alike=tuple(_those(self._alike, references["alike"])),
            sent=kept.sent,
            register=tuple(_those(self._register, references.get("register", ()))),
        )

    def _recalled(self, kept: Any) -> Recalled:
        asked = _RECALLED.validate_python({**kept, "dealings": {}})
        open_ = tuple(_those(self._open, kept["dealings"]["open"]))
        contacts = tuple(_those(self._dealt, kept["dealings"]["contacts"]))
        return Recalled(asked.party, asked.since, Dealings(open_, contacts))


_MOST_AT_ONCE: Final = 500
_LookUp = Callable[[Connection, Sequence[_Key]], dict[_Key, _Row]]


def _found(look_up: _LookUp[_Key, _Row], connection: Connection, keys: Iterable[_Key]) -> dict[_Key, _Row]:
    wanted = list(dict.fromkeys(keys))
    found: dict[_Key, _Row] = {}
    for start in range(0, len(wanted), _MOST_AT_ONCE):
        found |= look_up(connection, wanted[start : start + _MOST_AT_ONCE])
    return found


def _those(found: dict[_Key, _Row], keys: Iterable[_Key]) -> Iterator[_Row]:
    return (found[key] for key in keys if key in found)
