"""Which cases are behind a figure, so that they can be listed: as many as its number tells, where that counts cases."""

from datetime import UTC, datetime, time, timedelta

from dtm_contact.figures.definitions import Basis, Figure
from dtm_contact.figures.overview import FigureSpan, Place
from dtm_contact.store.figures import CasesWanted


def cases_wanted(
    figure: Figure, place: Place, span: FigureSpan, now: datetime, counted_at: datetime | None
) -> CasesWanted:
    """Return which cases to read from the store.

    Args:
        figure: which; not one of `Basis.COUNTED_ONLY`.
        place: of these alone.
        span: the period.
        now: the time, in the zone of the offices.
        counted_at: when the latest day was counted; None where none was.
    """
    behind = figure.behind
    start, end = (datetime.combine(day, time.min, now.tzinfo).astimezone(UTC) for day in (span.first, span.after.first))
    if figure.basis is Basis.DUE:
        # What is due later is in no number yet.
        end = min(end, counted_at or now)
    return CasesWanted(
        start,
        end,
        figure.basis.value,
        figure.events,
        place.office,
        place.residence,
        place.topic,
        danger=behind.danger,
        priority=behind.urgent,
        late_at=now if behind.late else None,
        silent_since=now - timedelta(days=behind.silent_days) if behind.silent_days else None,
        calls=behind.calls,
        topics=behind.topics,
        reopening=behind.reopening,
        verdict=behind.verdict,
    )
