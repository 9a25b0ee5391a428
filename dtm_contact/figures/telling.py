"""Figures, rates and periods as people of the offices read them."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names, without_code
from dtm_contact.figures.comparing import PER_DWELLINGS, Gap, Value, drawn
from dtm_contact.figures.definitions import BY_ID, Figure, FigureKind, Unit
from dtm_contact.figures.findings import Against, Beginning, FigureFinding, FindingPeriod, Shown
from dtm_contact.figures.overview import FigureSpan, Grain, Overview
from dtm_contact.figures.scanning import SMALLEST
from dtm_contact.figures.surpluses import Unusual

MOST_STANDING_OUT: Final = 8
"""Of offices, of residences and of unusual counts, what stands out most is told."""
_ALIKE: Final = 3
"""So many sentences at least that differ by the residence and its numbers alone are told as one."""
_HOUR: Final = 60
_DAY: Final = 24 * 60
_SHORT: Final = 10
"""Smaller numbers are told with what is behind the whole."""
_NBSP: Final = "\u00a0"
_BUSINESS: Final = f"{_NBSP}ouvrées"
_Found = TypeVar("_Found", FigureFinding, Unusual)
_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def format_period(span: FigureSpan) -> str:
    """Return "semaine du 23 novembre 2026", "novembre 2026", "2026"."""
    first = span.first
    match span.grain:
        case Grain.WEEK:
            day = "1er" if first.day == 1 else str(first.day)
            return f"semaine du {day} {_MONTHS[first.month - 1]} {first.year}"
        case Grain.MONTH:
            return f"{_MONTHS[first.month - 1]} {first.year}"
        case _:
            return str(first.year)


def format_number(figure: Figure, number: float | None) -> str:
    """Return a figure in its unit: "1 234", "87 %", "3 h 10", "12 j"; "–" where there is none."""
    if number is None:
        return "–"
    match figure.unit:
        case Unit.PERCENT:
            return f"{number:.0f}{_NBSP}%"
        case Unit.BUSINESS_MINUTES:
            return f"{format_hours(number)}{_BUSINESS}"
        case Unit.MINUTES:
            return f"{_decimal(number / _DAY)}{_NBSP}j" if number >= 2 * _DAY else format_hours(number)
        case Unit.DAYS:
            return f"{number:.0f}{_NBSP}j"
        case _:
            return _decimal(number)


def format_passed(span: FigureSpan, today: date) -> str:
    """Return how much of a period has passed where it is not over: "1 jour sur 31"; otherwise ""."""
    found = span.passed(today)
    return f"{found[0]} jour{'s' if found[0] > 1 else ''} sur {found[1]}" if found else ""


def format_count(count: int) -> str:
    """Return how many: "1 234"."""
    return f"{count:,}".replace(",", _NBSP)


def _decimal(number: float) -> str:
    number = round(number, 1)
    whole = number >= _SHORT or number == int(number)
    return format_count(round(number)) if whole else f"{number:.1f}".replace(".", ",")


def format_hours(minutes: float) -> str:
    """Return minutes as hours and minutes; an office's day has eight hours, so that days would mislead."""
    if minutes < 1:
        return f"moins d’1{_NBSP}min"
    # Durations are read off a histogram: to the minute, they would say more than is known.
    step = next(step for least, step in _STEPS if minutes >= least)
    whole = round(minutes / step) * step
    if whole < _HOUR:
        return f"{whole}{_NBSP}min"
    hours, rest = divmod(whole, _HOUR)
    return f"{hours}{_NBSP}h{_NBSP}{rest:02d}" if hours < _SHORT and rest else f"{round(minutes / _HOUR)}{_NBSP}h"


_STEPS: Final = ((3 * _HOUR, 15), (_HOUR, 5), (0, 1))
"""From which duration on durations are told in steps of how many minutes."""


def format_rate(rate: float | None) -> str:
    """Return a number per 1,000 dwellings: "12,3 ‰"; from 1,000 on "2,9 par logement"."""
    if rate is None:
        return "–"
    told = f"{rate / PER_DWELLINGS:.1f} par logement" if rate >= PER_DWELLINGS else f"{rate:.1f}{_NBSP}‰"
    return told.replace(".", ",")


def rates_in_one_unit(rates: Iterable[float | None]) -> Callable[[float | None], str]:
    """Return what tells the rates of a table in one unit: by dwelling where one of them is so great, else in ‰."""
    if not any((rate or 0) >= PER_DWELLINGS for rate in rates):
        return format_rate
    return _format_by_dwelling


