"""Many cases of one topic in one department: told once, not with each of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dtm_contact.directory import Directory
from dtm_contact.model import Judgement, Outgoing, OutgoingKind, Priority, UnwrittenNotice, Withheld
from dtm_contact.settings import TimersSettings
from dtm_contact.store import Store, case_transaction
from dtm_contact.timers.escalation import TIMERS, EscalationContext


@dataclass(slots=True)
class Storms:
    """The storms that last, as this daemon knows them.

    Attributes:
        lasting: topics with their departments.
    """

    lasting: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def without_notices(
        self, judgement: Judgement, directory: Directory, letters: tuple[Outgoing | UnwrittenNotice, ...]
    ) -> tuple[Outgoing | UnwrittenNotice, ...]:
        """Return what is sent because of a case: within a storm no notice, unless somebody is in danger."""
        residence = directory.residences.get(judgement.match.residence.id) if judgement.match.residence else None
        covered = residence and (judgement.understanding.topic, residence.department) in self.lasting
        if not covered or judgement.decision.priority is Priority.P1:
            return letters
        return tuple(
            UnwrittenNotice(letter.reason, Withheld.STORM)
            if isinstance(letter, Outgoing) and letter.kind is OutgoingKind.NOTICE
            else letter
            for letter in letters
        )


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many cases of one topic came from one department."""

    topic: str
    department: str
    cases: int


def crowds(store: Store, directory: Directory, settings: TimersSettings, now: datetime) -> Iterator[Crowd]:
    """Yield where so many cases came within so short a time that it is a storm."""
    counts: Counter[tuple[str, str]] = Counter()
    for topic, residence_id, number in store.timers.case_counts(now - timedelta(minutes=settings.storm_minutes)):
        residence = directory.residences.get(residence_id)
        if residence is not None:
            counts[topic, residence.department] += number
    for (topic, department), number in counts.items():
        if number >= settings.storm_cases:
            yield Crowd(topic, department, number)


def follow(store: Store, context: EscalationContext, settings: TimersSettings, now: datetime) -> None:
    """See which storms begin and end; of each that begins, the on-call service is told once.

    Raises:
        StoreUnavailableError: the store cannot be used.
    """
    for crowd in crowds(store, context.directory, settings, now):
        if store.timers.report_storm(crowd.topic, crowd.department, crowd.cases, now):
            _tell(store, crowd, context, now)
    store.timers.end_storms(now - timedelta(minutes=settings.calm_minutes))


def _tell(store: Store, crowd: Crowd, context: EscalationContext, now: datetime) -> None:
    topic = context.rules.reader.topics.get(crowd.topic)
    label = topic.label if topic else crowd.topic
    subject = f"{label} : {crowd.cases} dossiers d'un coup dans le {crowd.department}"
    text = (
        f"{subject}.\nTant que cela dure, vous n'êtes plus prévenu dossier par dossier, sauf danger (P1) ; "
        "tous les dossiers sont dans les files.\n"
    )
    residences = context.directory.residences.values()
    there = [each.residence_id for each in residences if each.department == crowd.department]
    number = store.timers.latest_case(crowd.topic, there)
    if context.post is None or number is None:
        context.report_unnotified(
            f"Many cases of {crowd.topic} come from department {crowd.department}: {crowd.cases} of them."
        )
        return
    whom = context.rules.desks.reception.called_at(now)[0]
    reason = f"storm {crowd.topic} {crowd.department} {now:%Y-%m-%dT%H:%M}"
    with case_transaction(store.database, TIMERS, now) as work:
        (held,) = work.lock(number)
        work.add_event(held, "storm", {"topic": crowd.topic, "department": crowd.department, "cases": crowd.cases})
        work.put_outgoing(held, context.post.notice(number, reason, whom, (subject, text), now))
