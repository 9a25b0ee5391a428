"""Text for people, kept by its code and what it is about: `labels.coded_text` puts it into the words that they read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

PLAIN: Final = "text"
"""The code of words that are kept as they are: a person's own, or those of an earlier version of the program."""


@dataclass(frozen=True, slots=True)
class CodedText:
    """A reason, a subject, a name: what is kept is not bound to a language, and can be counted.

    Attributes:
        code: which text; `labels.coded_text` has the words of each.
        args: what it is about, by name: words, whole numbers, lists of words; None is left out.
    """

    code: str
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        """Return whether it says anything."""
        return self.code != PLAIN or bool(self.args.get("text"))

    @classmethod
    def plain(cls, text: str) -> Self:
        """Return words as they are."""
        return cls(PLAIN, {"text": text})

    @classmethod
    def about(cls, code: str, **args: Any) -> Self:
        """Return the text of a code; arguments that are None are left out."""
        return cls(code, {name: value for name, value in args.items() if value is not None})

    def as_json(self) -> str | dict[str, Any]:
        """Return it as JSON holds it: words as they are by themselves, else the code with its arguments."""
        if self.code == PLAIN:
            return str(self.args.get("text", ""))
        return {"code": self.code, "args": dict(self.args)} if self.args else {"code": self.code}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Return what `as_json` returned; of anything else its words: nothing that is kept becomes unreadable."""
        if isinstance(value, Mapping) and isinstance(value.get("code"), str):
            args = value.get("args")
            return cls(value["code"], dict(args) if isinstance(args, Mapping) else {})
        return cls.plain(value if isinstance(value, str) else "")
