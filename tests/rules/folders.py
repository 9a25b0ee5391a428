"""The sample folders: a small good one, and bad ones, each of which lays its files over it."""

import json
import shutil
from pathlib import Path

import yaml

from dtm_contact.directory import Residence

HERE = Path(__file__).parent
GOOD = HERE / "good"
BAD = HERE / "bad"
EXPECTED = "expected.txt"
OFFICES = ("agence", "nord", "sud")
RESIDENCES = (
    Residence("R01", "Les Tilleuls", ("Cité des Tilleuls",), "Saint-Ouen", "93400", "93070", "93", "nord"),
    Residence("R02", "Les Érables", (), "Malakoff", "92240", "92046", "92", "sud"),
    Residence("R03", "Les Tilleuls", (), "Malakoff", "92240", "92046", "92", "sud"),
)
SHIPPED = HERE.parent.parent / "rules"


def overlay(fault: Path, folder: Path) -> Path:
    """Copy the good folder to `folder` and lay the files of a bad one over it; `x.missing` takes x away."""
    shutil.copytree(GOOD, folder)
    for path in sorted(fault.rglob("*")):
        target = folder / path.relative_to(fault)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif path.name.endswith(".missing"):
            (target.parent / path.name.removesuffix(".missing")).unlink()
        elif path.name != EXPECTED:
            shutil.copyfile(path, target)
    return folder


def without_danger(routing: str) -> str:
    """Return the rules of a trial, allowed to leave dangers waiver: it is about something else."""
    rules = yaml.safe_load(routing)
    return json.dumps([{**rule, "waiver": "a trial"} for rule in rules])
