"""Figures and cases as files: CSV as LibreOffice and Excel in French open it, and JSON."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from dtm_contact.figures.comparing import Value
from dtm_contact.figures.definitions import FIGURES, Figure, FigureKind
from dtm_contact.figures.listing import CountedCase
from dtm_contact.figures.overview import Overview
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import CodedText

Row = Mapping[str, Any]
LabelOf = Callable[[str, str], str]
"""Returns the French words for a code: of the column that holds it, and the code."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for a formula, or for the end of a cell, at the head of one; wide forms too."""
_BOM: Final = "\ufeff"
ALL: Final = "ensemble"
"""What the row of all offices is called."""

TABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bureaux": "par bureau",
        "residences": "par résidence",
        "motifs": "par motif",
        "evolution": "dans le temps",
        "carte": "nouveaux dossiers et réponses hors délai, par résidence et motif",
        "definitions": "définitions",
    }
)
"""The tables that can be saved."""
_NONE: Final = {
    **dict.fromkeys(("état", "file", "voie"), ""),
    "bureau": "sans bureau connu", "résidence": "sans résidence connue", "motif": "sans motif",
}  # fmt: skip
_COLUMN: Final = {"bureaux": "bureau", "residences": "résidence", "motifs": "motif"}


def as_rows(overview: Overview, which: str, label: LabelOf) -> Iterator[Row]:
    """Yield a table row by row; beside each code its words, in a column of their own.

    Args:
        overview: the period and place.
        which: one of `TABLES`.
        label: gives the words.
    """
    match which:
        case "definitions":
            for figure in FIGURES:
                yield {
                    "chiffre": figure.id, "titre": figure.title, "compte": figure.counts, "unité": figure.unit.value,
                    "se divise par": figure.split, "source": figure.source,
                }  # fmt: skip
        case "carte":
            overdue, answered = (overview.by_residence_and_topic(measure) for measure in ("due", "due_met"))
            opened = overview.by_residence_and_topic()
            for residence, topic in sorted(opened.keys() | overdue.keys()):
                count = opened.get((residence, topic), 0)
                codes = {"résidence": residence, "motif": topic}
                due, met = (each.get((residence, topic), 0) for each in (overdue, answered))
                yield {
                    **_period(overview), "bureau demandé": overview.place.office, **_labelled(codes, label),
                    "nouveaux dossiers": count, "délais passés": due, "hors délai": due - met,
                    "hors délai (%)": round(100 * (due - met) / due, 2) if due else None,
                }  # fmt: skip
        case "evolution":
            for figure in FIGURES:
                for first, mine, whole in overview.course(figure):
                    yield {
                        "début": first.isoformat(), **_asked(overview), **_cells(figure, mine),
                        ALL: _number(whole.number),
                        f"{ALL} (part %)": _share(figure, whole)["part (%)"],
                    }  # fmt: skip
        case _:
            for place, of in _places(overview, which):
                # The row of all offices has no code, and is called by the one word.
                labelled = _labelled({_COLUMN[which]: place}, (lambda _column, _code: ALL) if place == ALL else label)
                for figure in FIGURES:
                    yield {**_period(overview), **_asked(overview), **labelled, **_cells(figure, of(figure))}


def _asked(overview: Overview) -> Row:
    """Return of which office, residence and topic a table is: a saved file has nothing around it that says so."""
    place = overview.place
    asked = {"bureau": place.office, "résidence": place.residence, "motif": place.topic}
    return {f"{name} demandé{'e' if name == 'résidence' else ''}": code for name, code in asked.items()}


def _labelled(codes: Mapping[str, str], label: LabelOf) -> Row:
    """Return codes by their columns, and behind each its words; nothing where there is no code."""
    row: dict[str, str] = {}
    for column, code in codes.items():
        row |= {column: code, f"{column} (libellé)": label(column, code) if code else _NONE[column]}
    return row


def _places(overview: Overview, which: str) -> Iterator[tuple[str, Callable[[Figure], Value]]]:
    if which == "bureaux":
        yield ALL, overview.of_whole
        for office in overview.offices:
            yield office, _of(overview.of_office, office)
        yield "", lambda figure: overview.of_no_office(figure) or Value(None, 0)
    elif which == "residences":
        for residence in sorted(overview.by_residence):
            yield residence, _of(overview.of_residence, residence)
    else:
        for topic in sorted(overview.by_topic):
            yield topic, _of(overview.of_topic, topic)


def _of(value: Callable[[Figure, str], Value], name: str) -> Callable[[Figure], Value]:
    return lambda figure: value(figure, name)


