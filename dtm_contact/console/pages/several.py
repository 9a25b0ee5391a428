"""One act on several cases at once: what was done, what was left alone, and how it is taken back."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import urlencode

from dtm_contact.cases import RefusedError
from dtm_contact.console.visit import Visit
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Priority

_MOST_AT_ONCE: Final = 200
_CHANGED: Final = re.compile(r"(\d{4}-\d{6,9})\.(\d{1,9})")
_NUMBER: Final = re.compile(r"\d{4}-\d{6,9}")
NOT_UNDONE: Final = frozenset({"reply", "undo"})
"""A letter that is on its way is not taken back, nor is it taken back that something was."""


@dataclass(frozen=True, slots=True)
class Several:
    """What became of one act on several cases.

    Attributes:
        verb: what was done.
        done: the cases to which it was done, each with the version that it has since then.
        dangers: how many P1 were left open: they are closed one at a time.
        refused: the cases to which it could not be done.
        why: what the last of them was refused for.
    """

    verb: str
    done: tuple[tuple[str, int], ...] = ()
    dangers: int = 0
    refused: tuple[str, ...] = ()
    why: str = field(default="", compare=False)

    @property
    def undoable(self) -> bool:
        """Whether it can be taken back."""
        return bool(self.done) and self.verb not in NOT_UNDONE

    def told(self) -> str:
        """Return it as a page's query says it, for `asked`."""
        done = " ".join(f"{number}.{version}" for number, version in self.done)
        return urlencode({"fait": self.verb, "lot": done, "urgences": self.dangers, "refus": " ".join(self.refused)})

    @classmethod
    def asked(cls, visit: Visit) -> Self | None:
        """Return what a page's query says was done; None where it says nothing of several cases."""
        if "lot" not in visit.asked:
            return None
        done = tuple((number, int(version)) for number, version in _CHANGED.findall(visit.asked["lot"]))
        refused = tuple(_NUMBER.findall(visit.asked.get("refus", "")))
        return cls(visit.text("fait"), done[:_MOST_AT_ONCE], visit.number("urgences") or 0, refused[:_MOST_AT_ONCE])


def to_each(visit: Visit, verb: str, numbers: Iterable[str], **arguments: str) -> Several:
    """Do something to each of several cases that they see; a P1 is not closed this way."""

    def act(number: str) -> int | None:
        case = visit.case(number)
        if verb == "done" and case.priority is Priority.P1:
            return None
        return visit.act(verb, case.number, arguments).version

    return _each(verb, dict.fromkeys(list(numbers)[:_MOST_AT_ONCE]), act)


def undo_each(visit: Visit, changed: str) -> Several:
    """Take back what was done to several cases (as `Several.told` names them), where it was the last thing done."""
    versions = {number: int(version) for number, version in _CHANGED.findall(changed)[:_MOST_AT_ONCE]}
    return _each("undo", versions, lambda number: visit.act("undo", number, {}, versions[number]).version)


def _each(verb: str, numbers: Iterable[str], act: Callable[[str], int | None]) -> Several:
    found, done, refused = Several(verb), list[tuple[str, int]](), list[str]()
    for number in numbers:
        try:
            version = act(number)
        except RefusedError as error:
            refused.append(number)
            found = replace(found, why=str(error))
        except NotFoundError:
            refused.append(number)
        else:
            if version is None:
                found = replace(found, dangers=found.dangers + 1)
            else:
                done.append((number, version))
    return replace(found, done=tuple(done), refused=tuple(refused))
