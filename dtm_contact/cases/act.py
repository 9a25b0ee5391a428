"""One verb being carried out: the case in hand, who acts and when, what its events say; and how one is taken back."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from dtm_contact.cases.knowledge import Knowledge, KnowledgeSource
from dtm_contact.cases.refusals import ChangedMeanwhileError, RefusedError, WrongArgumentError, WrongStateError
from dtm_contact.errors import InvalidFilesError, NoDirectoryError, NotFoundError
from dtm_contact.labels.events import actor
from dtm_contact.model import Alarm, CodedText, Priority, agreed
from dtm_contact.rules import RuleSet
from dtm_contact.rules.queues import Queue
from dtm_contact.store import Case, CaseTransaction, Event, LockedCase, Visibility
from dtm_contact.store.alarm_labels import alarm_values
from dtm_contact.store.case_transactions import as_json, from_json

UNDONE = "undone"
WITHDRAWN: Final = CodedText("entry_withdrawn")
"""Why an entry of the register ended that was a slip of the hand."""


class Act:
    """What a verb works with.

    Attributes:
        work: the transaction.
        visibility: what the actor may see; what lies outside of it is refused as what does not exist is.
        events: those so far.
        opened: the case that the verb opened, if it did.
        hints: what is gently said of the words that the actor wrote.
    """

    def __init__(
        self, work: CaseTransaction, held: LockedCase | None, grounds: KnowledgeSource, visibility: Visibility
    ) -> None:
        """Take the transaction, the case if there is one, the way to directory and rules, what the actor may see."""
        self.work = work
        self._held = held
        self.visibility = visibility
        self.events: list[Event] = []
        self.opened: str | None = None
        self.hints: list[str] = []
        self._grounds = grounds

    @property
    def held(self) -> LockedCase:
        """The case in hand, as it was when the verb began.

        Raises:
            WrongStateError: the verb was asked for without one.
        """
        if self._held is None:
            raise WrongStateError("aucun dossier n'est nommé")
        return self._held

    @property
    def in_case(self) -> bool:
        """Whether there is a case in hand."""
        return self._held is not None

    @property
    def case(self) -> Case:
        """The case in hand, as it was when the verb began."""
        return self.held.case

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.work.who

    @property
    def now(self) -> datetime:
        """When, on the offices' wall clock."""
        return self.work.now

    @property
    def grounds(self) -> Knowledge:
        """Directory, rules and settings.

        Raises:
            RefusedError: whoever applies the command has none.
        """
        if self._grounds is None:
            raise RefusedError(
                "le programme n’a chargé ni annuaire ni règles : essayez au bureau, ou prévenez l’administrateur"
            )
        return self._grounds()

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self.grounds.rules

    def hint_at_free_words(self, text: str) -> None:
        """Say which words of a note have no place there; what cannot be looked up keeps no note from being left."""
        if self._grounds is not None:
            with suppress(NoDirectoryError, InvalidFilesError):
                self.hints += map(str, self.rules.free_words.hints(text))

    def other_case(self, number: str) -> LockedCase:
        """Return another case than the one in hand, which the actor may see too.

        Raises:
            NotFoundError: there is none of that number, or the actor may not see it.
        """
        (held,) = self.work.lock(number)
        if not self.visibility.sees_case(held.case.office_id, archived=held.case.archived):
            raise NotFoundError(f"case {number}")
        return held

    def account(self, who: str) -> str:
        """Return how colleagues read somebody's name: an account as it is shown; "" for the program itself."""
        return actor(who, self.work.shown_as)

    def sees_tenant(self, tenant_id: str) -> bool:
        """Return whether the actor may see a tenant of the directory."""
        if self.visibility.all_offices:
            return True
        offices = self.grounds.directory.offices_of(tenant_id, self.now.date())
        return any(self.visibility.sees(office_id) for office_id in offices)

    def sees_dwelling(self, dwelling_id: str) -> bool:
        """Return whether the actor may see a dwelling of the directory."""
        return self.visibility.sees(self.grounds.directory.office_of(dwelling_id))

    def queue(self, queue: str) -> Queue:
        """Return a queue.

        Raises:
            WrongArgumentError: there is none of that name.
        """
        found = self.rules.queues.get(queue)
        if found is None:
            raise WrongArgumentError(f"la file {queue!r} n'existe pas ; il y a {', '.join(sorted(self.rules.queues))}")
        return found

    def urgency(self, alarm: Alarm, usual: Priority, *, since: datetime | None = None) -> dict[str, Any]:
        """Return the columns that say how urgent the case is with that alarm.

        Args:
            alarm: whether somebody is in danger.
            usual: the priority without it.
            since: when that became known, which its due time counts from; None for the case's opening.
        """
        priority, alarm = agreed(usual, alarm)
        queue = self.rules.queues.get(self.case.queue) or self.rules.desks.of_office(self.case.office_id)
        due = queue.due_at(priority, since or self.case.opened_at, self.case.topic, alarm=alarm.level)
        return {"priority": priority, "due": due, **alarm_values(alarm)}

    def label_alarm(self, *, danger: bool) -> None:
        """Keep what the last event says of the case's alarm: that somebody was in danger, or that nobody was."""
        self.work.add_alarm_label(self.held, self.events[-1], danger=danger)

    def must_be_open(self) -> None:
        """Make sure that the case is open.

        Raises:
            WrongStateError: it is closed.
        """
        if self.case.state != "open":
            raise WrongStateError(f"le dossier {self.case.number} est clos ; rouvrez-le d'abord")

    def change(
        self, what: str, *, by_hand: tuple[str, ...] = (), data: Mapping[str, Any] | None = None, **to: Any
    ) -> None:
        """Change columns of the case, and tell it.

        Args:
            what: the event's word.
            by_hand: of the columns, those in which the agent's word stands from now on.
            data: what else the event is to say.
            to: the columns' new values.
        """
        if by_hand:
            to["by_hand"] = tuple(sorted({*self.case.by_hand, *by_hand}))
        changed = self.work.change(self.held, **to)
        self.tell(what, {**(data or {}), "changed": changed})

    def tell(self, what: str, data: dict[str, Any], of: LockedCase | None = None) -> None:
        """Tell what happened to the case in hand, or to another one."""
        self.events.append(self.work.add_event(of or self.held, what, data))


