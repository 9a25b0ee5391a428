"""What every figure counts, declared once: counting, page, report, CSV, JSON and `docs/figures.md` follow from it.

A figure is made of *measures*, whole numbers that are counted by day, office, residence and topic (`counting`) and can
be added up. A share divides two of them; a median is read off a histogram of durations.

A figure that counts events needs nothing but its declaration here (`EventCount`). One that needs a case as a whole –
when it was open, who answered – has its measure counted in `case_facts` too. Days that were counted before a figure
was declared, or before its measure was changed, are made up for by the daemon (`keeping`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from dtm_contact.model import Channel
from dtm_contact.store.events import ANSWERS

CONTACT_CHANNELS: Final = tuple(Channel)
"""The channels of contacts, by which arrivals are split."""
SILENT_DAYS: Final = (14, 45)
INCIDENT_TOPICS: Final = (
    "elevator",
    "elevator_trapped",
    "heating",
    "water_cut",
    "water_leak",
    "electricity",
    "gas",
    "fire",
    "access_control",
)
"""What can befall a whole building at once."""


class FigureKind(StrEnum):
    """How a figure of a period is made of its measures."""

    COUNT = "count"
    """The sum of the days."""
    SHARE = "share"
    """One sum divided by another, in per cent."""
    QUANTILE = "quantile"
    """Read off the histogram of the durations of all days."""
    STOCK = "stock"
    """As it was at the end of the last day; of today, as it is now."""


class Unit(StrEnum):
    """What a figure is told in; the value is the French word of page and files."""

    NUMBER = "nombre"
    PERCENT = "%"
    BUSINESS_MINUTES = "minutes ouvrées"
    MINUTES = "minutes"
    DAYS = "jours"


class Better(StrEnum):
    """Which value of a figure is the better one for tenants."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


class Basis(StrEnum):
    """By what the cases behind a figure are found again, so that the desk can list them."""

    OPENED = "opened"
    """They were opened in the period."""
    DUE = "due"
    """Their answer was due in the period, and is no more to come: of the present one, before the last count."""
    CRIED = "cried"
    """The engine made a certain alarm of them in the period."""
    LABELLED = "labelled"
    """An agent said in the period that there was danger."""
    EVENTS = "events"
    """One of the figure's events happened to them in the period."""
    CORRECTED = "corrected"
    """They were opened in the period, and one of the figure's events happened to them since; the topic is the one that
    the engine gave."""
    REOPENED = "reopened"
    """An event of the period opened them again."""
    MOVED_TO = "moved_to"
    """An event of the period gave them to the office, from another one."""
    MOVED_FROM = "moved_from"
    """An event of the period gave them from the office to another one."""
    CONTACTS = "contacts"
    """A message, call or visit of the period lies in them."""
    UNSERVED = "unserved"
    """A call of the period that nobody answered lies in them."""
    CALL_BACKS = "call_backs"
    """A call that nobody answered lies in them, whose time to be called back ended in the period."""
    INCIDENTS = "incidents"
    """They were opened in the period, and several households opened one on that day."""
    OPEN = "open"
    """They were open when the period was over; of the present one, at the last count."""
    COUNTED_ONLY = "counted_only"
    """They cannot be listed: what is counted lies in no case."""


