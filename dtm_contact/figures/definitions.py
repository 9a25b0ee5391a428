"""What every figure counts, declared once: page, CSV, JSON and `docs/figures.md` are made of this list.

A figure is made of *measures*, whole numbers that are counted by day, office, residence and topic (`counting`) and can
be added up. A share divides two of them; a median is read off a histogram of durations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dtm_contact.model import Channel

WAYS: Final = tuple(Channel)
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
    BUSINESS_MINUTES = "minutes d’ouverture"
    MINUTES = "minutes"
    DAYS = "jours"


class Better(StrEnum):
    """Which value of a figure is the better one for tenants."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


class Basis(StrEnum):
    """By what the cases behind a figure are found again."""

    OPENED = "opened"
    """They were opened in the period."""
    DUE = "due"
    """Their first answer was due in the period."""
    EVENTS = "events"
    """One of the figure's events happened to them in the period."""
    OPEN_NOW = "open_now"
    """They are open now."""
    NONE = "none"
    """There are none: what is counted lies in no case."""


@dataclass(frozen=True, slots=True)
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
        quantile: of the durations: 0.5 or 0.9.
        better: which value is the better one.
        basis, events: by what the cases behind it are found again.
        source: the tables that it is counted from.
    """

    id: str
    group: str
    title: str
    counts: str
    title_en: str
    counts_en: str
    source: str
    measure: str
    kind: FigureKind = FigureKind.COUNT
    unit: Unit = Unit.NUMBER
    whole: str = ""
    quantile: float = 0.0
    better: Better = Better.NEITHER
    basis: Basis = Basis.OPENED
    events: tuple[str, ...] = ()

    @property
    def is_rated(self) -> bool:
        """Whether it is also told per 1,000 dwellings: what is counted, or stands at a moment."""
        return self.kind in {FigureKind.COUNT, FigureKind.STOCK} and self.unit is Unit.NUMBER

    @property
    def split(self) -> str:
        """By what it may be split, in French."""
        ways = ", voie d’arrivée" if self.measure == "arrivals" else ""
        return f"bureau, résidence, motif{ways}"


GROUPS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "arrivals": ("Ce qui arrive", "What comes in"),
        "answers": ("Première réponse", "First answer"),
        "stock": ("Ce qui attend", "What waits"),
        "calls": ("Appels", "Calls"),
        "incidents": ("Incidents collectifs", "Incidents of several households"),
        "engine": ("Ce que le moteur a mal vu", "Where the engine was wrong"),
        "alarms": ("Alertes de danger", "Alarms of danger"),
        "rest": ("Courrier automatique et rendez-vous", "Automatic answers and appointments"),
    }
)
ANSWERS: Final = ("replied", "answered", "spoken", "done", "tried")
_BY_HAND: Final = "ce qui a été annulé ne compte pas"
_NOT_UNDONE: Final = "what was taken back does not count"

FIGURES: Final[tuple[Figure, ...]] = (
    Figure(
        "arrivals", "arrivals", "Messages, appels et visites reçus",
        "Courriels qui sont entrés dans un dossier, appels entrants, visites, appels et courriers notés au bureau. Nos "
        "propres messages, les appels sortants et internes n’en sont pas. Un courriel compte le jour où il est reçu, "
        "un "
        "appel le jour où il commence.",
        "Messages, calls and visits received",
        "E-mails that went into a case, calls that came in, and visits, calls and letters that an agent wrote down. "
        "Our "
        "own messages, outgoing and internal calls are none. An e-mail counts on the day it is received, a call on the "
        "day it begins.",
        "contacts, arrivals", "arrivals",
    ),
    Figure(
        "set_aside", "arrivals", "Messages écartés",
        "Courriels automatiques et publicité qui n’ont ouvert aucun dossier.",
        "Messages set aside", "Automatic mail and advertising that opened no case.",
        "contacts, arrivals", "set_aside", basis=Basis.NONE,
    ),
    Figure(
        "opened", "arrivals", "Dossiers ouverts", "Dossiers, le jour de leur ouverture.",
        "Cases opened", "Cases, on the day they were opened.", "cases", "opened",
    ),
    Figure(
        "closed", "arrivals", "Dossiers clos",
        f"Clôtures, sans les dossiers réunis à un autre ; {_BY_HAND}.",
        "Cases closed", f"Closings, without cases that were merged into another; {_NOT_UNDONE}.",
        "events", "closed", basis=Basis.EVENTS, events=("done", "tried"),
    ),
    Figure(
        "reopened", "arrivals", "Dossiers rouverts",
        f"Dossiers clos qu’un message ou un agent a rouverts ; {_BY_HAND}.",
        "Cases opened again", f"Closed cases that a message or an agent opened again; {_NOT_UNDONE}.",
        "events", "reopened", better=Better.LESS, basis=Basis.EVENTS,
        events=("reopened", "joined", "answered", "returned"),
    ),
    Figure(
        "first_answer_median", "answers", "Première réponse, médiane",
        "Temps d’ouverture de la file entre l’ouverture d’un dossier P2 à P4 et la première réponse d’une personne : "
        "lettre, réponse depuis la messagerie, conversation au téléphone, ou clôture autre qu’une réunion. La moitié "
        "des réponses du jour ont pris moins.",
        "First answer, median",
        "Opening time of the queue between the opening of a case P2 to P4 and the first answer by a person: a "
        "letter, an "
        "answer from one’s own mailbox, a conversation by telephone, or a closing that is no merging. Half of the "
        "day’s answers took less.",
        "cases, events", "first_answer", FigureKind.QUANTILE, Unit.BUSINESS_MINUTES, quantile=0.5, better=Better.LESS,
        basis=Basis.EVENTS, events=ANSWERS,
    ),
    Figure(
        "first_answer_p90", "answers", "Première réponse, 9 sur 10",
        "La même, en dessous de laquelle restent neuf réponses sur dix.",
        "First answer, 90th percentile", "The same, below which nine in ten answers stay.",
        "cases, events", "first_answer", FigureKind.QUANTILE, Unit.BUSINESS_MINUTES, quantile=0.9, better=Better.LESS,
        basis=Basis.EVENTS, events=ANSWERS,
    ),
    Figure(
        "p1_answer_median", "answers", "Première réponse à un P1, médiane",
        "La même pour les dossiers P1, à l’horloge, jour et nuit ; un message d’agent ne compte que s’il est dans "
        "notre "
        "dossier des envoyés.",
        "First answer to a P1, median",
        "The same of P1 cases, by the clock, day and night; an agent’s e-mail counts only where it lies in our folder "
        "of sent mail.",
        "cases, events", "first_answer_p1", FigureKind.QUANTILE, Unit.MINUTES, quantile=0.5, better=Better.LESS,
        basis=Basis.EVENTS, events=ANSWERS,
    ),
    Figure(
        "p1_answer_p90", "answers", "Première réponse à un P1, 9 sur 10",
        "La même, en dessous de laquelle restent neuf réponses sur dix.",
        "First answer to a P1, 90th percentile", "The same, below which nine in ten answers stay.",
        "cases, events", "first_answer_p1", FigureKind.QUANTILE, Unit.MINUTES, quantile=0.9, better=Better.LESS,
        basis=Basis.EVENTS, events=ANSWERS,
    ),
    Figure(
        "in_time", "answers", "Réponses dans le délai",
        "Parmi les dossiers dont l’échéance est passée ce jour-là, part de ceux qui avaient eu une réponse d’une "
        "personne "
        "depuis leur ouverture, ou leur dernière réouverture. Un dossier réuni à un autre avant n’en est pas.",
        "Answered in time",
        "Of the cases whose due time passed on that day, the share that had had an answer by a person since they were "
        "opened, or opened again last. A case that was merged into another before is none of them.",
        "cases, events", "due_met", FigureKind.SHARE, Unit.PERCENT, whole="due", better=Better.MORE, basis=Basis.DUE,
    ),
    Figure(
        "open", "stock", "Dossiers ouverts en fin de période", "Dossiers ouverts à la fin du dernier jour.",
        "Open cases at the end", "Cases open at the end of the last day.",
        "cases, events", "open", FigureKind.STOCK, better=Better.LESS, basis=Basis.OPEN_NOW,
    ),
    Figure(
        "late", "stock", "Dossiers en retard",
        "De ceux-là, les dossiers dont l’échéance est passée, ceux en attente compris.",
        "Late cases", "Of those, the cases whose due time is past, those set waiting included.",
        "cases, events", "late", FigureKind.STOCK, better=Better.LESS, basis=Basis.OPEN_NOW,
    ),
    Figure(
        "oldest", "stock", "Le plus ancien",
        "Jours entiers depuis l’ouverture du plus ancien dossier ouvert.",
        "The oldest", "Whole days since the oldest open case was opened.",
        "cases, events", "oldest", FigureKind.STOCK, Unit.DAYS, better=Better.LESS, basis=Basis.OPEN_NOW,
    ),
    *(
        Figure(
            f"silent_{days}", "stock", f"Sans nouvelles depuis {days} jours",
            f"Dossiers ouverts auxquels personne n’a répondu depuis plus de {days} jours.",
            f"Silent for {days} days", f"Open cases that nobody has answered for more than {days} days.",
            "cases, events", f"silent_{days}", FigureKind.STOCK, better=Better.LESS, basis=Basis.OPEN_NOW,
        )
        for days in SILENT_DAYS
    ),
    Figure(
        "calls_answered", "calls", "Appels répondus", "Appels entrants auxquels quelqu’un a répondu.",
        "Calls answered", "Calls that came in and that somebody answered.",
        "contacts", "calls_answered", better=Better.MORE, basis=Basis.NONE,
    ),
    Figure(
        "calls_unserved", "calls", "Appels sans réponse",
        "Appels entrants dont l’auteur attend qu’on le rappelle : abandon, file dépassée, message vocal, bureaux "
        "fermés, "
        "transfert dans le vide.",
        "Calls unserved",
        "Calls that came in and whose caller waits to be called: abandoned, timed out, voice message, out of hours, "
        "transferred to nobody.",
        "contacts", "calls_unserved", better=Better.LESS,
    ),
    Figure(
        "called_back", "calls", "Rappelés au plus tard le jour ouvré suivant",
        "Part des appels sans réponse suivis d’un rappel, même vain, ou d’une réponse avant la fermeture du premier "
        "jour "
        "d’ouverture de la file qui suit le jour de l’appel.",
        "Called back by the next working day",
        "The share of calls unserved that were followed by a call, even in vain, or an answer before the queue "
        "closes on "
        "its first day of opening after the day of the call.",
        "contacts, events", "called_back", FigureKind.SHARE, Unit.PERCENT, whole="calls_unserved", better=Better.MORE,
    ),
    Figure(
        "call_attempts", "calls", "Rappels en vain", f"Rappels auxquels personne n’a répondu ; {_BY_HAND}.",
        "Attempts in vain", f"Calls back that nobody answered; {_NOT_UNDONE}.",
        "events", "call_attempts", basis=Basis.EVENTS, events=("tried",),
    ),
    Figure(
        "incidents", "incidents", "Incidents collectifs",
        "Une résidence et un motif qui touche un immeuble entier, pour lesquels plusieurs foyers ont ouvert un "
        "dossier le "
        "même jour. Une panne de trois jours en est trois.",
        "Incidents", "A residence and a topic that can befall a whole building, on which several households opened a "
        "case "
        "on the same day. An outage of three days is three of them.",
        "cases", "incidents", better=Better.LESS,
    ),
    Figure(
        "incident_households", "incidents", "Foyers touchés", "Foyers de ces dossiers.",
        "Households concerned", "The households of those cases.", "cases", "incident_households", better=Better.LESS,
    ),
    Figure(
        "incident_length", "incidents", "Durée d’un incident, médiane",
        "À l’horloge, du premier dossier ouvert à la dernière clôture, une fois tous ses dossiers clos.",
        "Length of an incident, median",
        "By the clock, from the first case opened to the last closing, once all of its cases are closed.",
        "cases, events", "incident_length", FigureKind.QUANTILE, Unit.MINUTES, quantile=0.5, better=Better.LESS,
    ),
    Figure(
        "transfers", "engine", "Transmis à une autre file", "Dossiers passés d’une file à l’autre par un agent ; "
        f"{_BY_HAND}.",
        "Handed to another queue", f"Cases that an agent handed from one queue to another; {_NOT_UNDONE}.",
        "events", "transfers", better=Better.LESS, basis=Basis.EVENTS, events=("moved",),
    ),
    Figure(
        "corrected_tenant", "engine", "Locataire corrigé", f"Fois où un agent a dit de qui il s’agit ; {_BY_HAND}.",
        "Tenant corrected", f"Times that an agent said whom it is about; {_NOT_UNDONE}.",
        "events", "corrected_tenant", better=Better.LESS, basis=Basis.EVENTS, events=("tenant",),
    ),
    Figure(
        "corrected_topic", "engine", "Motif corrigé",
        f"Fois où un agent a changé le motif, comptées au motif que le moteur avait donné ; {_BY_HAND}.",
        "Topic corrected",
        f"Times that an agent changed the topic, counted under the topic that the engine had given; {_NOT_UNDONE}.",
        "events", "corrected_topic", better=Better.LESS, basis=Basis.EVENTS, events=("topic",),
    ),
    Figure(
        "corrected_priority", "engine", "Priorité corrigée",
        "Fois où un agent a changé la priorité ; un danger dit ou levé compte parmi les dangers manqués et les fausses "
        f"alertes ; {_BY_HAND}.",
        "Priority corrected",
        "Times that an agent changed the priority; a danger said or taken away counts among the alarms missed and "
        f"false; {_NOT_UNDONE}.",
        "events", "corrected_priority", better=Better.LESS, basis=Basis.EVENTS, events=("priority",),
    ),
    Figure(
        "alarms", "alarms", "Dangers signalés", "Dossiers devenus une alerte certaine, la première fois.",
        "Dangers cried", "Cases that became a certain alarm, the first time.",
        "events", "alarms", basis=Basis.EVENTS, events=("opened", "joined", "completed", "danger", "priority"),
    ),
    Figure(
        "alarms_confirmed", "alarms", "Dangers confirmés",
        "Alertes certaines dont le dernier mot d’un agent est qu’il y avait danger.",
        "Dangers confirmed", "Certain alarms of which an agent’s last word is that there was danger.",
        "alarm_labels", "alarms_confirmed", basis=Basis.EVENTS, events=("done", "danger", "priority", "undone"),
    ),
    Figure(
        "alarms_false", "alarms", "Fausses alertes",
        "Alertes certaines dont le dernier mot d’un agent est que personne n’était en danger.",
        "False alarms", "Certain alarms of which an agent’s last word is that nobody was in danger.",
        "alarm_labels", "alarms_false", better=Better.LESS, basis=Basis.EVENTS, events=("done", "no_danger",
        "priority"),
    ),
    Figure(
        "alarms_missed", "alarms", "Dangers que le moteur n’avait pas vus",
        "Dossiers dont un agent a dit, en dernier, qu’il y avait danger et qui n’étaient pas une alerte certaine.",
        "Dangers that the engine had not seen",
        "Cases of which an agent said last that there was danger, and that were no certain alarm.",
        "alarm_labels", "alarms_missed", better=Better.LESS, basis=Basis.EVENTS, events=("danger", "priority"),
    ),
    Figure(
        "alarm_look_median", "alarms", "Premier regard sur un danger, médiane",
        "À l’horloge, du signalement à la première lecture du dossier, ou au premier acte d’une personne ; compté le "
        "jour "
        "du signalement.",
        "First look at a danger, median",
        "By the clock, from the alarm to the first reading of the case, or the first act of a person; counted on the "
        "day "
        "of the alarm.",
        "events, audit_trail", "alarm_look", FigureKind.QUANTILE, Unit.MINUTES, quantile=0.5, better=Better.LESS,
        basis=Basis.EVENTS, events=("opened", "joined", "completed", "danger", "priority"),
    ),
    Figure(
        "alarm_look_p90", "alarms", "Premier regard sur un danger, 9 sur 10",
        "Le même, en dessous duquel restent neuf sur dix.",
        "First look at a danger, 90th percentile", "The same, below which nine in ten stay.",
        "events, audit_trail", "alarm_look", FigureKind.QUANTILE, Unit.MINUTES, quantile=0.9, better=Better.LESS,
        basis=Basis.EVENTS, events=("opened", "joined", "completed", "danger", "priority"),
    ),
    Figure(
        "automatic_answers", "rest", "Réponses automatiques", "Accusés de réception et consignes envoyés d’eux-mêmes.",
        "Automatic answers", "Acknowledgements and advice that went out by themselves.",
        "events", "automatic_answers", basis=Basis.EVENTS, events=("sent",),
    ),
    Figure(
        "appointments", "rest", "Rendez-vous pris", "Rendez-vous au bureau, le jour où ils sont pris.",
        "Appointments booked", "Appointments at an office, on the day they are booked.",
        "events", "appointments", basis=Basis.EVENTS, events=("appointed",),
    ),
    Figure(
        "appointments_cancelled", "rest", "Rendez-vous annulés", "Rendez-vous, le jour où ils sont annulés.",
        "Appointments cancelled", "Appointments, on the day they are cancelled.",
        "events", "appointments_cancelled", better=Better.LESS, basis=Basis.EVENTS, events=("appointment cancelled",),
    ),
)  # fmt: skip
BY_ID: Final[Mapping[str, Figure]] = MappingProxyType({figure.id: figure for figure in FIGURES})

STOCKS: Final = frozenset(figure.measure for figure in FIGURES if figure.kind is FigureKind.STOCK)
"""Measures that stand at a moment: of several days the last one's holds."""
PEAKS: Final = frozenset({"oldest"})
"""Measures of which the greatest of several places holds, where others are added up."""


def table(*, english: bool) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield what `docs/figures.md` says of each figure: id, title, what it counts, unit, source."""
    for figure in FIGURES:
        title, counts = (figure.title_en, figure.counts_en) if english else (figure.title, figure.counts)
        yield figure.id, title, counts, figure.unit.value, figure.source
