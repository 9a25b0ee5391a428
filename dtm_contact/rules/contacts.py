"""`contacts.yaml`: whom agents call beside our own people, such as who looks after the lifts; see `docs/rules.md`.

By topic and residence: the desk shows them with what is to be done, offers them where a message is passed on, and lists
them in its help. Nothing is judged by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.document import read_document, validate
from dtm_contact.rules.validation import Identifier, StrictModel, one_or_several
from dtm_contact.wording import worded

CONTACTS_FILE: Final = "contacts.yaml"

_MOST: Final = 500

_Label = Annotated[str, Field(min_length=1, max_length=100)]
_Several = Annotated[tuple[str, ...], BeforeValidator(one_or_several)]
_Phone = Annotated[str, Field(pattern=r"^(\+?[0-9][0-9 .]{1,24})?$")]
_Mailbox = Annotated[str, Field(pattern=r"^([^@\s]{1,64}@[^@\s]{1,255})?$")]


class _Contact(StrictModel):
    """Somebody to call or to write to, and for what and where."""

    label: _Label
    topics: _Several = ()
    residences: _Several = ()
    phone: _Phone = ""
    email: _Mailbox = ""
    hours: Annotated[str, Field(max_length=200)] = ""


class ContactsFile(StrictModel):
    """Whom agents call beside our own people."""

    version: Literal[1]
    contacts: Annotated[dict[Identifier, _Contact], Field(max_length=_MOST)]


@dataclass(frozen=True, slots=True)
class UsefulContact:
    """Somebody beside our own people whom agents call or write to.

    Attributes:
        label: what they are called.
        topics: for what, by codes; where it is empty they stand in the help alone.
        residences: where, by their identifiers or names; everywhere where it is empty.
        phone, email: how they are reached, as it was written; the address lower case; "" for none.
        hours: when, in words.
    """

    label: str
    topics: tuple[str, ...]
    residences: tuple[str, ...]
    phone: str
    email: str
    hours: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """All useful contacts, in the order of the file."""

    entries: tuple[UsefulContact, ...] = field(default=())

    def of(self, topics: Sequence[str], residence: Sequence[str]) -> tuple[UsefulContact, ...]:
        """Return those for a matter at a place, what is there alone before what is everywhere.

        Args:
            topics: of the matter, by codes.
            residence: what its residence may be called by in the file; empty where it is not known.
        """
        fit = [
            each
            for each in self.entries
            if set(each.topics) & set(topics) and (not each.residences or set(each.residences) & set(residence))
        ]
        return tuple(sorted(fit, key=lambda each: not each.residences))


def contacts_files(root: Path) -> list[Path]:
    """Return the file of the contacts of a rules folder; none where it has none, for it need not have any."""
    path = root / CONTACTS_FILE
    return [path] if path.is_file() or path.is_symlink() else []


def load_contacts(root: Path, topics: Sequence[str] | None, problems: list[Problem]) -> Contacts:
    """Read the contacts of a rules folder.

    Args:
        root: the folder.
        topics: the codes of the topics; None where they are not known.
        problems: what is wrong is added here, each fault with its place.

    Returns:
        The contacts; those of a file with errors are none.
    """
    faults: list[Problem] = []
    entries: list[UsefulContact] = []
    for path in contacts_files(root):
        document = read_document(path, root, faults)
        file = validate(document, ContactsFile, faults) if document is not None else None
        if document is None or file is None:
            continue
        for name, given in file.contacts.items():
            at = ("contacts", name)
            for code in given.topics:
                if topics is not None and code not in topics:
                    hint = worded("write the code of a topic of topics.yaml")
                    faults.append(document.problem((*at, "topics"), worded("unknown topic {code}", code=code), hint))
            if not given.phone and not given.email:
                hint = worded("give a phone number or an e-mail address")
                faults.append(document.problem(at, worded("{label} cannot be reached", label=given.label), hint))
            entries.append(
                UsefulContact(
                    given.label, given.topics, given.residences, given.phone, given.email.lower(), given.hours
                )
            )
    problems += faults
    return Contacts(() if any(each.severity is Severity.ERROR for each in faults) else tuple(entries))
