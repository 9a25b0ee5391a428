"""Every contact of the store judged again by other rules or phrases: what would be otherwise, and why."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from dtm_contact.directory import Directory
from dtm_contact.model import (
    Decision,
    History,
    Judgement,
    KeptHistory,
    KnownEntry,
    Party,
    PartyHistory,
    Priority,
    RuleTrace,
)
from dtm_contact.pipeline import decide_again, understand_again
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.rules.facts import office_of
from dtm_contact.settings import Settings
from dtm_contact.store import Store, StoredHistory, open_store
from dtm_contact.store.judgements import JudgedContact
from dtm_contact.topics import Phrase, PhraseBook, stands_in
from dtm_contact.wording import worded

_CHUNK = 200
_SHOWN_CONDITIONS = 6


@dataclass(frozen=True, slots=True)
class CasePlace:
    """Where something goes, and as what.

    Attributes:
        queue, office_id: where; None where no case is opened.
        priority, alarm: how urgent, and whether somebody is in danger.
        due: when the first answer is due.
        rule: what decided.
        notify: who is told.
        topic: its deciding topic.
    """

    queue: str | None
    office_id: str | None
    priority: str
    alarm: str
    due: datetime | None
    rule: str
    notify: tuple[str, ...]
    topic: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One contact that other rules would have treated otherwise.

    Attributes:
        arrival_id, received_at: which, and when it came.
        case_number: its case, if it has one.
        before, after: where it went, and where it would have gone.
        why: the conditions that made the rule hold which decides now.
        is_first: it opened its case.
        open: its case is open.
        by_hand: an agent's word stands in the case's queue, or somebody has taken it.
    """

    arrival_id: int
    received_at: datetime
    case_number: str | None
    before: CasePlace
    after: CasePlace
    why: str
    is_first: bool
    open: bool
    by_hand: bool

    @property
    def elsewhere(self) -> bool:
        """Whether it goes to another queue, not only by another rule or with another due time."""
        return self.before.queue != self.after.queue

    @property
    def danger(self) -> bool:
        """Whether somebody may be in danger, and the alarm is another, others are told, or another queue has it."""
        if self.before.alarm != self.after.alarm:
            return True
        if Priority.P1 not in {self.before.priority, self.after.priority}:
            return False
        return self.elsewhere or frozenset(self.before.notify) != frozenset(self.after.notify)


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it.

    Attributes:
        judged: how many contacts were judged again.
        with_topics: they were understood anew, since topics, phrases or the model changed.
        moved: those that would be treated otherwise, in the order of time.
        failures: conditions that raised, with how often.
        left_behind: open cases that lie in a queue of the office that their residence had when they were judged, with
            that office; it has another one now.
        models: the learned models that were heard when messages were judged ("" where that is not known), with how
            many messages.
        said: in how many messages a phrase stands that was tried, and is not denied.
    """

    judged: int
    with_topics: bool
    moved: tuple[Moved, ...]
    failures: tuple[tuple[str, int], ...]
    left_behind: tuple[tuple[str, str], ...] = ()
    models: tuple[tuple[str, int], ...] = ()
    said: int = 0

    @property
    def dangers_first(self) -> tuple[Moved, ...]:
        """Those that would be treated otherwise, dangers before all others, each in the order of time."""
        return tuple(sorted(self.moved, key=lambda moved: not moved.danger))


@dataclass(frozen=True, slots=True)
class _Chunk:
    judged: int
    moved: tuple[Moved, ...]
    failures: tuple[str, ...]
    left_behind: tuple[tuple[str, str], ...]
    models: Counter[str]
    said: int


@dataclass(frozen=True, slots=True)
class ReplayProposal:
    """What messages are judged again by.

    Attributes:
        folder: the proposed rules.
        with_topics: also understand each message anew.
        phrases: phrases that are heard beside those of the folder.
        against: a folder of rules by which the messages are judged again, too, so that these are compared, and what
            changed since they came (the model, say) plays no part; None: with what was decided.
    """

    folder: Path
    with_topics: bool = False
    phrases: tuple[Phrase, ...] = ()
    against: Path | None = None


@dataclass(frozen=True, slots=True)
class Treated:
    """How a contact was treated, or would be: the decision, and the deciding topic."""

    decision: Decision
    topic: str | None

    @property
    def place(self) -> CasePlace:
        """Where it goes, and as what."""
        decision = self.decision
        urgent = (decision.priority.value, decision.alarm.level.value)
        where = (decision.queue, decision.office_id)
        return CasePlace(*where, *urgent, decision.due, decision.rule, decision.notify, self.topic)


def replay(
    settings: Settings,
    proposal: ReplayProposal,
    since: datetime,
    *,
    processes: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Replay:
    """Judge every contact that came since a time again, by a proposal, in the order of time.

    Who it is stays as it was judged. Each chunk sees of the store what was there before each contact came; of cases,
    those that are still open stand for those that were open then.

    Args:
        settings: the store and the time zone.
        proposal: what to judge by, and what to compare with.
        since: from when, aware.
        processes: how many judge side by side.
        progress: told how many are judged, of how many.

    Raises:
        InvalidFilesError: the rules cannot be judged by.
        NoDirectoryError: no directory has been imported.
        StoreUnavailableError: the store cannot be read.
    """
    with open_store(settings.store.url, read_only=True) as store:
        wanted = store.judgements.since(since)
    chunks = [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]
    done, said, failures, models = 0, 0, Counter[str](), Counter[str]()
    moved: list[Moved] = []
    left: dict[str, str] = {}
    for chunk in _judged(settings, proposal, chunks, processes):
        done += chunk.judged
        said += chunk.said
        moved += chunk.moved
        failures.update(chunk.failures)
        models.update(chunk.models)
        left.update(chunk.left_behind)
        progress(done, len(wanted))
    return Replay(
        judged=done,
        with_topics=proposal.with_topics,
        moved=tuple(moved),
        failures=tuple(failures.most_common()),
        left_behind=tuple(left.items()),
        models=tuple(models.most_common()),
        said=said,
    )


def _judged(
    settings: Settings, proposal: ReplayProposal, chunks: Sequence[Sequence[int]], processes: int
) -> Iterator[_Chunk]:
    prepare = partial(_Bench.prepare, settings, proposal)
    if processes == 1 or len(chunks) <= 1:
        prepare()
        try:
            yield from map(_Bench.judge, chunks)
        finally:
            _Bench.clear()
        return
    # Not forked: a store that is open in one process must not be used in another.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(chunks)), mp_context=context, initializer=prepare) as pool:
        yield from pool.map(_Bench.judge, chunks)


class _Bench:
    """What one process judges with."""

    _here: "_Bench | None" = None

    def __init__(self, settings: Settings, proposal: ReplayProposal) -> None:
        self._store: Store = open_store(settings.store.url, read_only=True)
        self._directory = Directory(self._store.directory.load())
        self._proposal = proposal
        rules = load_in_force(proposal.folder, zone=settings.zone, model=settings.model)
        self._rules = _with_phrases(rules, proposal.phrases)
        self._against: RuleSet | None = None
        if proposal.against is not None:
            self._against = load_in_force(proposal.against, zone=settings.zone, model=settings.model)

    @classmethod
    def prepare(cls, settings: Settings, proposal: ReplayProposal) -> None:
        """Make ready what this process judges with."""
        cls._here = cls(settings, proposal)

    @classmethod
    def clear(cls) -> None:
        """Let go of it again."""
        if cls._here is not None:
            cls._here.close()
            cls._here = None

    @classmethod
    def judge(cls, arrival_ids: Sequence[int]) -> _Chunk:
        """Judge some contacts again."""
        if cls._here is None:
            raise RuntimeError("the process was not made ready")
        return cls._here.judged(arrival_ids)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def judged(self, arrival_ids: Sequence[int]) -> _Chunk:
        """Judge some contacts again, each as of when it came."""
        moved: list[Moved] = []
        failures: list[str] = []
        left: list[tuple[str, str]] = []
        models = Counter[str]()
        count, said = 0, 0
        with ExitStack() as stack:
            history = stack.enter_context(self._store.history())
            for judged in self._store.judgements.read(arrival_ids):
                count += 1
                said += self._says(judged)
                before, after = self._before(judged, history), self._again(judged, self._rules, history)
                failures += after.decision.failures
                left += self._left_behind(judged)
                models.update([] if judged.judgement.contact.call else [judged.judgement.decision.model_version])
                if differs(before, after):
                    moved.append(self._moved(judged, before, after, history))
        return _Chunk(count, tuple(moved), tuple(failures), tuple(left), models, said)

    def _says(self, judged: JudgedContact) -> bool:
        """Return whether a phrase that is tried stands in a message."""
        contact, model = judged.judgement.contact, self._rules.reader.model
        text = f"{contact.subject}\n\n{contact.new_text}"
        return any(stands_in(phrase, text, model) for phrase in self._proposal.phrases)

    def _before(self, judged: JudgedContact, history: StoredHistory) -> Treated:
        """Return what was decided, or would be today, in the queue of today that has the cases of the queue of then."""
        if self._against is not None:
            return self._again(judged, self._against, history)
        decision = before(judged)
        queue = decision.queue and self._rules.desks.current(decision.queue, self._directory.offices)
        decision = replace(decision, queue=queue.id) if queue else decision
        return Treated(decision, judged.judgement.understanding.topic)

    def _left_behind(self, judged: JudgedContact) -> Iterator[tuple[str, str]]:
        """Yield an open case that lies in a queue of the office that its residence had then, and has no more."""
        match = judged.judgement.match
        former, now = match.office_id, office_of(match, self._directory)
        if former is None or now == former or judged.case_number is None or not judged.is_open:
            return
        if judged.queue in self._rules.desks.of(former):
            yield judged.case_number, former

    def _again(self, judged: JudgedContact, rules: RuleSet, history: StoredHistory, *, trace: bool = False) -> Treated:
        judgement, understanding = judged.judgement, judged.judgement.understanding
        known = Replayed(judgement, history)
        if self._proposal.with_topics:
            understanding = understand_again(
                judgement, judged.received_at, rules, self._directory, known, as_case=judged.forced_case
            )
        decision = decide_again(
            judgement, understanding, judged.received_at, rules, self._directory, known, trace=trace
        )
        return Treated(decision, understanding.topic)

    def _moved(self, judged: JudgedContact, before: Treated, after: Treated, history: StoredHistory) -> Moved:
        traced = self._again(judged, self._rules, history, trace=True).decision
        deciding = next((rule for rule in traced.trace if rule.rule == traced.rule), None)
        return Moved(
            arrival_id=judged.arrival_id,
            received_at=judged.received_at,
            case_number=judged.case_number,
            before=before.place,
            after=after.place,
            why=_why(deciding),
            is_first=judged.is_first,
            open=judged.is_open,
            by_hand=judged.owner is not None or "queue" in judged.by_hand,
        )


def _with_phrases(rules: RuleSet, phrases: tuple[Phrase, ...]) -> RuleSet:
    book = PhraseBook((*rules.reader.phrases.phrases, *phrases))
    return replace(rules, reader=replace(rules.reader, phrases=book)) if phrases else rules


class Replayed(KeptHistory):
    """What was answered when something was judged; what was not asked then is looked up in the store as it is now."""

    def __init__(self, judgement: Judgement, now: History) -> None:
        """Take what was judged, and the history that knows the store."""
        super().__init__(judgement.history)
        self._now = now

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return the history of a party as it was answered then, else as the store has it."""
        kept = super().party_history(party, since)
        return kept if kept != PartyHistory() else self._now.party_history(party, since)

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return what was in force then, else what is in force on that day by the register as it is now."""
        return super().register(tenants, on) or self._now.register(tenants, on)


def before(judged: JudgedContact) -> Decision:
    """Return what was decided, or where rules, renamed queues or changed offices have put the case since."""
    decision = judged.judgement.decision
    if not judged.is_first or judged.placed is None:
        return decision
    return replace(decision, rule=judged.rule or decision.rule, queue=judged.placed)


def differs(old: Treated, new: Treated) -> bool:
    """Return whether a contact is sent elsewhere, or treated as another matter or another danger, or told to others."""
    return _essence(old) != _essence(new)


def _essence(treated: Treated) -> tuple[object, ...]:
    decision = treated.decision
    urgent = (decision.priority, decision.alarm.level)
    return decision.queue, urgent, decision.kind, frozenset(decision.notify), decision.answer, treated.topic


def _why(rule: RuleTrace | None) -> str:
    """Return the conditions that held, with what they saw."""
    held = [condition for condition in rule.conditions if condition.held] if rule else []
    told = [f"{condition.name}: {condition.seen or condition.wanted}" for condition in held[:_SHOWN_CONDITIONS]]
    return ", ".join(told) or worded("the default")