@dataclass(frozen=True, slots=True)
class EventCount:
    """How a measure is counted by the events of its figure, without a line of code: each of them once.

    Attributes:
        where: of these alone: the values that their data must have, by name. Erasing a person keeps those names.
    """

    where: Mapping[str, str] = field(default_factory=dict)

    def counts(self, data: Mapping[str, Any]) -> bool:
        """Return whether an event with that data is counted."""
        return all(data.get(name) == value for name, value in self.where.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        id: by which files and links name it.
        group: under which heading it stands.
        title, counts: in French: what it is called, and what exactly it counts.
        title_en, counts_en: the same in English.
        kind: how it is made of its measures.
        unit: what it is told in.
        measures: the measure counted, the part of a share, or the durations.
        whole: of a share: what it is a part of.
        judged_of: of what is counted: the measures, its own among them or not, of which it is a part: that share is
            shown, and offices are compared by it where one value is better. Where there is none, what is counted is
            shown, and no office compared by it: how much there is to do is no fault of an office.
        judged_as: in French: of what that share is, "des dossiers en cours".
        sum_of: what is counted is the sum of these measures; where there is none, its own measure.
        quantile: of the durations: 0.5 or 0.9.
        part_words: of a share, in French: what a case of the part is, and what all others of the whole are.
        sentence: in French: what it says of a place in a sentence, with {} for its number.
        note: in French: what must not be taken for it; it stands wherever the title does.
        least: the least difference between two places that is called one: points, or minutes; 0: that of its unit.
        standard: a share, in per cent, that is to be reached everywhere; 0 where there is none.
        better: which value is the better one.
        basis, events: where the cases behind it are looked for; those are listed of which counting again finds that
            they add to it. `Basis.COUNTED_ONLY` lists none.
        urgent: whether only P1 are counted, or only what is none; None: both.
        answered: of cases that stand open, whether only those that a person has answered are counted, or only those
            that nobody has; None: both.
        silent: of cases that stand open, days for which nobody has answered those that are counted; 0: any.
        source: the tables that it is counted from.
        counter: how its measure is counted by those events; None where `case_facts` counts it.
        peak: of several places the greatest value holds, where others are added up.
        weight: how much it weighs where an office stands out by it; 0: no office does.
        reported: it stands in the monthly report by mail.
        revision: raised where what `case_facts` counts of it changes: days that were counted before are made up for.
    """

    id: str
    group: str
    title: str
    counts: str
    title_en: str
    counts_en: str
    source: str
    measure: str
    basis: Basis
    kind: FigureKind = FigureKind.COUNT
    unit: Unit = Unit.NUMBER
    whole: str = ""
    part_words: tuple[str, str] = ("", "")
    judged_of: tuple[str, ...] = ()
    judged_as: str = ""
    sum_of: tuple[str, ...] = ()
    quantile: float = 0.0
    sentence: str = ""
    note: str = ""
    least: float = 0.0
    standard: float = 0.0
    better: Better = Better.NEITHER
    events: tuple[str, ...] = ()
    urgent: bool | None = None
    answered: bool | None = None
    silent: int = 0
    counter: EventCount | None = None
    peak: bool = False
    weight: int = 0
    reported: bool = False
    revision: int = 1

    @property
    def faulty_words(self) -> str:
        """Of a share of which one value is better, in French: what the cases are by which it is worse; else ""."""
        if self.kind is not FigureKind.SHARE or self.better is Better.NEITHER:
            return ""
        return self.part_words[1 if self.better is Better.MORE else 0]

    def faulty(self, whole: int, part: int) -> int:
        """Return how many of a share's whole, with so many of its part, are those by which it is worse."""
        return whole - part if self.better is Better.MORE else part

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that it is made of."""
        return (self.measure, self.whole) if self.whole else (self.measure,)

    @property
    def is_judged(self) -> bool:
        """Whether offices are compared by it: a share, a duration, or what is counted as a part of something."""
        return self.better is not Better.NEITHER and (bool(self.judged_of) or not self.is_rated)

    @property
    def is_rated(self) -> bool:
        """Whether it is also told per 1,000 dwellings: what is counted, or stands at a moment."""
        return self.kind in {FigureKind.COUNT, FigureKind.STOCK} and self.unit is Unit.NUMBER

    @property
    def split(self) -> str:
        """By what it may be split, in French."""
        ways = ", voie d’arrivée" if len(self.sum_of) == len(CONTACT_CHANNELS) else ""
        return f"bureau, résidence, motif{ways}"


GROUPS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "arrivals": ("Ce qui arrive", "What comes in"),
        "answers": ("Première réponse", "First answer"),
        "stock": ("Ce qui attend", "What waits"),
        "calls": ("Appels", "Calls"),
        "incidents": ("Incidents collectifs", "Incidents of several households"),
        "engine": ("Ce que le moteur a mal vu", "Where the engine was wrong"),
        "unnamed": ("Ce que le moteur n’a pas su dire", "What the engine could not tell"),
        "alarms": ("Alertes de danger", "Alarms of danger"),
        "rest": ("Courrier automatique et rendez-vous", "Automatic answers and appointments"),
    }
)
CLOSINGS: Final = ("done", "tried", "undone")
_FIRST_ANSWERS: Final = (*ANSWERS, *CLOSINGS)
_BY_ID: Final[dict[str, Figure]] = {}
_BY_EVENT: Final[dict[str, list[Figure]]] = {}
BY_ID: Final[Mapping[str, Figure]] = MappingProxyType(_BY_ID)
FIGURES: Final = BY_ID.values()
"""All figures, in the order of their declaration."""
BY_EVENT: Final[Mapping[str, list[Figure]]] = MappingProxyType(_BY_EVENT)
"""The figures that count an event, by its word."""
STOCKS: Final[set[str]] = set()
"""Measures that stand at a moment: of several days the last one's holds."""
PEAKS: Final[set[str]] = set()
"""Measures of which the greatest of several places holds, where others are added up."""


def declare(figure: Figure) -> None:
    """Add a figure: it is counted, shown, saved and explained from then on.

    Raises:
        ValueError: there is one of that id, its group is none, or it counts events and names none, counts them into a
            measure that another figure counts into, too, or into a part of a whole that no figure declared before has.
    """
    if figure.id in _BY_ID:
        raise ValueError(f"the figure {figure.id} is declared twice")
    if figure.group not in GROUPS:
        raise ValueError(f"the figure {figure.id} is of no group: {', '.join(GROUPS)}")
    if figure.counter is not None and not figure.events:
        raise ValueError(f"the figure {figure.id} counts events, and names none")
    if figure.counter is not None and any(figure.measure in each.measures for each in FIGURES):
        raise ValueError(f"the figure {figure.id} counts into {figure.measure}, which another figure has")
    if figure.counter is not None and figure.whole and not any(figure.whole in each.measures for each in FIGURES):
        raise ValueError(f"the figure {figure.id} is part of {figure.whole}, which no figure before it has")
    _BY_ID[figure.id] = figure
    if figure.counter is not None:
        for event in figure.events:
            _BY_EVENT.setdefault(event, []).append(figure)
    if figure.kind is FigureKind.STOCK:
        STOCKS.add(figure.measure)
    if figure.peak:
        PEAKS.add(figure.measure)


def base_of(name: str) -> str:
    """Return the measure that a name in the counts belongs to: `first_answer:12` and `arrivals.email` have one."""
    return name.partition(":")[0].partition(".")[0]


def measure_digests() -> dict[str, str]:
    """Return by which definition each measure is counted, as a digest: words and titles do not count."""
    found = {}
    for name in sorted({measure for figure in FIGURES for measure in (*figure.measures, *figure.judged_of)}):
        # What is counted only because others are a part of it is counted as they are.
        counted = [figure for figure in FIGURES if name in figure.measures] or [
            figure for figure in FIGURES if name in figure.judged_of
        ]
        counters = [
            [list(each.events), dict(each.counter.where), *_FORMER_CHOICES]
            for each in counted
            if each.counter is not None
        ]
        definition = json.dumps([_COUNTED_BY, name, max(each.revision for each in counted), counters], sort_keys=True)
        found[name] = sha256(definition.encode()).hexdigest()[:_DIGEST_DIGITS]
    return found


def kept_words() -> frozenset[str]:
    """Return the names in the data of events that figures count by, which stay when a person is erased."""
    return frozenset(name for figure in FIGURES if figure.counter is not None for name in figure.counter.where)


_COUNTED_BY: Final = 2
"""Raised where all measures are counted otherwise: since 2, under the office that a case lay at then."""
_DIGEST_DIGITS: Final = 8
_FORMER_CHOICES: Final = (False, False)
"""What else events were chosen by once: without it, all that is counted by events would be counted anew."""
_BY_HAND: Final = "ce qui a été annulé ne compte pas"
_NOT_UNDONE: Final = "what was taken back does not count"
_OF_ENGINE: Final = (
    "compté au motif que le moteur avait donné, sans les dossiers qu’un agent a ouverts lui-même ; ce qui a été "
    "annulé ne compte pas"
)
_OF_ENGINE_EN: Final = (
    "counted under the topic that the engine had given, without the cases that an agent opened; what was taken back "
    "does not count"
)
_FIRST_ANSWER: Final = (
    "Des dossiers P2 à P4, le temps entre l’ouverture du dossier et la première réponse d’une personne : lettre, "
    "réponse depuis la messagerie, conversation au téléphone, ou clôture, même sans un mot, autre qu’une réunion. Il "
    "est compté en heures ouvrées, celles où la file est ouverte : ni nuit, ni dimanche, ni jour férié ; au bureau "
    "où le dossier était à l’échéance, ou à la réponse si elle vient avant."
)
_FIRST_ANSWER_P1: Final = (
    "Des dossiers P1, le temps entre l’ouverture du dossier et la première réponse d’une personne (lettre, "
    "conversation au téléphone, clôture, ou message d’agent qui est dans nos messages envoyés), à l’horloge, jour et "
    "nuit."
)
_NO_ANSWER: Final = "un regard n’est pas une réponse"
_IN_TIME: Final = ("dans le délai", "hors délai")

for _figure in (
    Figure(
        id="arrivals",
        group="arrivals",
        title="Messages, appels et visites reçus",
        counts=(
            "Courriels qui sont entrés dans un dossier, appels entrants, visites, appels et courriers notés au "
            "bureau. Nos propres messages, les appels sortants et internes n’en sont pas. Un courriel compte le jour "
            "où il est reçu, un appel le jour où il commence."
        ),
        title_en="Messages, calls and visits received",
        counts_en=(
            "E-mails that went into a case, calls that came in, and visits, calls and letters that an agent wrote "
            "down. Our own messages, outgoing and internal calls are none. An e-mail counts on the day it is "
            "received, a call on the day it begins."
        ),
        source="contacts, arrivals",
        measure="arrivals",
        sum_of=tuple(f"arrivals.{channel}" for channel in CONTACT_CHANNELS),
        basis=Basis.CONTACTS,
    ),
    Figure(
        id="set_aside",
        group="arrivals",
        title="Messages écartés",
        counts="Courriels automatiques et publicité qui n’ont ouvert aucun dossier.",
        title_en="Messages set aside",
        counts_en="Automatic mail and advertising that opened no case.",
        source="contacts, arrivals",
        measure="set_aside",
        basis=Basis.COUNTED_ONLY,
    ),
    Figure(
        id="opened",
        group="arrivals",
        title="Nouveaux dossiers",
        counts="Dossiers ouverts ce jour-là, qu’ils soient clos depuis ou non.",
        title_en="New cases",
        counts_en="Cases that were opened on that day, whether they have been closed since or not.",
        sentence="{} nouveaux dossiers",
        source="cases",
        measure="opened",
        reported=True,
        basis=Basis.OPENED,
    ),
    Figure(
        id="closed",
        group="arrivals",
        title="Dossiers clos",
        counts=f"Clôtures, sans les dossiers réunis à un autre ; {_BY_HAND}.",
        title_en="Cases closed",
        counts_en=f"Closings, without cases that were merged into another; {_NOT_UNDONE}.",
        source="events",
        measure="closed",
        basis=Basis.EVENTS,
        events=CLOSINGS,
    ),
    Figure(
        id="merged",
        group="arrivals",
        title="Dossiers réunis à un autre",
        counts=f"Dossiers que leur réunion à un autre a clos ; {_BY_HAND}.",
        title_en="Cases merged",
        counts_en=f"Cases that were closed by being merged into another; {_NOT_UNDONE}.",
        source="events",
        measure="merged",
        basis=Basis.EVENTS,
        events=("merged",),
    ),
    Figure(
        id="handed_in",
        group="arrivals",
        title="Venus d’un autre bureau",
        counts=(
            "Fois où un dossier ouvert est passé à ce bureau, comptées au bureau qui le reçoit : transmis par un "
            f"agent, par l’escalade, ou parce qu’une résidence a changé de bureau ; {_BY_HAND}."
        ),
        title_en="Come from another office",
        counts_en=(
            "Times that an open case came to this office, counted where it came to: handed over by an agent or by the "
            f"escalation, or because a residence was given to another office; {_NOT_UNDONE}."
        ),
        source="events",
        measure="handed_in",
        basis=Basis.MOVED_TO,
    ),
    Figure(
        id="handed_away",
        group="arrivals",
        title="Partis à un autre bureau",
        counts="Les mêmes passages, comptés au bureau que le dossier a quitté. Dans l’ensemble, autant que de venus.",
        title_en="Gone to another office",
        counts_en="The same times, counted at the office that the case left. Of all offices, as many as have come.",
        source="events",
        measure="handed_away",
        basis=Basis.MOVED_FROM,
    ),
    Figure(
        id="reopened",
        group="arrivals",
        title="Dossiers rouverts",
        counts=f"Dossiers clos qu’un message ou un agent a rouverts ; {_BY_HAND}.",
        title_en="Cases opened again",
        counts_en=f"Closed cases that a message or an agent opened again; {_NOT_UNDONE}.",
        source="events",
        measure="reopened",
        better=Better.LESS,
        basis=Basis.REOPENED,
        reported=True,
    ),
    Figure(
        id="first_answer_median",
        group="answers",
        title="Première réponse : la moitié attend plus de",
        counts=f"{_FIRST_ANSWER} La moitié des réponses ont pris moins, la moitié davantage.",
        title_en="First answer, median",
        counts_en=(
            "Opening time of the queue between the opening of a case P2 to P4 and the first answer by a person: a "
            "letter, an answer from one’s own mailbox, a conversation by telephone, or a closing that is no merging; "
            "at the office where the case lay when it was due, or when it was answered, if that was before. "
            "Half of the answers took less, half took longer."
        ),
        sentence="la moitié attend une première réponse plus de {}",
        source="cases, events",
        measure="first_answer",
        urgent=False,
        kind=FigureKind.QUANTILE,
        unit=Unit.BUSINESS_MINUTES,
        quantile=0.5,
        better=Better.LESS,
        basis=Basis.EVENTS,
        events=_FIRST_ANSWERS,
        weight=11,
        reported=True,
    ),
    Figure(
        id="first_answer_p90",
        group="answers",
        title="Première réponse : une personne sur dix attend plus de",
        counts=f"{_FIRST_ANSWER} Neuf réponses sur dix ont pris moins, une sur dix davantage.",
        title_en="First answer, 90th percentile",
        counts_en="The same, below which nine in ten answers stay.",
        sentence="une personne sur dix attend une première réponse plus de {}",
        source="cases, events",
        measure="first_answer",
        urgent=False,
        kind=FigureKind.QUANTILE,
        unit=Unit.BUSINESS_MINUTES,
        quantile=0.9,
        better=Better.LESS,
        basis=Basis.EVENTS,
        events=_FIRST_ANSWERS,
        weight=10,
        reported=True,
    ),
    Figure(
        id="p1_answer_median",
        group="answers",
        title="Première réponse à un P1 : la moitié attend plus de",
        counts=f"{_FIRST_ANSWER_P1} La moitié des réponses ont pris moins, la moitié davantage.",
        title_en="First answer to a P1, median",
        counts_en=(
            "The same of P1 cases, by the clock, day and night; an agent’s e-mail counts only where it lies in our "
            "folder of sent mail."
        ),
        sentence="la moitié attend une réponse à un P1 plus de {}",
        source="cases, events",
        measure="first_answer_p1",
        urgent=True,
        kind=FigureKind.QUANTILE,
        unit=Unit.MINUTES,
        quantile=0.5,
        better=Better.LESS,
        basis=Basis.EVENTS,
        events=_FIRST_ANSWERS,
        weight=9,
        reported=True,
    ),
    Figure(
        id="p1_answer_p90",
        group="answers",
        title="Première réponse à un P1 : une personne sur dix attend plus de",
        counts=f"{_FIRST_ANSWER_P1} Neuf réponses sur dix ont pris moins, une sur dix davantage.",
        title_en="First answer to a P1, 90th percentile",
        counts_en="The same, below which nine in ten answers stay.",
        source="cases, events",
        measure="first_answer_p1",
        urgent=True,
        kind=FigureKind.QUANTILE,
        unit=Unit.MINUTES,
        quantile=0.9,
        better=Better.LESS,
        basis=Basis.EVENTS,
        events=_FIRST_ANSWERS,
    ),
    Figure(
        id="in_time",
        group="answers",
        title="Réponses dans le délai",
        counts=(
            "Parmi les dossiers dont l’échéance est passée ce jour-là, part de ceux qui avaient eu une réponse d’une "
            "personne depuis leur ouverture, ou leur dernière réouverture. Un dossier dont l’échéance est à venir n’en "
            "est pas, même s’il a eu une réponse ; un dossier réuni à un autre avant son échéance non plus."
        ),
        title_en="Answered in time",
        counts_en=(
            "Of the cases whose due time passed on that day, the share that had had an answer by a person since they "
            "were opened, or opened again last. A case whose due time is to come is none of them, though it had an "
            "answer; nor is one that was merged into another before it was due."
        ),
        sentence="{} des réponses dans le délai",
        source="cases, events",
        measure="due_met",
        kind=FigureKind.SHARE,
        unit=Unit.PERCENT,
        whole="due",
        part_words=_IN_TIME,
        better=Better.MORE,
        basis=Basis.DUE,
        weight=12,
        reported=True,
    ),
    Figure(
        id="p1_in_time",
        group="answers",
        title="Réponses à un P1 dans le délai",
        counts=(
            "Parmi les dossiers P1 dont l’échéance est passée ce jour-là, part de ceux qui avaient eu une réponse "
            "d’une personne. Neuf sur dix au moins doivent l’être, dans chaque bureau. Qu’un P1 soit regardé à temps "
            "se lit à « Premier regard sur un danger » : un regard n’est pas une réponse."
        ),
        title_en="P1 answered in time",
        counts_en="The same share, of P1 cases alone. At least nine in ten are to be so, at each office.",
        sentence="{} des P1 ont une réponse dans le délai",
        note=_NO_ANSWER,
        source="cases, events",
        measure="due_p1_met",
        urgent=True,
        kind=FigureKind.SHARE,
        unit=Unit.PERCENT,
        whole="due_p1",
        part_words=_IN_TIME,
        better=Better.MORE,
        basis=Basis.DUE,
        standard=90.0,
        weight=13,
        reported=True,
    ),
    Figure(
        id="open",
        group="stock",
        title="Dossiers en cours en fin de période",
        counts=(
            "Dossiers qui étaient ouverts à la fin du dernier jour, au bureau où ils étaient alors : ceux du début, "
            "les nouveaux, les rouverts et les venus d’un autre bureau, moins les clos, les réunis et les partis."
        ),
        title_en="Open cases at the end",
        counts_en=(
            "Cases that were open at the end of the last day, at the office where they lay then: those of the start, "
            "the new ones, those opened again and come from another office, less those closed, merged and gone."
        ),
        sentence="{} dossiers en cours",
        source="cases, events",
        measure="open",
        kind=FigureKind.STOCK,
        better=Better.LESS,
        basis=Basis.OPEN,
    ),
    Figure(
        id="late",
        group="stock",
        title="En retard, sans réponse",
        counts=(
            "Des dossiers en cours, ceux dont l’échéance est passée et auxquels personne n’a répondu depuis leur "
            "ouverture, ou leur dernière réouverture ; ceux mis en attente compris. Les files disent « en retard » "
            "aussi de ceux qui ont eu une réponse et ne sont pas clos : ils sont à la ligne suivante. Les bureaux "
            "sont comparés par leur part des dossiers en cours."
        ),
        title_en="Late cases",
        counts_en=(
            "Of the open cases, those whose due time is past and that nobody has answered since they were opened, or "
            "opened again last; those set waiting included. The queues also call those late that were answered and are "
            "not closed: they are in the next figure. Offices are compared by their share of the open cases."
        ),
        sentence="{} des dossiers en cours en retard, sans réponse",
        source="cases, events",
        measure="late",
        answered=False,
        judged_of=("open",),
        judged_as="des dossiers en cours",
        kind=FigureKind.STOCK,
        better=Better.LESS,
        basis=Basis.OPEN,
        weight=5,
        reported=True,
        revision=2,
    ),
    Figure(
        id="answered_open",
        group="stock",
        title="Répondus, non clos",
        counts=(
            "Des dossiers en cours, ceux auxquels une personne a répondu depuis leur ouverture, ou leur dernière "
            "réouverture, et que personne n’a clos."
        ),
        title_en="Answered, not closed",
        counts_en=(
            "Of the open cases, those that a person has answered since they were opened, or opened again last, and "
            "that nobody has closed."
        ),
        source="cases, events",
        measure="answered_open",
        answered=True,
        judged_of=("open",),
        judged_as="des dossiers en cours",
        kind=FigureKind.STOCK,
        basis=Basis.OPEN,
        reported=True,
    ),
    Figure(
        id="oldest",
        group="stock",
        title="Le plus ancien",
        counts="Jours entiers depuis l’ouverture du plus ancien dossier ouvert.",
        title_en="The oldest",
        counts_en="Whole days since the oldest open case was opened.",
        source="cases, events",
        measure="oldest",
        kind=FigureKind.STOCK,
        unit=Unit.DAYS,
        better=Better.LESS,
        basis=Basis.OPEN,
        peak=True,
    ),
    *(
        Figure(
            id=f"silent_{days}",
            group="stock",
            title=f"Sans nouvelles depuis {days} jours",
            counts=(
                f"Dossiers en cours auxquels personne n’a répondu depuis plus de {days} jours. Les bureaux sont "
                "comparés par leur part des dossiers en cours."
            ),
            title_en=f"Silent for {days} days",
            counts_en=(
                f"Open cases that nobody has answered for more than {days} days. Offices are compared by their share "
                "of the open cases."
            ),
            sentence=f"{{}} des dossiers en cours sans nouvelles depuis {days} jours",
            source="cases, events",
            measure=f"silent_{days}",
            silent=days,
            judged_of=("open",),
            judged_as="des dossiers en cours",
            kind=FigureKind.STOCK,
            better=Better.LESS,
            basis=Basis.OPEN,
            weight=7 if days == min(SILENT_DAYS) else 6,
            reported=True,
        )
        for days in SILENT_DAYS
    ),
    Figure(
        id="calls",
        group="calls",
        title="Appels reçus",
        counts="Appels entrants, ceux répondus et ceux sans réponse.",
        title_en="Calls received",
        counts_en="Calls that came in, answered and unserved: the sum of the two that follow.",
        source="contacts",
        measure="calls_answered",
        sum_of=("calls_answered", "calls_unserved"),
        basis=Basis.COUNTED_ONLY,
    ),
    Figure(
        id="calls_answered",
        group="calls",
        title="Appels répondus",
        counts="Appels entrants auxquels quelqu’un a répondu.",
        title_en="Calls answered",
        counts_en="Calls that came in and that somebody answered.",
        source="contacts",
        measure="calls_answered",
        better=Better.MORE,
        basis=Basis.COUNTED_ONLY,
    ),
    Figure(
        id="calls_unserved",
        group="calls",
        title="Appels sans réponse",
        counts=(
            "Appels entrants dont l’auteur attend qu’on le rappelle : abandon, file dépassée, message vocal, bureaux "
            "fermés, transfert dans le vide. Les bureaux sont comparés par leur part des appels répondus "
            "et sans réponse."
        ),
        title_en="Calls unserved",
        counts_en=(
            "Calls that came in and whose caller waits to be called: abandoned, timed out, voice message, out of "
            "hours, transferred to nobody. Offices are compared by their share of the calls answered and unserved."
        ),
        sentence="{} des appels sans réponse",
        source="contacts",
        measure="calls_unserved",
        judged_of=("calls_answered", "calls_unserved"),
        judged_as="des appels",
        better=Better.LESS,
        weight=3,
        reported=True,
        basis=Basis.UNSERVED,
    ),
    Figure(
        id="called_back",
        group="calls",
        title="Rappel tenté au plus tard le jour ouvré suivant",
        counts=(
            "Part des appels sans réponse suivis d’un rappel, même vain, ou d’une réponse avant la fermeture du "
            "premier jour d’ouverture de la file qui suit le jour de l’appel. Un appel compte le jour où ce délai se "
            "termine, au bureau où le dossier est alors. Tant que le délai court, l’appel ne compte pas, même si "
            "quelqu’un a déjà rappelé."
        ),
        title_en="Called back by the next working day",
        counts_en=(
            "The share of calls unserved that were followed by a call, even in vain, or an answer before the queue "
            "closes on its first day of opening after the day of the call. A call counts on the day on which that time "
            "ends, at the office where its case lies then. Until it has ended the call does not count, though somebody "
            "has called back."
        ),
        sentence="un rappel tenté, au plus tard le jour ouvré suivant, pour {} des appels sans réponse",
        source="contacts, events",
        measure="call_backs_met",
        kind=FigureKind.SHARE,
        unit=Unit.PERCENT,
        whole="call_backs_due",
        part_words=("rappel tenté", "pas rappelé"),
        better=Better.MORE,
        weight=8,
        reported=True,
        basis=Basis.CALL_BACKS,
    ),
    Figure(
        id="call_attempts",
        group="calls",
        title="Rappels en vain",
        counts=f"Rappels auxquels personne n’a répondu ; {_BY_HAND}.",
        title_en="Attempts in vain",
        counts_en=f"Calls back that nobody answered; {_NOT_UNDONE}.",
        source="events",
        measure="call_attempts",
        basis=Basis.EVENTS,
        events=("tried",),
        counter=EventCount(),
    ),
    Figure(
        id="incidents",
        group="incidents",
        title="Incidents collectifs",
        counts=(
            "Une résidence et un motif qui touche un immeuble entier, pour lesquels plusieurs foyers ont ouvert un "
            "dossier le même jour. Une panne de trois jours en est trois."
        ),
        title_en="Incidents",
        counts_en=(
            "A residence and a topic that can befall a whole building, on which several households opened a case on "
            "the same day. An outage of three days is three of them."
        ),
        source="cases",
        measure="incidents",
        better=Better.LESS,
        reported=True,
        basis=Basis.INCIDENTS,
    ),
    Figure(
        id="incident_households",
        group="incidents",
        title="Foyers touchés",
        counts="Foyers dont un dossier est de l’un des incidents collectifs.",
        title_en="Households concerned",
        counts_en="The households of those cases.",
        source="cases",
        measure="incident_households",
        better=Better.LESS,
        basis=Basis.INCIDENTS,
    ),
    Figure(
        id="incident_length",
        group="incidents",
        title="Durée d’un incident : la moitié dure plus de",
        counts=(
            "Des incidents collectifs dont tous les dossiers sont clos, le temps à l’horloge du premier dossier "
            "ouvert à la dernière clôture."
        ),
        title_en="Length of an incident, median",
        counts_en="By the clock, from the first case opened to the last closing, once all of its cases are closed.",
        source="cases, events",
        measure="incident_length",
        kind=FigureKind.QUANTILE,
        unit=Unit.MINUTES,
        quantile=0.5,
        better=Better.LESS,
        basis=Basis.INCIDENTS,
    ),
    Figure(
        id="transfers",
        group="engine",
        title="Transmis à une autre file",
        counts=f"Dossiers passés d’une file à l’autre par un agent ; {_BY_HAND}.",
        title_en="Handed to another queue",
        counts_en=f"Cases that an agent handed from one queue to another; {_NOT_UNDONE}.",
        source="events",
        measure="transfers",
        better=Better.LESS,
        basis=Basis.EVENTS,
        events=("moved",),
        counter=EventCount(),
    ),
    Figure(
        id="corrected_tenant",
        group="engine",
        title="Locataire corrigé",
        counts=(
            "Dossiers ouverts ce jour-là dont le moteur avait nommé le locataire ou le foyer, et où un agent a dit, en "
            f"dernier, que c’est quelqu’un d’autre, ou personne d’ici ; {_OF_ENGINE}. Là où le moteur n’avait nommé "
            "personne, il ne s’est pas trompé : voir « Locataire précisé par un agent »."
        ),
        title_en="Tenant corrected",
        counts_en=(
            "Cases opened on that day of which the engine had named the tenant or the household, and of which an agent "
            f"said last that it is somebody else, or nobody of ours; {_OF_ENGINE_EN}. Where the engine had named "
            "nobody, it was not wrong: see “Tenant identified by an agent”."
        ),
        source="cases, events",
        measure="wrong_tenant",
        judged_of=("named",),
        judged_as="des locataires nommés",
        basis=Basis.CORRECTED,
        events=("tenant",),
    ),
    Figure(
        id="corrected_topic",
        group="engine",
        title="Motif corrigé",
        counts=(
            "Dossiers ouverts ce jour-là dont le moteur avait donné le motif, et où un agent en a dit, en dernier, un "
            f"autre ; {_OF_ENGINE}."
        ),
        title_en="Topic corrected",
        counts_en=(
            "Cases opened on that day of which the engine had given the topic, and of which an agent said another one "
            f"last; {_OF_ENGINE_EN}."
        ),
        source="cases, events",
        measure="wrong_topic",
        judged_of=("topic_given",),
        judged_as="des motifs donnés",
        basis=Basis.CORRECTED,
        events=("topic",),
        reported=True,
    ),
    Figure(
        id="corrected_priority",
        group="engine",
        title="Priorité corrigée",
        counts=(
            "Dossiers ouverts ce jour-là où un agent a dit, en dernier, une autre priorité que celle qu’ils avaient ; "
            "un danger dit ou levé compte parmi les dangers manqués et les fausses alertes ; "
            f"{_OF_ENGINE}."
        ),
        title_en="Priority corrected",
        counts_en=(
            "Cases opened on that day of which an agent said another priority last than they had; a danger said or "
            f"taken away counts among the alarms missed and false; {_OF_ENGINE_EN}."
        ),
        source="cases, events",
        measure="wrong_priority",
        judged_of=("judged",),
        judged_as="des dossiers jugés",
        basis=Basis.CORRECTED,
        events=("priority",),
    ),
    Figure(
        id="identified_tenant",
        group="unnamed",
        title="Locataire précisé par un agent",
        counts=(
            "Dossiers ouverts ce jour-là dont le moteur n’avait nommé ni locataire ni foyer, et où un agent a dit de "
            f"qui il s’agit ; {_OF_ENGINE}."
        ),
        title_en="Tenant identified by an agent",
        counts_en=(
            "Cases opened on that day of which the engine had named neither tenant nor household, and of which an "
            f"agent said whom they are about; {_OF_ENGINE_EN}."
        ),
        source="cases, events",
        measure="identified_tenant",
        judged_of=("unnamed",),
        judged_as="des dossiers sans nom",
        basis=Basis.CORRECTED,
        events=("tenant",),
    ),
    Figure(
        id="alarms",
        group="alarms",
        title="Dangers signalés",
        counts=(
            "Dossiers dont le moteur a fait une alerte certaine, le jour de la première fois. Un danger qu’un agent a "
            "dit sans que le moteur le signale n’en est pas."
        ),
        title_en="Alarms of danger",
        counts_en=(
            "Cases of which the engine made a certain alarm, on the day of the first. A danger that an agent said, and "
            "the engine did not signal, is none."
        ),
        source="events",
        measure="alarms",
        basis=Basis.CRIED,
        reported=True,
        revision=2,
    ),
    Figure(
        id="alarms_confirmed",
        group="alarms",
        title="Dangers confirmés",
        counts="Des dangers signalés ce jour-là, ceux dont le dernier mot d’un agent est qu’il y avait danger.",
        title_en="Dangers confirmed",
        counts_en="Of the alarms of that day, those of which an agent’s last word is that there was danger.",
        source="events, alarm_labels",
        measure="alarms_confirmed",
        judged_of=("alarms_confirmed", "alarms_false"),
        judged_as="des verdicts",
        basis=Basis.CRIED,
        reported=True,
        revision=2,
    ),
    Figure(
        id="alarms_false",
        group="alarms",
        title="Fausses alertes",
        counts=(
            "Des dangers signalés ce jour-là, ceux dont le dernier mot d’un agent est que personne n’était en danger."
        ),
        title_en="False alarms",
        counts_en="Of the alarms of that day, those of which an agent’s last word is that nobody was in danger.",
        source="events, alarm_labels",
        measure="alarms_false",
        judged_of=("alarms_confirmed", "alarms_false"),
        judged_as="des verdicts",
        basis=Basis.CRIED,
        reported=True,
        revision=2,
    ),
    Figure(
        id="alarms_unjudged",
        group="alarms",
        title="Dangers sans verdict",
        counts=(
            "Des dangers signalés ce jour-là, ceux dont aucun agent n’a dit s’il y avait danger : ni confirmés, ni "
            "faux."
        ),
        title_en="Dangers without a verdict",
        counts_en=(
            "Of the alarms of that day, those of which no agent has said whether there was danger: neither confirmed "
            "nor false."
        ),
        source="events, alarm_labels",
        measure="alarms_unjudged",
        judged_of=("alarms",),
        judged_as="des dangers signalés",
        basis=Basis.CRIED,
        reported=True,
        revision=2,
    ),
    Figure(
        id="alarms_missed",
        group="alarms",
        title="Dangers que le moteur n’avait pas vus",
        counts=(
            "Dossiers dont un agent a dit, en dernier, qu’il y avait danger, et dont le moteur n’a jamais fait une "
            "alerte certaine ; comptés le jour de ce dernier mot."
        ),
        title_en="Dangers that the engine had not seen",
        counts_en=(
            "Cases of which an agent said last that there was danger, and of which the engine never made a certain "
            "alarm; on the day of that last word."
        ),
        source="alarm_labels, events",
        measure="alarms_missed",
        revision=2,
        better=Better.LESS,
        basis=Basis.LABELLED,
        reported=True,
    ),
    Figure(
        id="alarm_look_median",
        group="alarms",
        title="Premier regard sur un danger : la moitié attend plus de",
        counts=(
            "À l’horloge, du signalement à la première lecture du dossier, ou au premier acte d’une personne ; compté "
            "le jour du signalement."
        ),
        title_en="First look at a danger, median",
        counts_en=(
            "By the clock, from the alarm to the first reading of the case, or the first act of a person; counted on "
            "the day of the alarm."
        ),
        sentence="la moitié des dangers signalés attend un premier regard plus de {}",
        note=_NO_ANSWER,
        least=5.0,
        source="events, audit_trail",
        measure="alarm_look",
        kind=FigureKind.QUANTILE,
        unit=Unit.MINUTES,
        quantile=0.5,
        better=Better.LESS,
        basis=Basis.CRIED,
        revision=2,
        weight=1,
    ),
    Figure(
        id="alarm_look_p90",
        group="alarms",
        title="Premier regard sur un danger : un sur dix attend plus de",
        counts=(
            "À l’horloge, du signalement à la première lecture du dossier, ou au premier acte d’une personne : neuf "
            "dangers sur dix ont été regardés plus tôt, un sur dix plus tard."
        ),
        title_en="First look at a danger, 90th percentile",
        counts_en="The same, below which nine in ten stay.",
        note=_NO_ANSWER,
        source="events, audit_trail",
        measure="alarm_look",
        kind=FigureKind.QUANTILE,
        unit=Unit.MINUTES,
        quantile=0.9,
        better=Better.LESS,
        basis=Basis.CRIED,
        revision=2,
    ),
    Figure(
        id="automatic_answers",
        group="rest",
        title="Réponses automatiques",
        counts="Accusés de réception et consignes envoyés d’eux-mêmes.",
        title_en="Automatic answers",
        counts_en="Acknowledgements and advice that went out by themselves.",
        source="events",
        measure="automatic_answers",
        basis=Basis.EVENTS,
        events=("sent",),
        counter=EventCount({"kind": "answer"}),
    ),
    Figure(
        id="appointments",
        group="rest",
        title="Rendez-vous pris",
        counts="Rendez-vous au bureau, le jour où ils sont pris.",
        title_en="Appointments booked",
        counts_en="Appointments at an office, on the day they are booked.",
        source="events",
        measure="appointments",
        basis=Basis.EVENTS,
        events=("appointed",),
        counter=EventCount(),
    ),
    Figure(
        id="appointments_cancelled",
        group="rest",
        title="Rendez-vous annulés",
        counts="Rendez-vous, le jour où ils sont annulés.",
        title_en="Appointments cancelled",
        counts_en="Appointments, on the day they are cancelled.",
        source="events",
        measure="appointments_cancelled",
        better=Better.LESS,
        basis=Basis.EVENTS,
        events=("appointment cancelled",),
        counter=EventCount(),
    ),
):
    declare(_figure)


def table(*, english: bool) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield what `docs/figures.md` says of each figure: id, title, what it counts, unit, source."""
    for figure in FIGURES:
        title, counts = (figure.title_en, figure.counts_en) if english else (figure.title, figure.counts)
        yield figure.id, title, counts, figure.unit.value, figure.source
