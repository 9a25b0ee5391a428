"""Files of figures and cases: as French spreadsheets read them, without a formula, and the page of definitions."""

import csv
import io
import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.cli.figures import definitions_markdown, with_definitions
from dtm_contact.directory import Directory, Office, Records, Residence
from dtm_contact.figures.cells import FigureCells
from dtm_contact.figures.counting import count_days, periods_of
from dtm_contact.figures.definitions import BY_ID, FIGURES
from dtm_contact.figures.files import as_csv, as_json, as_rows
from dtm_contact.figures.overview import FigureReader, FigureSpan, Grain, Overview, Place
from dtm_contact.store import Store
from tests.figures.test_counting import FIRST
from tests.prove import figures as proof
from tests.prove.figures_store import FORMULA
from tests.prove.program import chance

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"
SOFFICE = shutil.which("soffice")
HOSTILE = (FORMULA, "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "a;b", 'a"b', "1,5", "a\r\n=b")


def read(octets: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_the_page_of_definitions_is_that_of_the_code() -> None:
    page = PAGE.read_text("utf-8")
    assert definitions_markdown() in page
    assert with_definitions(page) == page, "make docs"
    assert with_definitions(page.replace("| `closed` |", "| `shut` |")) == page


def test_every_figure_is_told_in_both_languages_and_named_once() -> None:
    assert len({figure.id for figure in FIGURES}) == len(FIGURES)
    assert all(figure.title and figure.counts and figure.title_en and figure.counts_en for figure in FIGURES)


def test_a_file_has_the_mark_semicolons_crlf_and_decimal_commas() -> None:
    octets = as_csv([{"résidence": "Les Marronniers", "valeur": 1234.5, "cas": 3, "rien": None}])
    assert octets == "\ufeffrésidence;valeur;cas;rien\r\nLes Marronniers;1234,5;3;\r\n".encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_a_formula(text: str) -> None:
    _, (cell,) = read(as_csv([{"objet": text}]))
    assert not cell.lstrip(" \t\r\n").startswith(("=", "+", "-", "@", "＝"))


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_file_has_as_many_cells_as_were_given(texts: list[str]) -> None:
    names = [f"c{at}" for at in range(len(texts))]
    rows = read(as_csv([dict(zip(names, texts, strict=True))]))
    assert [len(row) for row in rows] == [len(texts), len(texts)]


def test_numbers_below_nothing_stay_numbers() -> None:
    assert read(as_csv([{"a": -1.5, "b": -2}]))[1] == ["-1,5", "-2"]


@pytest.fixture
def overview(sqlite_store: Store) -> Overview:
    now = proof.made_store(sqlite_store, 400, FIRST, 30, chance(3))
    found = count_days(sqlite_store, FIRST, FIRST + timedelta(days=30), proof.grounds(now))
    sqlite_store.figures.put(periods_of(sqlite_store, found, now))
    offices = {office for _, office in proof.RESIDENCES}
    records = Records(
        offices=[Office(each, each, "proximity_office", "", "", "", "", "") for each in (*sorted(offices), "agence")],
        residences=[Residence(name, name, (), "", "", "", "", office) for name, office in proof.RESIDENCES],
    )
    span = FigureSpan.of(Grain.MONTH, FIRST)
    return Overview(FigureReader(sqlite_store.figures), Directory(records), span, Place(), FIRST + timedelta(days=30))


@pytest.mark.parametrize("which", ["bureaux", "residences", "motifs", "evolution", "carte", "definitions"])
def test_json_and_csv_say_the_same(overview: Overview, which: str) -> None:
    rows = list(as_rows(overview, which, lambda column, code: f"{column} {code.title()}"))
    assert rows
    for column in {"bureau", "résidence", "motif"} & set(rows[0]):
        labels = {row[column]: row[f"{column} (libellé)"] for row in rows}
        assert labels.pop("ensemble", "ensemble") == "ensemble"
        assert labels.pop("", "sans ").startswith("sans ")
        assert labels == {code: f"{column} {code.title()}" for code in labels}
    told = json.loads(as_json(rows))
    table = read(as_csv(rows))
    assert table[0] == list(told[0])
    assert len(table) == len(told) + 1


def test_the_rows_of_a_table_add_up_and_say_of_which_place_it_is(overview: Overview) -> None:
    rows = [row for row in as_rows(overview, "bureaux", lambda _, code: code) if row["chiffre"] == "calls_answered"]
    numbers = {row["bureau"]: row["valeur"] for row in rows}
    assert numbers[""] > 0
    assert numbers.pop("ensemble") == sum(numbers.values())
    of_lifts = Overview(
        overview._reader, overview._directory, overview.span, Place("pantin", None, "elevator"), FIRST
    )  # fmt: skip
    for which in ("bureaux", "evolution"):
        row = next(iter(as_rows(of_lifts, which, lambda _, code: code)))
        asked = (row["bureau demandé"], row["résidence demandée"], row["motif demandé"])
        assert asked == ("pantin", None, "elevator"), which


def test_the_table_of_the_map_has_the_share_that_the_map_shows(overview: Overview) -> None:
    rows = list(as_rows(overview, "carte", lambda _, code: code))
    late, due = (sum(row[name] for row in rows) for name in ("hors délai", "délais passés"))
    assert 0 < late < due
    for row in rows:
        assert row["hors délai (%)"] == (
            pytest.approx(100 * row["hors délai"] / row["délais passés"], abs=0.01) if row["délais passés"] else None
        )


def test_a_share_is_a_number_with_the_count_of_which_it_is_one(overview: Overview) -> None:
    rows = {
        row["chiffre"]: row for row in as_rows(overview, "bureaux", lambda _, code: code) if row["bureau"] == "pantin"
    }
    counts = overview.by_office["pantin"]
    for name, whole in (("in_time", "due"), ("late", "open"), ("called_back", "call_backs_due")):
        row = rows[name]
        part = counts[BY_ID[name].measure]
        assert row["part sur"] >= counts[whole] > 0
        assert row["part (%)"] == pytest.approx(100 * part / row["part sur"], abs=0.01)
        assert row["part de"] <= row["part (%)"] <= row["part à"]
    assert rows["in_time"]["part (%)"] == rows["in_time"]["valeur"]
    assert (rows["opened"]["part (%)"], rows["opened"]["part sur"]) == (None, None)
    # Many answered calls are of no office, so that what is left is no share of an office's calls.
    assert (rows["calls_unserved"]["valeur"], rows["calls_unserved"]["part (%)"]) == (counts["calls_unserved"], None)
    then = next(row for row in as_rows(overview, "evolution", lambda _, code: code) if row["chiffre"] == "in_time")
    assert then["ensemble (part %)"] == then["ensemble"]


def test_libreoffice_reads_the_same_sums_and_no_formula(overview: Overview, tmp_path: Path) -> None:
    if SOFFICE is None:
        pytest.skip("LibreOffice Calc (soffice) is not installed: 90 MB that no other test needs")
    rows = [row for row in as_rows(overview, "bureaux", lambda _, code: code) if row["chiffre"] == "opened"]
    rows = [
        {"chiffre": FORMULA if at == 0 else row["chiffre"], "valeur": row["valeur"], "part": 0.5}
        for at, row in enumerate(rows)
    ]
    (tmp_path / "figures.csv").write_bytes(as_csv(rows))
    # Semicolon, no quoting but the usual, UTF-8, French; the sheet is written with what its cells show.
    form = 'csv:"Text - txt - csv (StarCalc)":59,34,76,1,,0,false,true,false,false,false,-1'
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--infilter=CSV:59,34,76,1,,1036",
         "--convert-to", form.replace('"', ""), "--outdir", str(tmp_path / "out"), str(tmp_path / "figures.csv")],
        check=True, capture_output=True, env={**os.environ, "LANG": "C.UTF-8"},
    )  # fmt: skip
    (written,) = (tmp_path / "out").iterdir()
    table = list(csv.reader(io.StringIO(written.read_text("utf-8-sig")), delimiter=";"))
    assert table[1][0] == f"'{FORMULA}"
    numbers = [float(row[1].replace(",", ".")) for row in table[1:]]
    assert sum(numbers) == sum(row["valeur"] for row in rows)
    assert {row[2].replace(",", ".") for row in table[1:]} == {"0.5"}


def test_an_overview_is_made_anew_once_something_of_it_was_counted_again(
    overview: Overview, sqlite_store: Store
) -> None:
    reader, directory, span = FigureReader(sqlite_store.figures), overview._directory, overview.span
    made = reader.overview(directory, span, Place(), FIRST)
    assert reader.overview(directory, span, Place(), FIRST) is made
    assert reader.overview(directory, span, Place(office="pantin"), FIRST) is not made
    assert reader.overview(Directory(directory.records), span, Place(), FIRST) is not made
    again = reader.overview(directory, span, Place(), FIRST)
    assert reader.overview(directory, span, Place(office="pantin"), FIRST).beside is again
    (month,) = sqlite_store.figures.periods("month", span.first, span.first)
    cells = FigureCells.pack({("pantin", "", ""): {"opened": 7}})
    month = month._replace(counted_at=month.counted_at + timedelta(minutes=5))
    keys, measures = [list(key) for key in cells.keys], list(cells.measures)
    sqlite_store.figures.put([month._replace(keys=keys, measures=measures, cells=cells.octets)])
    after = reader.overview(directory, span, Place(), FIRST)
    assert after is not again
    assert after.whole["opened"] == 7
