"""Files that no exporter writes: whatever lies in the folder, there is an answer, soon and in plain words."""

import csv
import io
import os
import shutil
from pathlib import Path

import pytest

from dtm_contact.directory import read_export
from dtm_contact.directory.report import MAX_LISTED
from dtm_contact.errors import InvalidFilesError
from tests.directory.samples import GOOD, problems_of, said_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOOD, tmp_path / "directory"))


def test_a_folder_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"

    assert said_of(nowhere) == (
        f"{nowhere}: error: the folder cannot be read: No such file or directory"
        " (name the folder that holds the CSV files)\n"
    )


def test_a_file_in_place_of_the_folder_is_one_error(folder: Path) -> None:
    assert [problem.message for problem in problems_of(folder / "offices.csv")] == ["this is no folder"]


def test_a_folder_that_is_a_link_to_itself_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")

    assert [problem.file for problem in problems_of(tmp_path / "loop")] == [str(tmp_path / "loop")]


def test_every_missing_file_is_an_error_but_equipment(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()

    problems = problems_of(folder)

    assert {problem.message for problem in problems} == {"the file is missing"}
    assert len(problems) == 8
    assert "equipment.csv" not in {problem.file for problem in problems}


def test_equipment_may_be_missing(folder: Path) -> None:
    (folder / "equipment.csv").unlink()

    assert read_export(folder)[0].equipment == ()


def test_a_file_named_in_capitals_is_pointed_out(folder: Path) -> None:
    (folder / "offices.csv").rename(folder / "Offices.CSV")

    assert "offices.csv: error: the file is missing ('Offices.CSV' must be called so)\n" in said_of(folder)


def test_a_file_with_a_slip_in_its_name_is_pointed_out(folder: Path) -> None:
    (folder / "tenants.csv").rename(folder / "tenant.csv")

    assert said_of(folder) == "tenants.csv: error: the file is missing (did you mean 'tenant.csv'?)\n"


def test_a_missing_file_is_not_told_again_for_every_reference_into_it(folder: Path) -> None:
    (folder / "addresses.csv").unlink()

    assert [str(problem) for problem in problems_of(folder)] == ["addresses.csv: error: the file is missing"]


def test_a_folder_in_place_of_a_file_is_no_file(folder: Path) -> None:
    (folder / "tenants.csv").unlink()
    (folder / "tenants.csv").mkdir()

    assert "tenants.csv: error: this is no file" in said_of(folder)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path) -> None:
    (folder / "equipment.csv").unlink()
    os.mkfifo(folder / "equipment.csv")

    assert "equipment.csv: error: this is no file" in said_of(folder)


@pytest.mark.parametrize("file", ["tenants.csv", "equipment.csv"])
def test_a_link_to_itself_cannot_be_read(file: str, folder: Path) -> None:
    (folder / file).unlink()
    (folder / file).symlink_to(file)

    assert f"{file}: error: the file cannot be read: " in said_of(folder)


def test_a_link_to_nothing_is_missing_even_where_the_file_may_be(folder: Path) -> None:
    (folder / "equipment.csv").unlink()
    (folder / "equipment.csv").symlink_to("elsewhere.csv")

    assert said_of(folder) == "equipment.csv: error: the file is missing (it is a link to a file that is not there)\n"


def test_a_file_that_may_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert said_of(folder).startswith("offices.csv: error: the file cannot be read: Permission denied\n")


def test_a_field_of_ten_megabytes_is_refused_where_it_begins(folder: Path) -> None:
    with (folder / "residences.csv").open("a", encoding="utf-8") as file:
        file.write("R003," + "x" * 10_000_000 + ",,Bagnolet,93170,93006,93,nord\n")

    assert said_of(folder) == "residences.csv:4:6: error: the field is longer than 131,072 characters\n"


def test_a_quote_never_closed_does_not_hide_the_lines_below(folder: Path) -> None:
    lines = ['R003,"Sans fin,,Bagnolet,93170,93006,93,nrod\n']
    lines += [f"R{number:03},Cité,,Bagnolet,93170,93006,93,nrod\n" for number in range(4, 10_000)]
    with (folder / "residences.csv").open("a", encoding="utf-8") as file:
        file.writelines(lines)

    problems = problems_of(folder)

    assert (problems[0].line, problems[0].column) == (4, 6)
    assert problems[0].message == "a quote is opened here and never closed"
    assert problems[1].message == "office_id 'nrod' is not in offices.csv"
    assert problems[1].line == 5


