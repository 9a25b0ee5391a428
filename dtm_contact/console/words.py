"""Times, priorities and reasons in the offices' words; the filters of the templates."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from markupsafe import Markup, escape

from dtm_contact.console import overseen
from dtm_contact.console.card import shown_value
from dtm_contact.explain import alarm_line
from dtm_contact.explain.calls import spaced
from dtm_contact.explain.waterfall import LABELS
from dtm_contact.explain.words import DAYS
from dtm_contact.model import Evidence
from dtm_contact.store import Case, Event

PRIORITIES: Final = {"P1": "Danger", "P2": "Dans la journée", "P3": "Normal", "P4": "Peut attendre"}
CHANNELS: Final = {"email": "courriel", "phone": "appel", "desk": "au bureau"}
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_BITS_SHOWN: Final = 12.0


def clock(at: datetime, now: datetime) -> str:
    """Return a time on the offices' wall clock as people say it: "14:05" today, else "mar. 24/11 14:05"."""
    local = at.astimezone(now.tzinfo)
    hour = local.strftime("%H:%M")
    if local.date() == now.date():
        return hour
    day = f"{DAYS[local.weekday()]} {local.strftime('%d/%m')}"
    return f"{day} {hour}" if local.year == now.year else f"{local.strftime('%d/%m/%Y')} {hour}"


def lasting(span: timedelta) -> str:
    """Return how long, in one unit, or two where it is short: "12 min", "2 h 05", "3 j"."""
    seconds = int(abs(span.total_seconds()))
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        hours, rest = divmod(seconds // _MINUTE, _MINUTE)
        return f"{hours} h {rest:02d}" if hours < 10 and rest else f"{hours} h"  # noqa: PLR2004 - a matter of reading
    return f"{seconds // _DAY} j"


def due(case: Case, now: datetime) -> str:
    """Return when the first answer is due, in words that tell of lateness without any colour."""
    if case.is_waiting(now) and case.waiting_until is not None:
        return f"revient {clock(case.waiting_until, now)}"
    left = case.due - now
    return f"en retard de {lasting(left)}" if left < timedelta() else f"dans {lasting(left)}"


def urgency(case: Case, now: datetime) -> str:
    """Return how a due time is to look: `late`, `soon` (within two hours), `waits` or `later`."""
    if case.is_waiting(now):
        return "waits"
    left = case.due - now
    if left < timedelta():
        return "late"
    return "soon" if left < timedelta(hours=2) else "later"


def plural(count: int, word: str, many: str = "") -> str:
    """Return "1 foyer", "2 foyers"."""
    return f"{count} {word if count < 2 else many or word + 's'}"  # noqa: PLR2004 - French has the plural from two on


def bar(weight: float) -> Markup:
    """Return how much a piece of evidence weighs as a bar, to the left where it speaks against; decoration only."""
    width = min(abs(weight), _BITS_SHOWN) / _BITS_SHOWN * 50
    start = 50 if weight >= 0 else 50 - width
    kind = "for" if weight >= 0 else "against"
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="axis" x="49.75" y="0" width="0.5" height="8"/>'
        '<rect class="{}" x="{:.1f}" y="1" width="{:.1f}" height="6"/></svg>'
    ).format(kind, start, width)


def evidence_name(evidence: Evidence) -> str:
    """Return what a piece of evidence is called in French; its own name where nobody has named it yet."""
    return LABELS.get(evidence.name, evidence.name)


def strength(evidence: Evidence) -> str:
    """Return what a piece of evidence weighs, in words; a doubt weighs nothing and bounds the rest."""
    if not evidence.weight:
        return "réserve"
    weight = abs(evidence.weight)
    much = "très fort" if weight >= 8 else "fort" if weight >= 4 else "moyen" if weight >= 1.5 else "faible"  # noqa: PLR2004
    return much if evidence.weight >= 0 else f"contre, {much}"


def marked(segments: Iterable[Any]) -> Markup:
    """Return text with the words marked that counted."""
    parts = [
        Markup('<mark class="{}">{}</mark>').format(each.mark, each.text) if each.mark else escape(each.text)
        for each in segments
    ]
    return Markup("").join(parts)


def percent(probability: float) -> str:
    """Return "97 %"; never a whole 100 for what is not certain."""
    return f"{min(99, int(probability * 100))}\u00a0%" if probability >= 0.01 else "< 1\u00a0%"  # noqa: PLR2004


def size(octets: int) -> str:
    """Return "12 Ko"."""
    return f"{octets / 1_000_000:.1f} Mo".replace(".", ",") if octets >= 1_000_000 else f"{max(1, octets // 1000)} Ko"  # noqa: PLR2004


def undoable(events: Iterable[Event], who: str) -> bool:
    """Tell whether the last change by hand that stands is this agent's, so that it can be taken back."""
    undone, last = set(), None
    for event in events:
        if "undoes" in event.data:
            undone.add(event.data["undoes"])
    for event in events:
        if "changed" in event.data and event.id not in undone:
            last = event
    return last is not None and last.who == who


def bare(named: str) -> str:
    """Return a name of the directory without the code behind it."""
    return named.rpartition(" (")[0] or named


FILTERS: Mapping[str, Callable[..., Any]] = {
    **overseen.FILTERS,
    "spaced": spaced,
    "clock": clock,
    "lasting": lasting,
    "due": due,
    "urgency": urgency,
    "bar": bar,
    "strength": strength,
    "evidence_name": evidence_name,
    "percent": percent,
    "size": size,
    "marked": marked,
    "plural": plural,
    "bare": bare,
    "alarm_line": alarm_line,
    "priority_word": lambda priority: PRIORITIES[str(priority)],
    "shown_value": shown_value,
    "channel_word": lambda channel: CHANNELS.get(channel, channel),
}