def _period(overview: Overview) -> dict[str, str]:
    return {"période": overview.span.grain.value, "début": overview.span.first.isoformat()}


def _cells(figure: Figure, value: Value) -> dict[str, Any]:
    return {
        "chiffre": figure.id,
        "titre": figure.title,
        "valeur": _number(value.number),
        "unité": figure.unit.value,
        "cas": value.count,
        "de": _number(value.low),
        "à": _number(value.high),
        "pour 1000 logements": _number(value.rate),
        **_share(figure, value),
    }


def _share(figure: Figure, value: Value) -> dict[str, Any]:
    """Return a share as a number from 0 to 100, its interval, and of how many it is; nothing where it is none."""
    share = value if figure.kind is FigureKind.SHARE else value.share or Value(None, 0)
    known = share.number is not None
    return {
        "part (%)": _number(share.number),
        "part de": _number(share.low),
        "part à": _number(share.high),
        "part sur": share.count if known else None,
    }


def _number(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


WAITED: Final = "attente (minutes ouvrées, d’un P1 à l’horloge)"
_OF_CASE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "numéro": "number", "état": "state", "bureau": "office_id", "file": "queue", "priorité": "priority",
        "motif": "topic", "résidence": "residence_id", "logement": "dwelling_id", "voie": "channel",
        "ouvert": "opened_at", "échéance": "due", "délai": "due", "première réponse": "", WAITED: "",
        "clos": "closed_at", "compté (fois)": "", "compté comme": "",
        "objet": "subject", "auteur": "who",
    }
)  # fmt: skip
CASE_COLUMNS: Final = tuple(_OF_CASE)
"""The columns that may be chosen of cases; whose they are, of us, is none of them."""
USUAL_COLUMNS: Final = tuple(name for name in CASE_COLUMNS if name not in {"logement", "objet", "auteur"})
"""Those without anything of a person."""
_CODES: Final = frozenset({"état", "bureau", "file", "motif", "résidence", "voie"})
"""Those that hold a code of the program or of the rules."""


def case_table_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns of a table of cases, of those that were chosen; behind each code its words have one."""
    chosen = [name for name in CASE_COLUMNS if name in columns]
    return [each for name in chosen for each in ((name, f"{name} (libellé)") if name in _CODES else (name,))]


def cases_as_rows(
    cases: Iterable[CountedCase],
    columns: Sequence[str],
    zone: ZoneInfo,
    label: LabelOf,
    kept: Callable[[CountedCase], str],
    counted_as: Callable[[CountedCase], str],
) -> Iterator[Row]:
    """Yield cases with the columns that were chosen, in their order; beside each code its words.

    Args:
        cases: which.
        columns: of `CASE_COLUMNS`.
        zone: in which times are told.
        label: gives the words for a code.
        kept: gives in words whether an answer came in time.
        counted_as: gives in words what a case is in the figure; "" where that it is counted says all.
    """
    chosen = [name for name in CASE_COLUMNS if name in columns]
    for each in cases:
        row: dict[str, Any] = {}
        counted: dict[str, Any] = {
            "délai": kept(each),
            "première réponse": _of_case(each.first_answer, zone),
            WAITED: None if each.waited is None else round(each.waited / timedelta(minutes=1), 2),
            "compté (fois)": each.times,
            "compté comme": counted_as(each),
        }
        for name in chosen:
            value = counted[name] if name in counted else _of_case(getattr(each.case, _OF_CASE[name]), zone)
            row |= _labelled({name: value}, label) if name in _CODES else {name: value}
        yield row


def _of_case(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, CodedText):
        return text_of(value)
    return "" if value is None else str(value)


def as_csv(rows: Sequence[Row], columns: Sequence[str] = ()) -> bytes:
    """Return rows as CSV: UTF-8 with its mark, semicolons, CRLF, decimal commas, and no formula.

    Args:
        rows: all with the same columns.
        columns: of a table that may have no row.
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    names = list(rows[0]) if rows else list(columns)
    writer.writerow(map(_cell, names))
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
    return f"{_BOM}{written.getvalue()}".encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",")
    if isinstance(value, int):
        return str(value)
    text = " ".join(str(value).splitlines()) if "\n" in str(value) or "\r" in str(value) else str(value)
    # The apostrophe is seen, which says that something was there; spaces before a formula do not hide it.
    return f"'{text}" if str(value).lstrip(" ").startswith(_FORMULA) else text


def as_json(rows: Sequence[Row]) -> bytes:
    """Return rows as a JSON list."""
    return json.dumps(list(rows), ensure_ascii=False, default=_plain).encode("utf-8", "replace")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