def test_a_file_of_nothing_but_quotes_ends(folder: Path) -> None:
    with (folder / "residences.csv").open("a", encoding="utf-8") as file:
        file.write('R003,"a"b\n' * 50_000)

    problems = problems_of(folder)

    assert problems[-1].message == "too many lines are no CSV; the file was read no further"
    assert {problem.file for problem in problems} == {"residences.csv"}


def test_a_hundred_thousand_columns_are_told_up_to_a_thousand(folder: Path) -> None:
    header, *rows = (folder / "offices.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    unknown = "".join(f",c{number}" for number in range(100_000))
    (folder / "offices.csv").write_text(header.rstrip() + unknown + "\n" + "".join(rows), encoding="utf-8")

    problems = problems_of(folder)

    assert str(problems[0]) == "offices.csv:1:58: warning: unknown column 'c0' is left out"
    assert "offices.csv: warning: 99,000 more of this file are not listed" in map(str, problems)
    assert "offices.csv:2:1: error: fields on this line: 8, in the header: 100008 (is the file cut short?)" in map(
        str, problems
    )


def test_a_hundred_thousand_errors_are_told_up_to_a_thousand_and_then_counted(folder: Path) -> None:
    with (folder / "dwellings.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"D{number:06},A00009,dwelling,,,,,\n" for number in range(100_000))

    problems = problems_of(folder)

    assert len(problems) == MAX_LISTED + 1
    assert str(problems[-1]) == "dwellings.csv: error: 99,000 more of this file are not listed"
    assert [bool(problem.hint) for problem in problems[98:102]] == [True, True, False, False]


def test_a_thousand_warnings_do_not_hide_an_error(folder: Path) -> None:
    with (folder / "tenants.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"U{number:06},B{number:06},L000001,holder,,X,,,,0,,\n" for number in range(3 * MAX_LISTED))
        file.write("T9,B9,L000001,holder,,X,,,,,jadis,\n")

    with pytest.raises(InvalidFilesError) as refused:
        read_export(folder)

    assert f"tenants.csv:{3 * MAX_LISTED + 9}:29: error: lease_start is no date" in str(refused.value)


def test_an_export_of_french_excel_reads_as_the_same_directory(folder: Path, tmp_path: Path) -> None:
    excel = tmp_path / "excel"
    excel.mkdir()
    for file in folder.iterdir():
        out = io.StringIO()
        rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
        (excel / file.name).write_bytes(out.getvalue().encode("cp1252"))

    assert read_export(excel) == read_export(folder)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encoding_delimiter_and_line_end_are_told_for_each_file(
    delimiter: str, encoding: str, line_end: str, folder: Path
) -> None:
    rows = list(csv.reader((folder / "residences.csv").read_text(encoding="utf-8").splitlines()))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    (folder / "residences.csv").write_bytes(out.getvalue().encode(encoding))

    assert read_export(folder) == read_export(GOOD)


def test_columns_may_stand_in_any_order_and_headers_in_capitals(folder: Path) -> None:
    rows = list(csv.reader((folder / "caretakers.csv").read_text(encoding="utf-8").splitlines()))
    with (folder / "caretakers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([cell.upper() if row is rows[0] else cell for cell in reversed(row)] for row in rows)

    assert read_export(folder) == read_export(GOOD)


@pytest.mark.parametrize(
    ("written", "read"), [("\u0092", "’"), ("\u0080", "€"), ("\u009f", "Ÿ"), ("\ufffd", "\ufffd"), ("\x7f", " ")]
)
def test_a_character_lost_once_in_latin_1_is_read_as_it_was_meant(written: str, read: str, folder: Path) -> None:
    text = (folder / "residences.csv").read_text(encoding="utf-8").replace("l'Abbé", f"l{written}Abbé")
    (folder / "residences.csv").write_text(text, encoding="utf-8")

    assert read_export(folder)[0].residences[1].name == f"Cité de l{read}Abbé-Grégoire"


def test_an_escape_sequence_does_not_reach_the_terminal_of_whoever_reads_the_name(folder: Path) -> None:
    text = (folder / "residences.csv").read_text(encoding="utf-8").replace("Maladrerie", "\x1b[2J\u202eMaladrerie")
    (folder / "residences.csv").write_text(text, encoding="utf-8")

    assert read_export(folder)[0].residences[0].name == "La [2J Maladrerie"
