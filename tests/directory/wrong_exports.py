"""Exports of the sample directory that can be read and are wrong, and ordinary ones a month later.

What a spreadsheet, a broken query or a full disk does to an export: every function changes the lines of the files as
they stand, so that the whole way from the file to the verdict is what is tested.
"""

import csv
import random
from collections.abc import Callable
from pathlib import Path

from dtm_contact.directory.layouts import LAYOUTS

Lines = list[dict[str, str]]
Export = dict[str, Lines]
Change = Callable[[Export], None]


def read(folder: Path) -> Export:
    """Return the lines of every file."""
    export: Export = {}
    for layout in LAYOUTS:
        with (folder / layout.file).open(encoding="utf-8", newline="") as file:
            export[layout.file] = list(csv.DictReader(file))
    return export


def write(export: Export, folder: Path) -> Path:
    """Write the files, and return the folder."""
    folder.mkdir(exist_ok=True, parents=True)
    for layout in LAYOUTS:
        with (folder / layout.file).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, layout.headers)
            writer.writeheader()
            writer.writerows(export[layout.file])
    return folder


def reduced(source: Path, residences: int, folder: Path) -> Path:
    """Write the part of an export that belongs to its first residences, and return the folder."""
    export = read(source)
    del export["residences.csv"][residences:]

    def keep(file: str, column: str, of: str) -> None:
        known = {line[column] for line in export[of]}
        export[file] = [line for line in export[file] if line[column] in known]

    keep("addresses.csv", "residence_id", "residences.csv")
    keep("dwellings.csv", "address_id", "addresses.csv")
    keep("tenants.csv", "dwelling_id", "dwellings.csv")
    keep("equipment.csv", "address_id", "addresses.csv")
    keep("caretaker_assignments.csv", "address_id", "addresses.csv")
    keep("caretakers.csv", "caretaker_id", "caretaker_assignments.csv")
    keep("caretaker_absences.csv", "caretaker_id", "caretakers.csv")
    for line in export["caretaker_absences.csv"]:
        line["replacement_id"] = ""
    return write(export, folder)


def changed(source: Path, change: Change, folder: Path) -> Path:
    """Write an export as `change` makes it of another one, and return its folder."""
    export = read(source)
    change(export)
    return write(export, folder)


def shifted(file: str, column: str) -> Change:
    """Return what inserts a cell at the top of a column."""

    def change(export: Export) -> None:
        lines = export[file]
        values = [line[column] for line in lines]
        for line, value in zip(lines, ["", *values], strict=False):
            line[column] = value

    return change


def rotated(file: str, column: str) -> Change:
    """Return what moves a column down by one line, its last value to the top."""

    def change(export: Export) -> None:
        values = [line[column] for line in export[file]]
        for line, value in zip(export[file], [values[-1], *values], strict=False):
            line[column] = value

    return change


def emptied(file: str, column: str) -> Change:
    """Return what clears a column."""

    def change(export: Export) -> None:
        for line in export[file]:
            line[column] = ""

    return change


def sorted_alone(file: str, column: str) -> Change:
    """Return what sorts a column without the others."""

    def change(export: Export) -> None:
        for line, value in zip(export[file], sorted(line[column] for line in export[file]), strict=True):
            line[column] = value

    return change


def filled_down(file: str, column: str) -> Change:
    """Return what fills a column with its first value."""

    def change(export: Export) -> None:
        for line in export[file]:
            line[column] = export[file][0][column]

    return change


def header_only(file: str) -> Change:
    """Return what takes all lines out of a file."""
    return lambda export: export[file].clear()


def cut_at(file: str, share: float) -> Change:
    """Return what cuts a file at a line end."""

    def change(export: Export) -> None:
        del export[file][int(share * len(export[file])) :]

    return change


def swapped_names(export: Export) -> None:
    """Exchange first and last names of the people who have both."""
    for line in export["tenants.csv"]:
        if line["first_name"]:
            line["last_name"], line["first_name"] = line["first_name"], line["last_name"]


