"""What the page of an export is put together from: the files beside it, how things are called, the words of a mail."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from html import escape
from typing import Any, Final

from dtm_contact.explain.names import Names, without_code
from dtm_contact.labels.events import EventNaming, tag_label

Row = Mapping[str, Any]
ATTACHED: Final = "attached"
"""What a file that came along with a message is made of, by the id of its arrival."""


_WORDS_OF_DRAFT: Final = {
    "texte": "", "text": "", "objet": "Objet", "subject": "Objet", "raison": "Raison", "name": "Nom",
    "phone": "Téléphone", "address": "Courriel", "a_autre": "À", "copie_autre": "Copie à", "mots": "Précision",
}  # fmt: skip
"""What an agent types in the fields of a form, by their names; others hold what was chosen there, by identifiers."""


def draft_words(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the words of a draft, each with what it is called; what was chosen in its form is left to the data."""
    for name, value in fields.items():
        if isinstance(value, str) and value and (name in _WORDS_OF_DRAFT or " " in value.strip()):
            yield _WORDS_OF_DRAFT.get(name, ""), value


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of an export.

    Attributes:
        name: below the export's folder.
        what: what it is, in French.
        table, id: which row it was made of.
    """

    name: str
    what: str
    table: str
    id: int


@dataclass(frozen=True, slots=True)
class ExportNames:
    """How what the store knows by identifiers is called."""

    names: Names
    queues: Mapping[str, str] = field(default_factory=dict)

    def naming(self, time: Callable[[datetime], str]) -> EventNaming:
        """Return how events call things, without the identifiers themselves."""
        names = self.names

        def coded(call: Callable[[str], str]) -> Callable[[str], str]:
            return lambda identifier: without_code(call(identifier))

        return EventNaming(
            time=time,
            person=coded(names.person),
            dwelling=coded(names.dwelling),
            residence=coded(names.residence),
            topic=self.topic,
            queue=self.queue,
            account=lambda _who: "un agent",
        )

    def topic(self, code: str) -> str:
        """Return what a topic is called."""
        return self.names.topics.get(code) or tag_label(code)

    def office_phone(self, office_id: str) -> str:
        """Return the telephone number of an office, as the directory has it; "" where it has none."""
        offices = self.names.directory.records.offices
        return next((each.phone for each in offices if each.office_id == office_id), "")

    def queue(self, code: str) -> str:
        """Return what a queue is called."""
        return self.queues.get(code) or tag_label(code).capitalize()


def mail_subject(raw: bytes) -> str:
    """Return the subject of a mail as it went out."""
    return str(message_from_bytes(raw, policy=policy.default)["subject"] or "")


def mail_text(raw: bytes) -> str:
    """Return the words of a mail as it went out; "" where it has none as plain text."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    return body.get_content().strip() if body is not None else ""


def to_whom(what: str, whom: str) -> str:
    """Return to whom something went: "Avis au gardien"."""
    of, _, rest = whom.partition(" ")
    contracted = {"le": "au", "les": "aux"}.get(of)
    return f"{what} {contracted} {rest}" if contracted else f"{what} à {whom}"


def full_name(lease: Row) -> str:
    """Return a tenant's title and names, as the directory has them."""
    return " ".join(filter(None, (lease["title"], lease["first_name"], lease["last_name"])))


def linked(file: WrittenFile, label: str) -> str:
    """Return a link to a file of the export."""
    return f'<a href="{escape(file.name)}">{escape(label)}</a>'
