"""The sum of a candidate told step by step, and drawn."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.explain.names import Names
from dtm_contact.explain.picture import picture
from dtm_contact.explain.waterfall import percent, points, waterfall
from dtm_contact.labels.judging import MATCH_EVIDENCE
from dtm_contact.model import Candidate, Evidence, Likely, Match

ZONE = ZoneInfo("Europe/Paris")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def directory() -> Directory:
    records, _problems = read_export(Path(__file__).parents[2] / "fixtures" / "directory")
    return Directory(records)


def _match(directory: Directory, *, named: bool = True) -> Match:
    first, second = (lease.tenant_id for lease in directory.records.leases[:2])
    ours = (
        Evidence("email.known", 24.0, "a@b.example"),
        Evidence("name.signed", 8.5, "N. <Roy> & fils\x07"),
        Evidence("place.street", -4.0, "12 rue Hoche", None, "9 rue Diderot"),
    )
    theirs = (Evidence("email.household", 18.0, "a@b.example", None, first), Evidence("name.signed", 2.0, "N. <Roy>"))
    return Match(
        (Candidate(first, None, None, 0.985, 28.0, ours), Candidate(second, None, None, 0.012, 20.0, theirs)),
        tenant=Likely(first, 0.985) if named else None,
    )


def _names(directory: Directory) -> Names:
    return Names(directory, {}, ZONE)


def test_the_steps_lead_from_one_among_all_to_the_total(directory: Directory) -> None:
    told = waterfall(_match(directory), _names(directory))
    assert told is not None
    assert told.verdict == "retenu : 98,5 %"
    assert [step.label for step in told.steps][:3] == ["adresse connue", "signature", "adresse citée"]
    assert told.steps[0].strength == "décisif pour"
    assert told.steps[2].against == "habite : 9 rue Diderot"
    assert round(told.total - told.start, 2) == 28.0


def test_why_not_the_second_names_what_makes_the_difference(directory: Directory) -> None:
    told = waterfall(_match(directory), _names(directory))
    assert told is not None
    text = "\n".join(told.not_the_second)
    assert "1,2 %" in text
    assert "adresse connue « a@b.example » : +24,0 pour le premier" in text
    assert "adresse de quelqu'un du foyer « a@b.example » : +18,0 pour l'autre" in text


def test_what_bounds_a_probability_is_told_beside_the_sum(directory: Directory) -> None:
    found = _match(directory, named=False)
    best = found.candidates[0]
    doubted = replace(best, evidence=(Evidence("doubt.name_alone", 0.0, ""), *best.evidence))
    told = waterfall(replace(found, candidates=(doubted, *found.candidates[1:])), _names(directory))
    assert told is not None
    assert told.not_the_second[0] == "Réserve : rien que le nom et le prénom : d'autres peuvent les porter."
    assert "rien que le nom et le prénom : d'autres peuvent les porter" not in {step.label for step in told.steps}


def test_nobody_is_drawn_where_nobody_stands_out(directory: Directory) -> None:
    assert waterfall(Match(), _names(directory)) is None
    told = waterfall(_match(directory, named=False), _names(directory))
    assert told is not None
    assert told.verdict == "personne n'est retenu ; le plus probable : 98,5 %"


def test_the_picture_is_well_formed_titled_and_dark_too(directory: Directory) -> None:
    told = waterfall(_match(directory), _names(directory))
    assert told is not None
    drawn = ET.fromstring(picture(told, "Qui écrit ? <x> & y"))  # noqa: S314 (our own)
    assert drawn.get("role") == "img"
    assert drawn.findtext(f"{SVG}title") == "Qui écrit ? <x> & y"
    assert "adresse connue" in (drawn.findtext(f"{SVG}desc") or "")
    assert "prefers-color-scheme:dark" in (drawn.findtext(f"{SVG}style") or "")
    bars = [bar for bar in drawn.iter(f"{SVG}rect") if bar.get("class") != "back"]
    assert len(bars) == len(told.steps) + 2
    assert all(float(bar.get("x", "-1")) >= 0 for bar in bars)


def test_numbers_are_written_as_in_french() -> None:
    assert points(-4.25) == "\N{MINUS SIGN}4,2"
    assert percent(0.9999) == "plus de 99,9 %"
    assert percent(0.00001) == "moins de 0,1 %"
    assert all(label == label.strip() and label for label in MATCH_EVIDENCE.values())