def _format_by_dwelling(rate: float | None) -> str:
    return "–" if rate is None else f"{rate / PER_DWELLINGS:.2f} par logement".replace(".", ",")


def format_drawn(figure: Figure, value: Value) -> str:
    """Return a figure as it is drawn and compared: "12 % des dossiers en cours (11 à 13)", "3,1 ‰", or in its own unit.

    A share that rests on too few says so, and has no interval.
    """
    found = drawn(figure, value)
    if found is None:
        return "–"
    told = format_drawn_number(figure, found[0])
    if value.share is None or not figure.judged_as:
        return told
    return f"{told} {figure.judged_as} ({format_interval(value.share)})"


def format_interval(share: Value) -> str:
    """Return between what a share lies, in per cent: "11 à 13"; of too few cases that it does: "sur 9 : trop peu …"."""
    if not share.is_comparable:
        return f"sur {share.count} : trop peu pour comparer"
    return f"{share.low:.0f} à {share.high:.0f}"


def format_drawn_number(figure: Figure, number: float) -> str:
    """Return the number of it alone: "12 %", "3,1 ‰", or in its own unit."""
    if figure.judged_of:
        return f"{number:.0f}{_NBSP}%"
    return format_rate(number) if figure.is_rated else format_number(figure, number)


def format_value(figure: Figure, value: Value) -> str:
    """Return a figure, with its interval in brackets where it is a share or a duration, or that it rests on too few."""
    told = format_number(figure, value.number)
    if value.number is None or figure.unit in {Unit.NUMBER, Unit.DAYS} or value.low is None:
        return told
    if value.count < SMALLEST:
        return f"{told} (sur {value.count} : trop peu pour comparer)"
    low, high = (format_number(figure, number).removesuffix(_BUSINESS) for number in (value.low, value.high))
    return f"{told} ({low} à {high})"


def format_gap(figure: Figure, gap: Gap | None, directory: Directory) -> str:
    """Return how far the best and the worst office are apart, and whether that is too little; "" without a gap."""
    if gap is None:
        return ""
    sides = ((gap.best, gap.best_number), (gap.worst, gap.worst_number))
    told = (f"{office_name(directory, office)} {format_drawn_number(figure, number)}" for office, number in sides)
    return ", ".join(told) + ("" if gap.is_sure else " (trop proches pour conclure)")


@dataclass(frozen=True, slots=True)
class OutlierDetail:
    """One figure by which a place stands out, in words."""

    words: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Outlier:
    """What stands out, in one sentence: where, since when, for whom, and compared with what.

    Attributes:
        words: the sentence.
        office, residence, topic: the place; "" where it is none of it.
        details: each figure that shows it, that of the sentence first; none where it is a number of cases.
        is_elsewhere: it is worse there than elsewhere; else than it was, or than what is to be reached.
        period: of a number of cases, the periods in which they were opened.
        alike: of several residences of which the sentence tells at once, what it tells of each; all else is then of
            the first of them.
    """

    words: str
    office: str = ""
    residence: str = ""
    topic: str = ""
    details: tuple[OutlierDetail, ...] = ()
    is_elsewhere: bool = False
    period: FindingPeriod | None = None
    alike: "tuple[Outlier, ...]" = ()


def step_of(span: FigureSpan) -> Grain:
    """Return how long the periods are in which a figure's course is told: of a year, months."""
    return Grain.WEEK if span.grain is Grain.WEEK else Grain.MONTH


def office_name(directory: Directory, office_id: str) -> str:
    """Return what an office is called."""
    office = directory.offices.get(office_id)
    return office.name if office else office_id


def describe_outliers(overview: Overview, names: Names, directory: Directory) -> Iterator[Outlier]:
    """Yield what stands out in a period: of offices, of residences, of all; then unusual numbers of cases.

    Where service is worse than elsewhere comes first on the page, on the sheet for a meeting and in the report.
    """
    words = _Words(names, directory, step_of(overview.span), overview.today)
    found = overview.findings
    asked_topic, dwellings = overview.place.topic, overview.dwellings
    for against in ((Against.OTHERS,), (Against.REST,), (Against.STANDARD, Against.BEFORE)):
        of_it = [each for each in found if each.against in against]
        told = _alike(
            of_it, partial(words.likeness, asked_topic=asked_topic), partial(words.outlier, asked_topic=asked_topic)
        )
        yield from islice((words.outliers(*group, asked_topic) for group in told), MOST_STANDING_OUT)
    for expected in (Against.USUAL, Against.ELSEWHERE):
        unusual = [each for each in overview.unusual if each.against is expected]
        counted = _alike(
            unusual,
            lambda each: (each.topic, each.period),
            lambda each: words.unusual(each, dwellings.get(each.residence, 0)),
        )
        yield from islice((words.unusuals(*group) for group in counted), MOST_STANDING_OUT)


