"""What was done in a case, as one message in French for those who go on with it in a mailbox."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from dtm_contact.cases.registered import HouseholdRegister
from dtm_contact.explain.names import Names
from dtm_contact.labels.cases import PRIORITIES
from dtm_contact.labels.coded_text import NOT_READ, text_of, texts_of
from dtm_contact.labels.events import EVENTS, EventNaming, event_line, tag_label
from dtm_contact.labels.formats import size
from dtm_contact.labels.judging import CARE, OUTCOMES, WISH_HEADINGS
from dtm_contact.model import Channel, Judgement
from dtm_contact.settings import Settings
from dtm_contact.store import Case, CaseFile, Event
from dtm_contact.store.columns import DataClass

LEFT_OUT: Final = (DataClass.IDENTITY, DataClass.CONTACT, DataClass.CONTENT, DataClass.STAFF)
"""The classes of data that a summary can do without."""

_POLICY: Final = policy.SMTP.clone(max_line_length=78)
_MOST_REFERENCES: Final = 20
_SUBJECT_CUT: Final = 150
_PROGRAM: Final = frozenset({"worker", "timers", "rules", "import"})
_NOTED: Final = "noted"
_NOT_COPIED: Final = "(non recopié)"
_PROTECTED: Final = (
    "Foyer protégé : son adresse n'est pas recopiée ici ; ne dites à personne où il habite, et voyez le registre."
)


@dataclass(frozen=True, slots=True)
class SummaryWriter:
    """Writes summaries.

    Attributes:
        settings: our one address.
        names: how people, places and topics are called.
        queues: the labels of queues.
        registered: says what the register has of a case's household.
        left_out: classes of data that are not told.
    """

    settings: Settings
    names: Names
    queues: Callable[[str], str]
    registered: Callable[[Case], HouseholdRegister]
    left_out: Collection[DataClass] = ()

    def write(self, file: CaseFile, originals: Sequence[bytes], erased: int, at: datetime) -> bytes:
        """Return the summary of a case as a message; the same for the same case.

        Args:
            file: the case with what lies in it.
            originals: the messages that are given back with it.
            erased: how many are not, since their bytes were erased by their age.
            at: its date, aware.
        """
        case = file.case
        message = EmailMessage(policy=_POLICY)
        sender = self.settings.outbound.sender
        message["From"] = message["To"] = sender
        about = self._unless_left_out(DataClass.CONTENT, text_of(case.subject)) or "(objet non recopié)"
        subject = " ".join(f"[{case.priority}] dossier {case.number} – {about}".split())
        message["Subject"] = "".join(sign for sign in subject if sign.isprintable())[:_SUBJECT_CUT]
        message["Date"] = format_datetime(at.astimezone(self.names.zone))
        message["Message-ID"] = f"<dossier-{case.number}.resume@{sender.rpartition('@')[2]}>"
        ids = _message_ids(originals)
        if ids:
            message["In-Reply-To"] = ids[-1]
            message["References"] = " ".join(ids[-_MOST_REFERENCES:])
        # Taken in again one day, it is no request of anybody's.
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "fr"
        lines = [*self._case(file), *self._contents(file, originals, erased), *self._done(file.events)]
        message.set_content("\n".join(lines) + "\n", charset="utf-8", cte="quoted-printable")
        return message.as_bytes()

    def _unless_left_out(self, data_class: DataClass, text: str) -> str:
        return "" if data_class in self.left_out else text

    def _case(self, file: CaseFile) -> Iterator[str]:
        case = file.case
        judged = [each.judgement for each in file.contacts if each.judgement is not None]
        registered = self.registered(case)
        yield f"Dossier {case.number}, rendu à la boîte avec ses messages."
        yield ""
        owner = f", pris par {self._who(case.owner)}" if case.owner else ""
        yield f"État : {case.priority} ({PRIORITIES[case.priority]}), ouvert le {self._time(case.opened_at)}{owner}"
        yield f"Première réponse due : {self._time(case.due)}"
        if case.waiting_until is not None:
            yield f"En attente jusqu'au {self._time(case.waiting_until)}"
        yield f"File : {self.queues(case.queue)}"
        topic = self.names.topics.get(case.topic or "", case.topic or "")
        yield f"Sujet : {self._unless_left_out(DataClass.CONTENT, topic) or _NOT_COPIED if topic else 'non reconnu'}"
        yield f"Qui : {self._whom(case)}"
        yield f"Où : {_PROTECTED if registered.protected else self._where(case)}"
        if any(each.understanding.violence_at_home for each in judged):
            yield CARE
        yield from (
            f"À respecter : {self._unless_left_out(DataClass.IDENTITY, line)}" for line in self._first(registered)
        )
        wishes = {WISH_HEADINGS[wished.wish] for each in judged for wished in each.understanding.wishes}
        yield from (f"Souhait : {wish}" for wish in sorted(wishes) if self._unless_left_out(DataClass.CONTENT, wish))
        if case.tags:
            tags = ", ".join(map(tag_label, case.tags))
            yield f"Étiquettes : {self._unless_left_out(DataClass.CONTENT, tags) or _NOT_COPIED}"
        yield f"Pourquoi cette file : {self._unless_left_out(DataClass.CONTENT, texts_of(case.why)) or _NOT_COPIED}"
        if not case.read_in_full:
            yield f"Attention : {NOT_READ}"

    def _first(self, registered: HouseholdRegister) -> Iterator[str]:
        if DataClass.IDENTITY not in self.left_out:
            yield from registered.first(self.names.person)

    def _whom(self, case: Case) -> str:
        people = self.names.person(case.tenant_id) if case.tenant_id else ""
        told = (
            self._unless_left_out(DataClass.IDENTITY, people),
            self._unless_left_out(DataClass.CONTACT, text_of(case.who)),
        )
        return ", a écrit ou appelé : ".join(filter(None, told)) or _NOT_COPIED

    def _where(self, case: Case) -> str:
        if case.dwelling_id is None and case.residence_id is None:
            return "lieu inconnu"
        if DataClass.IDENTITY in self.left_out:
            return _NOT_COPIED
        dwelling = self.names.dwelling(case.dwelling_id) if case.dwelling_id else ""
        residence = self.names.residence(case.residence_id) if case.residence_id else ""
        return ", ".join(filter(None, (dwelling, residence)))

    def _contents(self, file: CaseFile, originals: Sequence[bytes], erased: int) -> Iterator[str]:
        yield ""
        yield f"Messages rendus avec ce résumé : {len(originals)}"
        if erased:
            yield f"Messages dont l'original a été effacé par son âge : {erased}"
        content = DataClass.CONTENT not in self.left_out
        for contact in file.contacts:
            judgement = contact.judgement
            if judgement is not None and judgement.contact.channel is not Channel.EMAIL:
                yield f"- {self._time(contact.at)} : {_outside_mail(judgement, content=content)}"
        files = [
            (each.at, attachment)
            for each in file.contacts
            if each.judgement is not None
            for attachment in each.judgement.contact.attachments
        ]
        if files:
            yield "Pièces jointes, dans leurs messages :"
        for at, attachment in files:
            name = attachment.name if content else "(nom non recopié)"
            yield f"- {name} ({attachment.media_type}, {size(attachment.size)}), du {self._time(at)}"

    def _done(self, events: Sequence[Event]) -> Iterator[str]:
        notes = [event for event in events if event.what == _NOTED]
        yield ""
        yield "Ce qui a été fait :"
        yield from (self._event(event) for event in events if event.what != _NOTED)
        if notes:
            yield ""
            yield f"Notes des agents : {len(notes)}"
        for note in notes:
            text = self._unless_left_out(DataClass.CONTENT, str(note.data.get("text", ""))) or _NOT_COPIED
            yield f"- {self._time(note.at)}, {self._who(note.who)} : {text}"

    def _event(self, event: Event) -> str:
        bare = {DataClass.CONTENT, DataClass.IDENTITY, DataClass.CONTACT} & set(self.left_out)
        naming = EventNaming(time=self._time)
        what = EVENTS.get(event.what, event.what) if bare else event_line(event.what, event.data, naming, event.who)
        return f"- {self._time(event.at)}, {self._who(event.who)} : {what}"

    def _who(self, who: str) -> str:
        if who in _PROGRAM:
            return "le programme"
        return self._unless_left_out(DataClass.STAFF, who) or "un agent"

    def _time(self, at: datetime | None) -> str:
        return at.astimezone(self.names.zone).strftime("%d/%m/%Y %H:%M") if at is not None else "date inconnue"


def _outside_mail(judgement: Judgement, *, content: bool) -> str:
    """Return what was called, written down at the counter, or came otherwise than by mail: no message gives it back."""
    contact = judgement.contact
    if contact.call is not None:
        return OUTCOMES[contact.call.outcome]
    return f"{contact.channel.label} : {contact.new_text if content else _NOT_COPIED}"


def _message_ids(originals: Sequence[bytes]) -> list[str]:
    found = (str(message_from_bytes(raw[:65536]).get("Message-ID", "")).strip() for raw in originals)
    return [each for each in found if each.startswith("<") and each.endswith(">") and not set(each) & set(" \r\n\t")]
