"""The golden letters: 300 letters with what must come out of each, so that no model or rule changes one unseen.

`fixtures/golden.txt` has a letter a line: where its text stands, then what is said of it, each as `name=value`. A line
is only there if what was said was what is right; `python -m training golden` prints which lines are no longer so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex
from dtm_contact.matching.place_model import PlaceModel
from dtm_contact.model import Arrival, Judgement, NoHistory
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rules import load_in_force
from dtm_contact.settings import Settings
from fixtures import places

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
GOLDEN: Final = FIXTURES / "golden.txt"
NOTHING: Final = "-"

_PLACED: Final = "places/"
_NOW: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)
_ABOUT: Final = "# "


@dataclass(frozen=True, slots=True)
class GoldenLetter:
    """A letter with what must come out.

    Attributes:
        source: a file below `fixtures` (`mail/D1-001.eml`), or a letter of a file of them (`places/first.txt:12`).
        said: what is said of it, by name; `-` for nothing.
    """

    source: str
    said: Mapping[str, str]

    def line(self) -> str:
        """Return it as it stands in the file."""
        return " ".join((self.source, *(f"{name}={value}" for name, value in self.said.items())))


class BadGoldenLineError(ValueError):
    """A line of the file of golden letters cannot be read; it says which, and how a line looks."""


def read_golden(path: Path = GOLDEN) -> list[GoldenLetter]:
    """Return the golden letters.

    Raises:
        BadGoldenLineError: a line has no source, a field without `=`, or a source that stands there already.
    """
    found: dict[str, GoldenLetter] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith(_ABOUT):
            continue
        source, *fields = line.split()
        if not fields or not all("=" in field for field in fields):
            raise BadGoldenLineError(f"{path.name}:{number}: not `SOURCE name=value name=value …`")
        if source in found:
            raise BadGoldenLineError(f"{path.name}:{number}: {source} stands in an earlier line; leave one of the two")
        found[source] = GoldenLetter(source, dict(field.split("=", 1) for field in fields))
    return list(found.values())


def content_of(source: str) -> bytes:
    """Return a letter as a mail server handed it over.

    Raises:
        BadGoldenLineError: there is no such letter.
    """
    name, _, number = source.partition(":")
    if name.startswith(_PLACED):
        for letter in places.letters(name.removeprefix(_PLACED)):
            if str(letter.number) == number:
                return letter.as_bytes()
    elif (FIXTURES / name).is_file():
        return (FIXTURES / name).read_bytes()
    raise BadGoldenLineError(f"{source}: no such letter below {FIXTURES.name}")


def said_of(judgement: Judgement) -> dict[str, str]:
    """Return what is said of a letter: who, where, what, how urgent, and where it goes."""
    found, decision = judgement.match, judgement.decision
    home = found.home.residence_id if found.home is not None else None
    said = {
        "kind": decision.kind.value,
        "tenant": found.tenant.id if found.tenant else None,
        "dwelling": found.dwelling.id if found.dwelling else None,
        "residence": found.residence.id if found.residence else None,
        "home": home,
        "topic": judgement.understanding.topic,
        "alarm": decision.alarm.level.value,
        "priority": decision.priority.value,
        "queue": decision.queue,
    }
    return {name: value or NOTHING for name, value in said.items()}


def judged(source: str, grounds: Grounds) -> dict[str, str]:
    """Return what is said of one letter now."""
    arrival = Arrival("file", source, _NOW, "message/rfc822", None, content_of(source))
    return said_of(judge(arrival, _NOW, grounds, NoHistory()))


def changed(golden: Iterable[GoldenLetter], grounds: Grounds) -> Iterator[tuple[GoldenLetter, dict[str, str]]]:
    """Yield each letter of which something else is said than must come out, with what is said."""
    for letter in golden:
        said = judged(letter.source, grounds)
        if {name: said.get(name) for name in letter.said} != dict(letter.said):
            yield letter, said


def told_change(letter: GoldenLetter, said: Mapping[str, str]) -> str:
    """Return a change as a line: "mail/D1-001.eml: topic heating, now plumbing"."""
    differences = [
        f"{name} {must}, now {said.get(name)}" for name, must in letter.said.items() if said.get(name) != must
    ]
    return f"{letter.source}: {'; '.join(differences)}"


def golden_grounds(rules: Path, *, model: Path | None = None, place_model: PlaceModel | None = None) -> Grounds:
    """Return what the golden letters are judged by: the fixtures' directory, with rules and models.

    Args:
        rules: the folder of rules.
        model: the model of topics and danger; None: the program's own.
        place_model: the model of places; None: the program's own.
    """
    settings = Settings.defaults()
    directory = Directory(read_export(FIXTURES / "directory")[0])
    judging = load_in_force(rules, directory.offices, zone=settings.zone, model=model)
    grounds = Grounds.build(directory, judging, settings)
    if place_model is None:
        return grounds
    return replace(grounds, index=MatchIndex.build(directory, settings, place_model=place_model))


def accepted(path: Path, said: Mapping[str, Mapping[str, str]]) -> str:
    """Return the file of golden letters with what is said now in the lines of some of them.

    Args:
        path: the file.
        said: by source, what is said now.
    """
    lines = []
    for line in path.read_text("utf-8").splitlines():
        source = line.split(" ", 1)[0]
        lines.append(GoldenLetter(source, said[source]).line() if source in said else line)
    return "\n".join(lines) + "\n"