def _alike(
    found: Iterable[_Found], likeness: Callable[[_Found], Hashable], tell: Callable[[_Found], Outlier]
) -> Iterator[tuple[list[_Found], list[Outlier]]]:
    """Yield what was found with its sentences, in its order: together what is alike, where that are several."""
    groups: dict[Hashable, list[_Found]] = {}
    for each in found:
        groups.setdefault(likeness(each), []).append(each)
    for group in groups.values():
        for several in [group] if len(group) >= _ALIKE else [[each] for each in group]:
            yield several, [tell(each) for each in several]


@dataclass(frozen=True, slots=True)
class _Words:
    """Tells what was found."""

    names: Names
    directory: Directory
    step: Grain
    today: date

    def outlier(self, finding: FigureFinding, asked_topic: str | None) -> Outlier:
        """Return a finding as a sentence, with each figure that shows it."""
        told = f"{self._where(finding)}, {self._when_and_whom(finding, asked_topic)} : "
        told += self._compared(finding.shown, finding)
        details = [OutlierDetail(_sentence(self._compared(each, finding)), each.figure) for each in finding.others]
        first = OutlierDetail(finding.shown.figure.title, finding.shown.figure)
        is_elsewhere = finding.against in {Against.OTHERS, Against.REST}
        return Outlier(told, finding.office, finding.residence, finding.topic, (first, *details), is_elsewhere)

    def likeness(self, finding: FigureFinding, asked_topic: str | None) -> Hashable:
        """Return what findings of residences have in common whose sentences are alike; any other is like none."""
        if not finding.residence:
            return id(finding)
        return finding.shown.figure.id, self._when_and_whom(finding, asked_topic), finding.shown.length

    def outliers(
        self, alike: Sequence[FigureFinding], sentences: Sequence[Outlier], asked_topic: str | None
    ) -> Outlier:
        """Return findings that are alike as one sentence, by those of each; a finding alone as its own."""
        if len(alike) < _ALIKE:
            return sentences[0]
        first, figure = sentences[0], alike[0].shown.figure
        mine, other = (
            _range([getattr(each.shown, name) for each in alike], partial(_number_in_words, figure))
            for name in ("mine", "other")
        )
        mean = " en moyenne" if figure.kind is FigureKind.STOCK and alike[0].shown.length > 1 else ""
        words = f"{self._residences(each.residence for each in alike)}, {self._when_and_whom(alike[0], asked_topic)} : "
        words += f"{figure.sentence.format(mine)}{mean}, contre {other} dans les autres résidences de leur bureau"
        return replace(first, words=words, details=first.details[:1], alike=tuple(sentences))

    def _when_and_whom(self, finding: FigureFinding, asked_topic: str | None) -> str:
        has_before = _is_plain(finding.shown.figure)
        since = _since(finding.period, self.step, has_before=has_before)
        return f"{since}, {self._whom(finding, asked_topic)}"

    def _residences(self, several: Iterable[str]) -> str:
        # Each has a comma within its name.
        return " ; ".join(map(self._residence, several))

    def unusuals(self, alike: Sequence[Unusual], sentences: Sequence[Outlier]) -> Outlier:
        """Return unusually many cases of several residences as one sentence, by those of each; of one as its own."""
        if len(alike) < _ALIKE:
            return sentences[0]
        first = alike[0]
        counts = _range([each.count for each in alike], lambda count: format_count(int(count)))
        times = _range([each.times for each in alike], lambda number: f"{number:.0f}")
        topic = self._topic(first.topic) if first.topic else "tous les motifs ensemble"
        expected = (
            "ce que les autres résidences ont ouvert, à logements égaux"
            if first.against is Against.ELSEWHERE
            else "ce qui y est habituel en autant de temps"
        )
        words = (
            f"{self._residences(each.residence for each in alike)}, {_since(first.period, self.step)}, pour {topic} : "
        )
        words += f"{counts} nouveaux dossiers chacune, {times} fois {expected}"
        return replace(sentences[0], words=words, alike=tuple(sentences))

    def unusual(self, count: Unusual, dwellings: int) -> Outlier:
        """Return unusually many cases as a sentence; of a residence with so many dwellings."""
        usual = format_number(BY_ID["opened"], count.usual)
        topic = self._topic(count.topic) if count.topic else "tous les motifs ensemble"
        told = f"{self._residence(count.residence)}, {_since(count.period, self.step)}, pour {topic} : "
        told += f"{format_count(count.count)} nouveaux dossiers, "
        if count.against is Against.ELSEWHERE:
            mine, other = (PER_DWELLINGS * number / dwellings for number in (count.count, count.usual))
            rate = rates_in_one_unit((mine, other))
            told += f"{rate(mine)}, contre {rate(other)} dans les autres résidences (×{count.times:.0f})"
        else:
            told += f"contre {usual} d’habitude en autant de temps (×{count.times:.0f})"
        return Outlier(told, residence=count.residence, topic=count.topic, period=count.period)

    def _where(self, found: FigureFinding) -> str:
        if found.residence:
            return self._residence(found.residence)
        if found.office:
            return office_name(self.directory, found.office)
        rest = [each for each in self.directory.offices if each not in found.offices]
        if found.offices and len(rest) >= len(found.offices):
            return _listed(office_name(self.directory, each) for each in found.offices)
        but = _listed(office_name(self.directory, each) for each in rest) if found.offices else ""
        return f"Tous les bureaux, sauf {but}" if but else "Tous les bureaux"

    def _residence(self, residence: str) -> str:
        home = self.directory.residences.get(residence)
        office = f" ({office_name(self.directory, home.office_id)})" if home else ""
        return f"{without_code(self.names.residence(residence))}{office}"

    def _whom(self, found: FigureFinding, asked_topic: str | None) -> str:
        """Return for whom: of which topics and residences; those that are asked for alone are not told again."""
        residences = _listed(without_code(self.names.residence(each)) for each in found.residences)
        if found.topic:
            told = f"pour {self._topic(found.topic)}"
            return f"{told}, surtout {residences}" if residences else told
        topics = _listed(map(self._topic, found.topics))
        if topics or residences:
            return f"surtout pour {' ; '.join(filter(None, (topics, residences)))}"
        if asked_topic is not None:
            return f"pour {self._topic(asked_topic)}"
        return "pour tous les motifs"

    def _topic(self, topic: str) -> str:
        return self.names.topics.get(topic, topic).lower()

    def _grown(self, shown: Shown, found: FigureFinding) -> str:
        """Return how many more cases wait than before they began to grow, and how many of them came in the latest."""
        last = FigureSpan(self.step, found.until)
        mine, other = (format_number(shown.figure, number) for number in (shown.mine, shown.other))
        before = self._end_of(FigureSpan(self.step, found.period.first).before, last)
        told = f"{shown.figure.sentence.format(mine)}, contre {other} {before}"
        if found.period.beginning is Beginning.FIRST_COUNTED:
            told += ", où le comptage commence"
        if shown.added is None:
            return told
        if shown.added > 0:
            return f"{told}, dont {format_number(shown.figure, shown.added)} de plus {self._in(last)}"
        return f"{told}, mais aucun de plus {self._in(last)}"

    def _in(self, span: FigureSpan) -> str:
        """Return "en mars seul", "dans la seule semaine du 23 novembre", "en mars, 3 jours sur 31"."""
        told = _without_year(span, span)
        if passed := format_passed(span, self.today):
            return f"{'dans la' if span.grain is Grain.WEEK else 'en'} {told}, {passed}"
        return f"dans la seule {told}" if span.grain is Grain.WEEK else f"en {told} seul"

    def _end_of(self, span: FigureSpan, near: FigureSpan) -> str:
        """Return "fin mars", "fin mars 2025" of another year, "à la fin de la semaine du 23 novembre"."""
        told = _without_year(span, near)
        return f"à la fin de la {told}" if span.grain is Grain.WEEK else f"fin {told}"

    def _compared(self, shown: Shown, found: FigureFinding) -> str:
        """Return a number and what it is compared with; of several periods how many, and the latest one's number.

        A table of one period shows neither: without them, its number seems to say otherwise.
        """
        if _is_plain(shown.figure):
            return self._grown(shown, found)
        told = self._held_against(shown, found)
        if shown.period is not None:
            told = f"{_since(shown.period, self.step)}, {told}"
        if shown is found.shown and shown.length > 1 and shown.figure.kind is not FigureKind.STOCK:
            told += f", {shown.length} {'semaines' if self.step is Grain.WEEK else 'mois'} ensemble"
        where, latest = self._in(FigureSpan(self.step, found.until)), shown.latest
        if latest is None or latest.number is None:
            return told
        mine, number = (_number_in_words(shown.figure, each) for each in (shown.mine, latest.number))
        return told if mine == number else f"{told} ; {where} : {number} (sur {format_count(latest.count)})"

    def _held_against(self, shown: Shown, found: FigureFinding) -> str:
        figure = shown.figure
        mine, other = (_number_in_words(figure, number) for number in (shown.mine, shown.other))
        match found.against:
            case Against.OTHERS:
                same = " pour le même motif" if found.topic and not shown.is_of_all else ""
                against = f"contre {other} dans les autres bureaux{same}"
            case Against.REST:
                against = f"contre {other} dans les autres résidences du bureau"
            case Against.STANDARD:
                against = f"au lieu de {other} au moins"
            case _:
                against = f"contre {other} avant"
        # What stands at the end of each period has of several no sum.
        mean = " en moyenne" if figure.kind is FigureKind.STOCK and shown.length > 1 else ""
        told = f"{figure.sentence.format(mine)}{mean}, {against}"
        return f"tous motifs ensemble, {told}" if shown.is_of_all else told


