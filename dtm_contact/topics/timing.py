"""When a sentence puts what it tells: days, months and years that are over."""

from collections.abc import Iterator, Sequence
from datetime import date

from dtm_contact.topics.passage import Passage

_OLDEST_YEAR = 1930
_YEAR_DIGITS = 4
_DAY_DIGITS = 2
_OVER_DAYS = 3
_BORN = frozenset(("nee", "nees", "naissance"))
_BORN_IN_FULL = frozenset(("né", "nés"))
_BIRTH_REACH = 5
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
         "decembre"), start=1,
    )
}  # fmt: skip
_DATING = frozenset(("en", "annee", "hiver", "ete", *_MONTHS))
_SEASONS = frozenset(("printemps", "ete", "automne", "hiver"))
_UNITS = {"jours": 1, "semaine": 7, "semaines": 7, "mois": 30, "an": 365, "ans": 365, "annees": 365}
_NUMBERS = {
    word: number
    for number, word in enumerate(
        ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"), start=1
    )
} | {"une": 1, "quinze": 15, "vingt": 20, "trente": 30, "quelques": 5, "plusieurs": 5}


def born_before(passage: Passage, place: int) -> int | None:
    """Return the place of the word that makes the date at a place that of a birth ("née le 3 mai 1938"), or None."""
    before = range(max(0, place - _BIRTH_REACH), place)
    return next((other for other in before if _is_born(passage, other)), None)


def _is_born(passage: Passage, place: int) -> bool:
    """Tell whether a word says that somebody was born; without its accent "né" is the "ne" of a negation."""
    form = passage.forms[place]
    return form in _BORN or (form in {"ne", "nes"} and passage.original(place, place).lower() in _BORN_IN_FULL)


def long_ago(passage: Passage, segments: Sequence[int], day: date) -> set[int]:
    """Return the segments that name a past year ("en 2012", "mars 2019"); `day` is when the contact was written."""
    forms = passage.forms
    found = set()
    for place in range(1, len(forms)):
        form = forms[place]
        is_year = len(form) == _YEAR_DIGITS and form.isdecimal() and _OLDEST_YEAR <= int(form) < day.year
        if is_year and forms[place - 1] in _DATING and born_before(passage, place) is None:
            found.add(segments[place])
    return found


def some_days_ago(passage: Passage, segments: Sequence[int], day: date) -> set[int]:
    """Return the segments that put what they tell some days back or more, not as a beginning ("depuis le 2 novembre").

    "le 2 novembre", "il y a dix jours", "en mars", "l'été dernier".
    """
    forms = passage.forms
    return {
        segments[place]
        for place in range(1, len(forms))
        if _is_days_back(forms, place, day)
        and "depuis" not in forms[max(0, place - 4) : place]
        and born_before(passage, place) is None
    }


def _is_days_back(forms: Sequence[str], place: int, day: date) -> bool:
    form, before = forms[place], forms[place - 1]
    month = _MONTHS.get(form)
    if month is not None:
        named = before.removesuffix("er")
        if named.isdecimal() and len(named) <= _DAY_DIGITS:
            return _days_back(int(named), month, day) >= _OVER_DAYS
        return before in {"en", "de", "d"} and month != day.month
    if form in _SEASONS:
        return forms[place + 1 : place + 2] in (["dernier"], ["passe"]) or before == "au"
    return any(days >= _OVER_DAYS for days in _ago(forms, place))


def _ago(forms: Sequence[str], place: int) -> Iterator[int]:
    """Yield how many days back "il y a dix jours" is, where it ends at a place."""
    if forms[place] in _UNITS and forms[max(0, place - 3) : place - 1] in (["y", "a"], ["ya"]):
        number = forms[place - 1]
        yield (int(number) if number.isdecimal() else _NUMBERS.get(number, 0)) * _UNITS[forms[place]]


def _days_back(day: int, month: int, today: date) -> int:
    """Return how many days ago a day of the year was last; 0 where there is no such day."""
    for year in (today.year, today.year - 1):
        try:
            named = date(year, month, day)
        except ValueError:
            continue
        if named <= today:
            return (today - named).days
    return 0
