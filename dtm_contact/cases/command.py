"""What somebody asks to be done to a case, as a value that can travel; and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from dtm_contact.cases.refusals import WrongArgumentError
from dtm_contact.store import EVERYTHING, Event, Visibility

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Command:
    """One change that somebody asks for.

    Attributes:
        verb: the verb's name (`take`, `done`, …).
        actor: who asks: an agent's name.
        number: the case; empty for a verb that opens one, or needs none.
        arguments: the verb's own, as JSON has them.
        expected_version: the version of the case that the actor saw; None where it does not matter.
        visibility: what the actor may see. It does not travel: whoever receives a command decides it anew, by the
            socket that the command came by and by what the store says of the actor.
        of_draft: the mark of the page on which the actor wrote what is asked for (`WritingPage`): what was kept of it
            is gone with it, and nothing that comes late is kept; None where nothing was written.
        form: the digest of the form that asks for it; "" for none. What one form asks for is done once.
    """

    verb: str
    actor: str
    number: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    expected_version: int | None = None
    visibility: Visibility = EVERYTHING
    of_draft: str | None = None
    form: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the command as JSON holds it."""
        return {
            "verb": self.verb,
            "actor": self.actor,
            "number": self.number,
            "arguments": dict(self.arguments),
            "expected_version": self.expected_version,
            "of_draft": self.of_draft,
            "form": self.form,
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the command that `as_json` told.

        Raises:
            WrongArgumentError: it is none.
        """
        if not isinstance(data, dict):
            raise WrongArgumentError("une commande est un objet JSON")
        version = data.get("expected_version")
        arguments = data.get("arguments", {})
        if version is not None and type(version) is not int:
            raise WrongArgumentError("expected_version est un nombre entier")
        if not isinstance(arguments, dict):
            raise WrongArgumentError("arguments est un objet JSON")
        number = _name(data, "number", empty=True)
        named = _name(data, "verb"), _name(data, "actor")
        form = _name(data, "form", empty=True)
        of_draft = None if data.get("of_draft") is None else _name(data, "of_draft", empty=True)
        return cls(*named, number, arguments, version, of_draft=of_draft, form=form)


def _name(data: dict[str, Any], key: str, *, empty: bool = False) -> str:
    name = data.get(key, "")
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not (name.strip() or empty):
        raise WrongArgumentError(f"{key} est un mot")
    return name


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command.

    Attributes:
        number, version: the case, and its version now; empty and 0 where it is still to be opened, or none was named.
        events: what happened, in its order; those of a second case (a merge, a split) included.
        opened: the number of the case that was opened on the way; None where none was.
        arrival: the external id of what was handed in to be judged (`new`); None for all other verbs.
        again: the same form had asked for it before: nothing was done now, and this is what came of it then.
        hints: what is gently said to whoever acted of the words that they wrote, in French; kept nowhere.
    """

    number: str
    version: int
    events: tuple[Event, ...]
    opened: str | None = None
    arrival: str | None = None
    again: bool = False
    hints: tuple[str, ...] = ()