def _is_plain(figure: Figure) -> bool:
    """Return whether a figure is told as a plain number, and no share or duration."""
    return figure.is_rated and not figure.judged_of


def _without_year(span: FigureSpan, near: FigureSpan) -> str:
    """Return a period without its year, where that is the year of another one."""
    told = format_period(span)
    return told.removesuffix(f" {span.first.year}") if span.first.year == near.first.year else told


def _number_in_words(figure: Figure, number: float) -> str:
    return f"{number:.0f}{_NBSP}%" if figure.judged_of else format_number(figure, number)


def _range(numbers: Sequence[float], tell: Callable[[float], str]) -> str:
    """Return "34 à 48 %"; "34 %" where all are told as the same."""
    least, most = tell(min(numbers)), tell(max(numbers))
    return most if least == most else f"{least.partition(_NBSP + '%')[0]} à {most}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _listed(names: Iterable[str]) -> str:
    """Return "A", "A et B", "A, B et C"."""
    several = list(names)
    return " et ".join(filter(None, (", ".join(several[:-1]), *several[-1:])))


def format_unusual(unusual: Unusual, span: FigureSpan) -> str:
    """Return "53 depuis novembre 2026, d’habitude 6,7"; "53 depuis novembre 2026, ailleurs 6,7 à logements égaux"."""
    since, usual = _since(unusual.period, step_of(span)), format_number(BY_ID["opened"], unusual.usual)
    is_elsewhere = unusual.against is Against.ELSEWHERE
    told = f"ailleurs {usual} à logements égaux" if is_elsewhere else f"d’habitude {usual}"
    return f"{format_count(unusual.count)} {since}, {told}"


