"""The manuals in French: what they name is there, what is there is named, and the grid of accessibility adds up."""

import re
from collections import Counter
from pathlib import Path

from dtm_contact.web.pages.accessibility import AUDITED_ON, CONFORMING, NOT_MET

ROOT = Path(__file__).parents[1]
FRENCH = ROOT / "docs" / "fr"
TEMPLATES = ROOT / "dtm_contact" / "web" / "templates"

CRITERIA = {1: 9, 2: 2, 3: 3, 4: 13, 5: 8, 6: 2, 7: 5, 8: 10, 9: 4, 10: 14, 11: 13, 12: 11, 13: 12}
"""How many criteria each theme of RGAA 4.1.2 has."""
ROW = re.compile(r"^\| (\d+\.\d+) \| (.+) \| (C|NC|NA) \| (.+) \|$", re.MULTILINE)


def grid() -> dict[str, tuple[str, str]]:
    """Return each criterion with its state and how that was found."""
    rows = ROW.findall((FRENCH / "accessibilite.md").read_text("utf-8"))
    return {criterion: (state, how) for criterion, _what, state, how in rows}


def test_the_grid_has_every_criterion_once_and_its_rate_is_what_its_rows_add_up_to() -> None:
    rows = ROW.findall((FRENCH / "accessibilite.md").read_text("utf-8"))
    assert [row[0] for row in rows] == [f"{theme}.{n + 1}" for theme, count in CRITERIA.items() for n in range(count)]
    counts = Counter(row[2] for row in rows)
    rate = 100 * counts["C"] / (counts["C"] + counts["NC"])
    said = (
        f"{counts['C']} critères respectés, {counts['NC']} non respectés, {counts['NA']} sans objet : **{rate:.1f} %**"
    )
    assert said.replace(".", ",") in (FRENCH / "accessibilite.md").read_text("utf-8")
    assert counts["C"] == CONFORMING
    state = "totalement conforme" if rate == 100 else "partiellement conforme" if rate >= 50 else "non conforme"
    for page in ("base.html", "board.html"):
        assert f"Accessibilité : {state}</a>" in (TEMPLATES / page).read_text("utf-8")
    assert f"<b>{state}</b>" in (TEMPLATES / "accessibility.html").read_text("utf-8")


def test_the_statement_names_what_the_grid_says_is_not_met() -> None:
    not_met = {criterion: how for criterion, (state, how) in grid().items() if state == "NC"}
    assert NOT_MET.keys() == not_met.keys()
    for criterion, how in NOT_MET.items():
        assert how.replace("’", "'").split(" ; ")[0] in not_met[criterion]
    assert f"{AUDITED_ON.day}er décembre {AUDITED_ON.year}" in (FRENCH / "accessibilite.md").read_text("utf-8")


def test_every_table_says_what_it_is() -> None:
    tables = {
        f"{path.name}: {table}"
        for path in TEMPLATES.glob("*.html")
        for table in re.findall(r"<table(?:[^>]*)>(?!<caption)", path.read_text("utf-8"))
        if "aria-label" not in table
    }
    assert tables == set()
    headers = [each for path in TEMPLATES.glob("*.html") for each in re.findall(r"<th>", path.read_text("utf-8"))]
    assert headers == []
