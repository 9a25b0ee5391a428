"""What a case keeps of its alarm, and what agents said of alarms: labels to recognise danger better by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Alarm, AlarmLevel, AlarmSource
from dtm_contact.store.database import Database
from dtm_contact.store.schema import alarm_labels, cases

ALARM_COLUMNS: Final = ("alarm_level", "alarm_by", "alarm_score", "alarm_limit", "alarm_why_not")
"""The columns of a case that hold its alarm."""

_WEEK = timedelta(days=7)


def alarm_values(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as the columns of a case hold it."""
    by = alarm.raised_by.value if alarm.raised_by else None
    return dict(zip(ALARM_COLUMNS, (alarm.level, by, alarm.score, alarm.limit, alarm.why_not), strict=True))


def alarm_of(case: Any) -> Alarm:
    """Return the alarm of what has the columns of a case by their names."""
    by = case.alarm_by
    return Alarm(
        case.alarm_level, AlarmSource(by) if by else None, case.alarm_score, case.alarm_limit, case.alarm_why_not
    )


@dataclass(frozen=True, slots=True)
class AlarmLabel:
    """What one agent said of one alarm.

    Attributes:
        case_number: the case.
        at, who: when, and the agent.
        act: the verb by which they said it.
        before: the alarm as it was.
        danger: whether somebody was in danger, as the agent says.
    """

    case_number: str
    at: datetime
    who: str
    act: str
    before: Alarm
    danger: bool

    @property
    def is_false_waking(self) -> bool:
        """Whether those on call were woken for nothing."""
        return self.before.certain and not self.danger


def put_alarm_label(connection: Connection, case_id: int, event_id: int, label: AlarmLabel) -> None:
    """Keep what an agent said of a case's alarm by the act that an event records."""
    values = {
        "case_id": case_id,
        "event_id": event_id,
        "at": label.at,
        "who": label.who,
        "act": label.act,
        "danger": label.danger,
        **alarm_values(label.before),
    }
    connection.execute(alarm_labels.insert(), values)


def take_alarm_label_back(connection: Connection, event_id: int) -> None:
    """Forget what an agent said by an act that they have taken back."""
    connection.execute(alarm_labels.delete().where(alarm_labels.c.event_id == event_id))


class AlarmLabels:
    """The labels of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, since: datetime | None = None) -> list[AlarmLabel]:
        """Return what agents said of alarms, oldest first; what was said since then alone, where that is given."""
        query = sa.select(cases.c.number, alarm_labels).join(cases, cases.c.id == alarm_labels.c.case_id)
        if since is not None:
            query = query.where(alarm_labels.c.at >= since)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(alarm_labels.c.id)).all()
        return [AlarmLabel(row.number, row.at, row.who, row.act, alarm_of(row), row.danger) for row in rows]

    def probabilities(self, since: datetime) -> list[float]:
        """Return the model's probability of danger of each case that was opened since then and that it judged."""
        query = sa.select(cases.c.alarm_score).where(cases.c.opened_at >= since, cases.c.alarm_score.is_not(None))
        with self._database.reading() as connection:
            return list(connection.execute(query.order_by(cases.c.id)).scalars())

    def false_wakings(self, now: datetime, weeks: int = 1) -> list[int]:
        """Return how many cases those on call were woken for in vain, in each of the last weeks of seven days.

        A case counts once, when the last word on it was said.

        Args:
            now: the end of the last week, aware.
            weeks: how many.

        Returns:
            A number for each week, this week's first.
        """
        counts = [0] * weeks
        last: Mapping[str, AlarmLabel] = {each.case_number: each for each in self.all(now - weeks * _WEEK)}
        for label in last.values():
            if label.is_false_waking and label.at <= now:
                counts[min(weeks - 1, (now - label.at) // _WEEK)] += 1
        return counts


def is_more_urgent(alarm: Alarm, level: AlarmLevel) -> bool:
    """Return whether an alarm is more urgent than one of that level."""
    return alarm.level.rank > level.rank