def _since(period: FindingPeriod, step: Grain, *, has_before: bool = False) -> str:
    """Return "depuis mars 2026", "en mai 2026", "de mars 2026 à mai 2026".

    Args:
        period: the periods in a row.
        step: how long each is.
        has_before: whether the end of the period before is told with it.
    """
    first = _step(period.first, step)
    if period.last is None:
        # What has grown has an end before it that was counted: `_grown` tells that the count begins there.
        match period.beginning:
            case Beginning.FIRST_COUNTED if not has_before:
                return f"depuis au moins {first}"
            case Beginning.FIRST_LOOKED_AT:
                return f"depuis {first} ou avant"
            case _:
                return f"depuis {first}"
    if period.last == period.first:
        return f"dans {first}" if step is Grain.WEEK else f"en {first}"
    return f"de {first} à {_step(period.last, step)}"


def _step(first: date, step: Grain) -> str:
    told = format_period(FigureSpan(step, first))
    return f"la {told}" if step is Grain.WEEK else told


def describe_nothing(overview: Overview) -> Iterator[str]:
    """Yield in words of what nothing stands out: of the offices, of the residences."""
    place, found = overview.place, overview.findings
    if place.residence is None and not any(each.against is Against.OTHERS for each in found):
        yield (
            "Aucun bureau n’est nettement moins bon que les autres."
            if place.office is None
            else "Ce bureau n’est pas nettement moins bon que les autres."
        )
    if place.residence is not None and not any(each.against is Against.REST for each in found):
        yield "Cette résidence n’est pas nettement moins bien servie que les autres résidences de son bureau."
    if not overview.has_usual:
        yield "Pas de période précédente : rien ne dit encore ce qui est habituel dans les résidences."
    if place.residence is None and not overview.unusual:
        held = "que d’habitude, ni que les autres" if overview.has_usual else "que les autres"
        yield f"Aucune résidence n’a ouvert nettement plus de dossiers {held}, à logements égaux."