def phones_as_floats(export: Export) -> None:
    """Write the phones as a spreadsheet does that took them for numbers."""
    for line in export["tenants.csv"]:
        line["phones"] = "|".join(
            f"{float(phone):.2E}".replace(".", ",") if phone.isdigit() else phone
            for phone in line["phones"].replace(" ", "").split("|")
        )


WRONG: dict[str, tuple[Change, str, str, str]] = {
    "e-mails shifted by one line": (shifted("tenants.csv", "email"), "tenants.csv", "email", "slipped"),
    "phones shifted by one line": (shifted("tenants.csv", "phones"), "tenants.csv", "phones", "slipped"),
    "first and last names swapped": (swapped_names, "tenants.csv", "last_name, first_name", "exchanged"),
    "all e-mails empty": (emptied("tenants.csv", "email"), "tenants.csv", "email", "emptied"),
    "all phones empty": (emptied("tenants.csv", "phones"), "tenants.csv", "phones", "emptied"),
    "assignments header only": (
        header_only("caretaker_assignments.csv"),
        "caretaker_assignments.csv",
        "caretaker_id",
        "emptied",
    ),
    "phones as 6,44E+08": (phones_as_floats, "tenants.csv", "phones", "numeric"),
    "tenants cut at 96 %": (cut_at("tenants.csv", 0.96), "tenants.csv", "", "cut"),
    "one office for all residences": (
        filled_down("residences.csv", "office_id"),
        "residences.csv",
        "office_id",
        "same",
    ),
    "entrances of dwellings shifted": (
        rotated("dwellings.csv", "address_id"),
        "dwellings.csv",
        "address_id",
        "slipped",
    ),
    "caretakers' phones empty": (emptied("caretakers.csv", "phone"), "caretakers.csv", "phone", "emptied"),
    "e-mails sorted alone": (sorted_alone("tenants.csv", "email"), "tenants.csv", "email", "moved"),
}
"""The wrong exports: what each does, and the file, column and sign that must be told."""


def a_month_later(seed: int) -> Change:
    """Return what an ordinary month does: people move in and out, change phones, marry; an area is redrawn a little."""
    chance = random.Random(seed)  # noqa: S311 - no secret hangs on it

    def change(export: Export) -> None:
        tenants = export["tenants.csv"]
        in_force = [line for line in tenants if not line["lease_end"]]
        moved_in = [_moved(line, number) for number, line in enumerate(_some(chance, in_force, 0.02))]
        for line in _some(chance, tenants, 0.015):
            line["phones"] = f"06{chance.randrange(10**8):08}"
        for line in _some(chance, [line for line in tenants if line["email"]], 0.01):
            line["email"] = f"nouvelle{chance.randrange(10**6)}@courriel.example"
        for line in _some(chance, tenants, 0.003):
            line["last_name"] = chance.choice(tenants)["last_name"]
        for line in _some(chance, [line for line in tenants if line["lease_end"]], 0.1):
            tenants.remove(line)
        chance.choice(export["residences.csv"])["office_id"] = chance.choice(export["offices.csv"])["office_id"]
        leaver, successor = chance.sample(export["caretakers.csv"], 2)
        for line in export["caretaker_assignments.csv"]:
            if line["caretaker_id"] == leaver["caretaker_id"]:
                line["caretaker_id"] = successor["caretaker_id"]
        tenants.extend(moved_in)

    return change


def _some(chance: random.Random, lines: Lines, share: float) -> Lines:
    return chance.sample(lines, int(share * len(lines)))


def _moved(line: dict[str, str], number: int) -> dict[str, str]:
    line["lease_end"] = "2026-11-30"
    return {
        **line,
        "tenant_id": f"T9{number:05}",
        "lease_id": f"99{number:05}/01",
        "last_name": "Nouveau",
        "email": f"nouveau{number}@courriel.example",
        "phones": f"07{number:08}",
        "lease_start": "2026-12-01",
        "lease_end": "",
    }
