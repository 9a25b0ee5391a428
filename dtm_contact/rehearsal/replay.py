"""Every contact of the store judged again by other rules: what would have moved, from where to where, and why."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from dtm_contact.directory import Directory
from dtm_contact.model import Dealings, Decision, History, Judgement, KeptHistory, Party, Priority, RuleTrace
from dtm_contact.pipeline import decide_again
from dtm_contact.rules import RuleSet, load_rules
from dtm_contact.rules.facts import office_of
from dtm_contact.settings import Settings
from dtm_contact.store import Store, StoredHistory, open_store
from dtm_contact.store.judged import Judged

_CHUNK = 200
_SHOWN_CONDITIONS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where something goes: the queue (None: no case is opened), how urgent, when due, by which rule, who is told."""

    queue: str | None
    office_id: str | None
    priority: str
    due: datetime | None
    rule: str
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """One contact that other rules would have treated otherwise.

    Attributes:
        arrival_id, received_at: which, and when it came.
        case_number: its case, if it has one.
        topic: its deciding topic.
        before, after: where it went, and where it would have gone.
        why: the conditions that made the rule hold which decides now.
        is_first: it opened its case.
        open: its case is open.
        by_hand: an agent's word stands in the case's queue, or somebody has taken it.
    """

    arrival_id: int
    received_at: datetime
    case_number: str | None
    topic: str | None
    before: Place
    after: Place
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
        """Whether somebody may be in danger, and another queue has it, none has it, or others are told of it."""
        if Priority.P1 not in {self.before.priority, self.after.priority}:
            return False
        told = frozenset(self.before.notify) != frozenset(self.after.notify)
        return self.elsewhere or told or self.before.priority != self.after.priority


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it.

    Attributes:
        judged: how many contacts were judged again.
        with_topics: they were understood anew, since the words of the topics changed.
        moved: those that would be treated otherwise, in the order of time.
        failures: conditions that raised, with how often.
        left_behind: open cases that lie in a queue of the office that their residence had when they were judged, with
            that office; it has another one now.
        models: the learned models that were heard when messages were judged ("" where that is not known), with how
            many messages.
    """

    judged: int
    with_topics: bool
    moved: tuple[Moved, ...]
    failures: tuple[tuple[str, int], ...]
    left_behind: tuple[tuple[str, str], ...] = ()
    models: tuple[tuple[str, int], ...] = ()

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


def replay(
    settings: Settings,
    folder: Path,
    since: datetime,
    *,
    with_topics: bool,
    processes: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Replay:
    """Judge every contact that came since a time again, by the rules of a folder, in the order of time.

    Who it is stays as it was judged. Each chunk sees of the store what was there before each contact came; of cases,
    those that are still open stand for those that were open then.

    Args:
        settings: the store and the time zone.
        folder: the proposed rules; they must be sound.
        since: from when, aware.
        with_topics: also understand each message anew.
        processes: how many judge side by side.
        progress: told how many are judged, of how many.

    Raises:
        InvalidFilesError: the rules hold errors.
        NoDirectoryError: no directory has been imported.
        StoreUnavailableError: the store cannot be read.
    """
    with open_store(settings.store.url, read_only=True) as store:
        wanted = store.judgements.since(since)
    chunks = [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]
    done, failures, models = 0, Counter[str](), Counter[str]()
    moved: list[Moved] = []
    left: dict[str, str] = {}
    for chunk in _judged(settings, folder, chunks, with_topics=with_topics, processes=processes):
        done += chunk.judged
        moved += chunk.moved
        failures.update(chunk.failures)
        models.update(chunk.models)
        left.update(chunk.left_behind)
        progress(done, len(wanted))
    return Replay(
        judged=done,
        with_topics=with_topics,
        moved=tuple(moved),
        failures=tuple(failures.most_common()),
        left_behind=tuple(left.items()),
        models=tuple(models.most_common()),
    )


def _judged(
    settings: Settings, folder: Path, chunks: Sequence[Sequence[int]], *, with_topics: bool, processes: int
) -> Iterator[_Chunk]:
    prepare = partial(_Bench.prepare, settings, folder, with_topics=with_topics)
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

    def __init__(self, settings: Settings, folder: Path, *, with_topics: bool) -> None:
        self._store: Store = open_store(settings.store.url, read_only=True)
        self._directory = Directory(self._store.directory.load())
        self._rules: RuleSet = load_rules(folder, zone=settings.zone, model=settings.model)
        self._with_topics = with_topics

    @classmethod
    def prepare(cls, settings: Settings, folder: Path, *, with_topics: bool) -> None:
        """Make ready what this process judges with."""
        cls._here = cls(settings, folder, with_topics=with_topics)

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
        count = 0
        with ExitStack() as stack:
            history = stack.enter_context(self._store.history())
            for judged in self._store.judgements.read(arrival_ids):
                count += 1
                decision = self._decide(judged, history)
                failures += decision.failures
                left += self._left_behind(judged)
                models.update([] if judged.judgement.contact.call else [judged.judgement.decision.model_version])
                if differs(self._before(judged), decision):
                    moved.append(self._moved(judged, decision, history))
        return _Chunk(count, tuple(moved), tuple(failures), tuple(left), models)

    def _before(self, judged: Judged) -> Decision:
        """Return what was decided, in the queue of today that has the cases of the queue of then."""
        decision = before(judged)
        queue = decision.queue and self._rules.desks.current(decision.queue, self._directory.offices)
        return replace(decision, queue=queue.id) if queue else decision

    def _left_behind(self, judged: Judged) -> Iterator[tuple[str, str]]:
        """Yield an open case that lies in a queue of the office that its residence had then, and has no more."""
        match = judged.judgement.match
        former, now = match.office_id, office_of(match, self._directory)
        if former is None or now == former or judged.case_number is None or not judged.open:
            return
        if judged.queue in self._rules.desks.of(former):
            yield judged.case_number, former

    def _decide(self, judged: Judged, history: StoredHistory, *, trace: bool = False) -> Decision:
        return decide_again(
            judged.judgement,
            judged.received_at,
            self._rules,
            self._directory,
            Replayed(judged.judgement, history),
            with_topics=self._with_topics,
            as_case=judged.forced_case,
            trace=trace,
        )

    def _moved(self, judged: Judged, decision: Decision, history: StoredHistory) -> Moved:
        traced = self._decide(judged, history, trace=True)
        deciding = next((rule for rule in traced.trace if rule.rule == decision.rule), None)
        return Moved(
            arrival_id=judged.arrival_id,
            received_at=judged.received_at,
            case_number=judged.case_number,
            topic=judged.judgement.understanding.topic,
            before=_place(self._before(judged)),
            after=_place(decision),
            why=_why(deciding),
            is_first=judged.is_first,
            open=judged.open,
            by_hand=judged.owner is not None or "queue" in judged.by_hand,
        )


class Replayed(KeptHistory):
    """What was answered when something was judged; what was not asked then is looked up in the store as it is now."""

    def __init__(self, judgement: Judgement, now: History) -> None:
        """Take what was judged, and the history that knows the store."""
        super().__init__(judgement.history)
        self._now = now

    def dealings(self, party: Party, since: datetime) -> Dealings:
        """Return the dealings as they were answered then, else as the store has them."""
        kept = super().dealings(party, since)
        return kept if kept != Dealings() else self._now.dealings(party, since)


def before(judged: Judged) -> Decision:
    """Return what was decided, or where rules, renamed queues or changed offices have put the case since."""
    decision = judged.judgement.decision
    if not judged.is_first or judged.placed is None:
        return decision
    return replace(decision, rule=judged.rule or decision.rule, queue=judged.placed)


def differs(old: Decision, new: Decision) -> bool:
    """Tell whether a decision sends something elsewhere, or treats it as more or less urgent, or tells others."""
    return _essence(old) != _essence(new)


def _essence(decision: Decision) -> tuple[object, ...]:
    return decision.queue, decision.priority, decision.kind, frozenset(decision.notify), decision.answer


def _place(decision: Decision) -> Place:
    due = decision.due
    return Place(decision.queue, decision.office_id, decision.priority.value, due, decision.rule, decision.notify)


def _why(rule: RuleTrace | None) -> str:
    """Return the conditions that held, with what they saw."""
    held = [condition for condition in rule.conditions if condition.held] if rule else []
    told = [f"{condition.name}: {condition.seen or condition.wanted}" for condition in held[:_SHOWN_CONDITIONS]]
    return ", ".join(told) or "the default"
