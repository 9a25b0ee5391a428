"""The page: for a browser and a printer, and as lines for a terminal; both tell first when they were written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dtm_contact.danger_page.entries import Entry
from dtm_contact.danger_page.unjudged import DangerSuspicion, Suspect, Suspects, in_a_line, sections_of
from dtm_contact.store.restores import RestoreGap

_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Page:
    """The open P1 at one moment, and what may become one.

    Attributes:
        entries: the most urgent first.
        more: how many there are besides.
        at: when, on the offices' wall clock.
        old_minutes: after how many it is not to be trusted any more.
        suspects: what waits to be judged and seems to tell of danger.
        on_call: whom the reception has on call now, in this order: what is not judged is no queue's yet.
        gap: the time of which a restored store knows nothing; None where it knows all.
    """

    entries: Sequence[Entry]
    more: int
    at: datetime
    old_minutes: int
    suspects: Suspects = field(default_factory=Suspects)
    on_call: Sequence[str] = ()
    gap: RestoreGap | None = None

    @property
    def day(self) -> str:
        """The day: "lundi 30/11/2026"."""
        return f"{_DAYS[self.at.weekday()]} {self.at:%d/%m/%Y}"

    @property
    def clock(self) -> str:
        """The time: "16:02:07"."""
        return f"{self.at:%H:%M:%S}"

    @property
    def count(self) -> str:
        """How many P1 are open."""
        number = len(self.entries) + self.more
        if number == 0:
            return "Aucune urgence P1 n’était ouverte à cette heure."
        return f"{number} urgence{'s' if number > 1 else ''} P1 ouverte{'s' if number > 1 else ''}"

    @property
    def missing(self) -> str:
        """What a restore may have left out; empty where nothing is."""
        if self.gap is None:
            return ""
        since, until = (f"{at.astimezone(self.at.tzinfo):%d/%m à %H:%M}" for at in (self.gap.since, self.gap.until))
        return (
            f"Après une panne, tout a été remis comme c’était le {since}. Ce qui est arrivé ensuite, jusqu’au {until}, "
            "peut manquer ici, des urgences aussi : l’informatique doit le chercher dans le courriel. L’astreinte est "
            "celle d’alors : vérifiez qui est de service."
        )

    @property
    def unjudged(self) -> str:
        """How much waits to be judged, and how much of it seems to tell of danger; empty where nothing waits."""
        waiting, strong = self.suspects.waiting, len(self.strong)
        if not waiting:
            return ""
        wait = "1 arrivée attend d’être lue" if waiting == 1 else f"{waiting} arrivées attendent d’être lues"
        if not strong:
            return f"{wait} par le programme ; aucune ne semble parler d’un danger."
        seem = "1 semble parler d’un danger" if strong == 1 else f"{strong} semblent parler d’un danger"
        return f"{wait} par le programme ; {seem}. Tant que le programme ne tourne pas, il ne prévient personne."

    @property
    def glanced(self) -> str:
        """How far what is said of those can be relied on."""
        blind = f", {self.suspects.unread} sans texte qui se lise ainsi" if self.suspects.unread else ""
        return f"C’est un coup d’œil, sans les pièces jointes{blind} ; l’ordre est celui de la vraisemblance."

    @property
    def warning(self) -> str:
        """What to think of it once it is old."""
        return (
            f"Si cette heure date de plus de {self.old_minutes} minutes, cette page n’est plus tenue à jour : des "
            "urgences ont pu s’ouvrir, être prises ou closes depuis. Prévenez l’informatique, et lisez la boîte de "
            "courriel elle-même."
        )

    def html(self) -> bytes:
        """Return it as HTML that needs no other file, runs no script, and prints."""
        return _TEMPLATES.get_template("danger.html").render(page=self).encode("utf-8")

    def text(self) -> bytes:
        """Return it as lines of text without anything that commands a terminal."""
        return "\n".join(map(_printable, self._lines())).encode("utf-8") + b"\n"

    def _lines(self) -> Iterator[str]:
        yield f"URGENCES OUVERTES (P1) – ÉTAT DU {self.day.upper()} À {self.clock}"
        yield self.warning
        yield ""
        yield self.count
        if self.missing:
            yield self.missing
        if self.unjudged:
            yield from self._unjudged_lines()
        for entry in self.entries:
            yield ""
            yield f"=== {entry.number}  {entry.topic} – {entry.queue} ==="
            yield from _section_lines(sections(entry))
        if self.more:
            yield f"\net {self.more} autres"

    def _unjudged_lines(self) -> Iterator[str]:
        yield self.unjudged
        if not self.suspects.likeliest:
            return
        yield self.glanced
        if self.on_call:
            yield from _section_lines([("Astreinte de l’accueil, dans l’ordre", self.on_call)])
        for suspect in self.strong:
            yield ""
            yield f"=== arrivée {suspect.arrival.id}, sans dossier encore  {suspect.subject} ==="
            yield from _section_lines(sections_of(suspect, self.at))
        if self.faint:
            yield ""
            yield from _section_lines([("Moins vraisemblable", self.faint)])

    @property
    def strong(self) -> Sequence[Suspect]:
        """What waits to be judged and is shown in full."""
        return self.suspects.of(DangerSuspicion.STRONG)

    @property
    def faint(self) -> Sequence[str]:
        """What waits to be judged and is shown in a line each."""
        return [in_a_line(each, self.at) for each in self.suspects.of(DangerSuspicion.FAINT)]


def _section_lines(parts: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    for name, values in parts:
        yield f"{name} :"
        yield from (f"    {line}" for value in values for line in value.splitlines() or [""])


def sections(entry: Entry) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what is told of a case, each part with its French heading, in the order in which it is needed."""
    written = [f"{each.at}, {each.who} :\n« {each.words} »" for each in entry.written]
    parts: tuple[tuple[str, Sequence[str]], ...] = (
        ("État", entry.status),
        ("Où", (entry.where,)),
        ("Qui", (entry.who, *(f"a écrit ou appelé depuis : {each}" for each in entry.reached_from))),
        ("À respecter", entry.wishes),
        ("Écrit ou dit", written),
        ("À dire aux personnes sur place", entry.advice),
        ("Foyer", entry.household),
        ("Gardien de service", entry.caretakers),
        ("Astreinte, dans l’ordre", entry.on_call),
        ("Bureau", (entry.office,) if entry.office else ()),
        ("Quand", (f"ouvert {entry.opened}, première réponse due {entry.due}",)),
    )
    yield from ((name, values) for name, values in parts if values)


def _printable(line: str) -> str:
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in line)


_TEMPLATES.globals.update(sections=sections, sections_of=sections_of)
