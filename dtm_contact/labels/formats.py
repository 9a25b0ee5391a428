"""Times, spans, counts and numbers as people of the offices write them."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LONG_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
DAYS: Final = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_SHORT: Final = timedelta(hours=12)
"""What is less far off is told by how long, also over midnight."""
_PAIR: Final = 2
_NATIONAL_DIGITS: Final = 10


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return "mercredi 25 novembre à 13 h 30"."""
    local = at.astimezone(zone)
    return f"{day_in_words(at, zone)} à {hour_in_words(local.hour, local.minute)}"


def day_in_words(at: datetime, zone: ZoneInfo) -> str:
    """Return "mercredi 25 novembre"."""
    local = at.astimezone(zone)
    day = "1er" if local.day == 1 else str(local.day)
    return f"{LONG_DAYS[local.weekday()]} {day} {MONTHS[local.month - 1]}"


_VOWELS: Final = frozenset("aeiouyàâéèêëîïôöûüh")


def that(clause: str) -> str:
    """Return a clause behind "que", which loses its vowel before another: "qu'un danger est certain"."""
    return f"qu'{clause}" if clause[:1].lower() in _VOWELS else f"que {clause}"


def because(*clauses: str) -> str:
    """Return clauses as a reason: "parce que le sujet est X et qu'un danger est certain"."""
    led = [that(clause) for clause in clauses]
    return "parce " + " et ".join(filter(None, (", ".join(led[:-1]), *led[-1:])))


def hour_in_words(hour: int, minute: int) -> str:
    """Return "9 h" or "13 h 30"."""
    return f"{hour} h {minute:02}" if minute else f"{hour} h"


def day_and_time(local: datetime) -> str:
    """Return "mar. 24/11/2026 09:30" for a time on the offices' wall clock."""
    return f"{DAYS[local.weekday()]} {local.strftime('%d/%m/%Y %H:%M')}"


def clock(at: datetime, now: datetime) -> str:
    """Return a time on the offices' wall clock as people say it: "14:05" today, else "mar. 24/11 14:05"."""
    local = at.astimezone(now.tzinfo)
    hour = local.strftime("%H:%M")
    if local.date() == now.date():
        return hour
    day = f"{DAYS[local.weekday()]} {local.strftime('%d/%m')}"
    return f"{day} {hour}" if local.year == now.year else f"{local.strftime('%d/%m/%Y')} {hour}"


def day_of(on: date, now: datetime) -> str:
    """Return a day as people say it: "mar. 24/11", with the year where it is another one."""
    return f"{DAYS[on.weekday()]} {on.strftime('%d/%m' if on.year == now.year else '%d/%m/%Y')}"


def lasting(span: timedelta) -> str:
    """Return how long, in one unit, or two where it is short: "12 min", "2 h 05", "3 j"."""
    seconds = int(abs(span.total_seconds()))
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        hours, rest = divmod(seconds // _MINUTE, _MINUTE)
        return f"{hours} h {rest:02d}" if hours < 10 and rest else f"{hours} h"  # noqa: PLR2004 - a matter of reading
    return f"{seconds // _DAY} j"


def due_in(due: datetime, now: datetime, waits_until: datetime | None = None) -> str:
    """Return when the first answer is due, in words that say without any colour that it is late.

    Args:
        due: when it is due.
        now: the time.
        waits_until: when a case that is set waiting comes back; None for one that is not.
    """
    if waits_until is not None:
        return f"revient {clock(waits_until, now)}"
    left = due - now
    if abs(left) < timedelta(minutes=1):
        return "maintenant"
    if left < timedelta():
        return f"en retard de {lasting(left)}"
    is_near = left < _SHORT or due.astimezone(now.tzinfo).date() == now.date()
    return f"dans {lasting(left)}" if is_near else f"avant {clock(due, now)}"


def answer_before(
    due: datetime, now: datetime, waits_until: datetime | None = None, answered_at: datetime | None = None
) -> str:
    """Return by when somebody is to answer, in a whole phrase: "à répondre avant 10 h 55, dans 25 min".

    Args:
        due: when the first answer is due.
        now: the time.
        waits_until: when a case that is set waiting comes back; None for one that is not.
        answered_at: when it was answered; None while an answer is due.
    """
    if answered_at is not None:
        back = f" ; en attente, revient {_said(waits_until, now)}" if waits_until is not None else ""
        return f"répondu {clock(answered_at, now)}{back}"
    if waits_until is not None:
        return f"en attente, revient {_said(waits_until, now)}"
    if abs(due - now) < timedelta(minutes=1):
        return "à répondre maintenant"
    if due < now:
        return f"à répondre au plus vite, {due_in(due, now)} (prévu avant {_said(due, now)})"
    return f"à répondre avant {_said(due, now)}, dans {lasting(due - now)}"


def _said(at: datetime, now: datetime) -> str:
    """Return a time as it is said: "10 h 55" today, "mardi 24 novembre à 10 h 55" on another day."""
    local = at.astimezone(now.tzinfo)
    hour = f"{local.hour} h {local.minute:02}" if local.minute else f"{local.hour} h"
    if local.date() == now.date():
        return hour
    return f"{LONG_DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} à {hour}"


def when_said(at: datetime, now: datetime) -> str:
    """Return when something is to come, behind a verb: "à 20 h 13" today, "mardi 24 novembre à 9 h" on another day."""
    said = _said(at, now)
    return said if " à " in said else f"à {said}"


def appointment_time(at: datetime, now: datetime) -> str:
    """Return when somebody is awaited: "aujourd'hui à 15 h 30", "mardi 24 novembre à 9 h"."""
    said = _said(at, now)
    return said if " à " in said else f"aujourd'hui à {said}"


def plural(count: int, word: str, many: str = "") -> str:
    """Return "1 foyer", "2 foyers"."""
    return f"{count} {word if count < 2 else many or word + 's'}"  # noqa: PLR2004 - French has the plural from two on


def percent(probability: float) -> str:
    """Return "97 %"; never a whole 100 for what is not certain."""
    return f"{min(99, int(probability * 100))}\u00a0%" if probability >= 0.01 else "< 1\u00a0%"  # noqa: PLR2004


def size(octets: int) -> str:
    """Return "12 Ko"."""
    return f"{octets / 1_000_000:.1f} Mo".replace(".", ",") if octets >= 1_000_000 else f"{max(1, octets // 1000)} Ko"  # noqa: PLR2004


def spaced(number: str) -> str:
    """Return a number as people read it: pairs of digits where it is a French one, else as it is."""
    if len(number) != _NATIONAL_DIGITS or not number.isdigit():
        return number
    return " ".join(number[at : at + _PAIR] for at in range(0, len(number), _PAIR))