def standing(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the changes made by hand that nobody has taken back, oldest first."""
    events = tuple(events)
    undone = {event.data["undoes"] for event in events if event.what == UNDONE and "undoes" in event.data}
    return tuple(event for event in events if "changed" in event.data and event.id not in undone)


def handed_over(events: Iterable[Event], who: str) -> bool:
    """Return whether the latest change that nobody has undone is that an account moved the case to another queue.

    Args:
        events: the case's, oldest first.
        who: the account.
    """
    changes = standing(events)
    return bool(changes) and (changes[-1].what, changes[-1].who) == ("moved", who)


def take_back(work: CaseTransaction, held: LockedCase, event: Event) -> dict[str, list[Any]]:
    """Undo what an event of a case did, to other cases too; return what changed in the case.

    Raises:
        ChangedMeanwhileError: what it changed has been changed again since.
        WrongStateError: the case that it split off has been worked on.
    """
    data = event.data
    work.take_alarm_label_back(event)
    for kind, value, tenant_id in data.get("confirmed", ()):
        work.withdraw_confirmation(value, tenant_id)
        del kind
    for kind, value, tenant_id in data.get("withdrawn", ()):
        work.confirm(held, kind, value, tenant_id)
    for arrival_id, whom in data.get("concerned", ()):
        work.set_whom([arrival_id], tuple(whom))
    for entry_id in data.get("registered", ()):
        work.end_entry(entry_id, held.case.number, WITHDRAWN)
    for entry_id in data.get("ended", ()):
        work.restore_entry(entry_id)
    if "moved" in data:
        work.move_contacts(data["moved"], held)
    if "other" in data:
        _on_the_other(work, held, data)
    return _put_back(work, held, data["changed"])


def _put_back(work: CaseTransaction, held: LockedCase, changed: dict[str, list[Any]]) -> dict[str, list[Any]]:
    for name, (_before, after) in changed.items():
        if as_json(getattr(held.case, name)) != after:
            raise ChangedMeanwhileError(held.case.number)
    return work.change(held, **{name: from_json(name, before) for name, (before, _after) in changed.items()})


def _on_the_other(work: CaseTransaction, held: LockedCase, data: dict[str, Any]) -> None:
    told = data["other"]
    (other,) = work.lock(told["number"])
    if told["linked"]:
        work.unlink(held, other)
        work.unlink(other, held)
    changed: dict[str, Any] = {}
    if told.get("opened"):
        if other.case.version > 1:
            raise WrongStateError(f"le dossier {other.case.number} a été travaillé depuis")
        changed = work.change(
            other, state="closed", closed_at=work.now, done_reason=CodedText("merged_again", {"case": held.case.number})
        )
    elif told["changed"]:
        changed = _put_back(work, other, told["changed"])
    work.add_event(other, UNDONE, {"with": held.case.number, "restored": changed})
