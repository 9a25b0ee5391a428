"""The three readers: whatever product wrote the fields, labels with their values, bounded and never failing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.reading.notes import Notes
from dtm_contact.sources.entries import (
    JSON_OCTETS,
    MOST_ENTRIES,
    canonical,
    read_json,
    read_lines,
    read_page,
    read_tables,
)

LABELS = frozenset(map(canonical, ("Nom", "Prénom", "N° de bail", "Message")))


def pairs(entries: object) -> list[tuple[str, str]]:
    assert isinstance(entries, list)
    return [(each.label, each.value) for each in entries]


def table(*rows: str) -> bytes:
    return f"<html><body><table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table></body></html>".encode()


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Nom : Roy", "nom"),
        ("NOM: Roy", "nom"),
        ("  - Nom = Roy", "nom"),
        ("Nom *: Roy", "nom"),
        ("*Nom :* Roy", "nom"),
        ("Nom\tRoy", "nom"),
        ("Mon nom : Roy", ""),
        ("Nom Roy", ""),
    ],
)
def test_a_label_is_told_however_it_is_written(line: str, label: str) -> None:
    [entry] = read_lines([line], LABELS)
    assert (entry.label, entry.value) == (label, "Roy" if label else line)


def test_lines_without_a_known_label_go_on_with_what_stands_above() -> None:
    lines = ["Bonjour", "Nom : Roy", "Message :", "il fait froid", "Attention : urgent", "", "merci"]
    assert pairs(read_lines(lines, LABELS)) == [
        ("", "Bonjour"),
        ("nom", "Roy"),
        ("message", "il fait froid\nAttention : urgent\n\nmerci"),
    ]


def test_a_table_is_read_by_rows_with_layout_around_it() -> None:
    inner = "<table><tr><th>Nom :</th><td>Roy</td><th>Prénom :</th><td>Jean</td></tr></table>"
    assert pairs(read_tables(table(f"<td>{inner}</td>"), "", LABELS)) == [("nom", "Roy"), ("prenom", "Jean")]


def test_a_table_is_read_by_columns_where_labels_head_it() -> None:
    heads, values = "<th>Nom</th><th>Prénom</th>", "<td>Roy</td><td>Jean</td>"
    assert pairs(read_tables(table(heads, values), "", LABELS)) == [("nom", "Roy"), ("prenom", "Jean")]


@pytest.mark.parametrize(
    "html",
    [
        "<dl><dt>Nom</dt><dd>Roy</dd><dt>Prénom</dt><dt>Message</dt><dd>a</dd><dd>b</dd></dl>",
        "<div><label>Nom</label>\nRoy\n</div><div><label>Prénom</label></div><div><label>Message</label>a<br>b</div>",
        "<div><label>Nom :</label></div><i>Roy</i><p><label>Prénom</label></p><label>Message</label><p>a</p><p>b</p>",
        "<table><tr><th><label>Nom</label><td>Roy<tr><td>Prénom<td><tr><td>Message<td>a<br>b</table>",
    ],
    ids=["dl", "label", "label-apart", "label-in-a-table"],
)
def test_labels_that_html_marks_come_with_their_values(html: str) -> None:
    found = [(label, value.replace("\n\n", "\n")) for label, value in pairs(read_tables(html.encode(), "", LABELS))]
    assert found == [("nom", "Roy"), ("prenom", ""), ("message", "a\nb")]


def test_a_label_without_a_value_is_no_text() -> None:
    rows = table("<td>Nom</td><td>Roy</td>", "<td>Prénom</td><td></td>", "<td>Courriel du contributeur</td><td> </td>")
    page = rows.replace(b"<body>", b"<body><p>Un signalement :</p>")
    assert [each.value for each in read_page(page, "", LABELS, len, Notes()) if not each.label] == ["Un signalement :"]


def test_words_under_a_label_that_nobody_knows_are_not_lost() -> None:
    found = pairs(
        read_tables(table("<td>Nom</td><td>Roy</td>", "<td>Remarque</td><td>ça sent le gaz</td>"), "", LABELS)
    )
    assert found[1] == ("remarque", "ça sent le gaz")


def test_a_table_within_a_value_is_part_of_it() -> None:
    nested = "<td>Message</td><td>Voici :<table><tr><td>Nom</td><td>Dupont</td></tr></table></td>"
    found = pairs(read_tables(table("<td>Nom</td><td>Roy</td>", nested), "", LABELS))
    assert found == [("nom", "Roy"), ("message", "Voici :\n\nNom\tDupont")]


def test_an_object_is_read_by_the_keys_that_lead_to_a_value() -> None:
    data = {"tenant": {"lastName": "Roy", "lease": 12345678901234567890}, "photos": ["a.jpg", {"n": True}], "no": None}
    assert pairs(read_json(json.dumps(data).encode())) == [
        ("tenant lastname", "Roy"),
        ("tenant lease", "12345678901234567890"),
        ("photos 0", "a.jpg"),
        ("photos 1 n", "oui"),
    ]


def test_a_key_that_stands_twice_gives_two_entries() -> None:
    assert pairs(read_json(b'{"nom": "Roy", "nom": "Dupont"}')) == [("nom", "Roy"), ("nom", "Dupont")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1, 2]",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"text": "' + b"x" * JSON_OCTETS + b'"}',
        b'{"n": ' + b"9" * 10_000 + b"",
    ],
)
def test_what_is_no_object_within_the_bounds_says_nothing(data: bytes) -> None:
    assert read_json(data) == []


def test_what_lies_too_deep_is_not_read() -> None:
    deep: object = "Dupont"
    for _ in range(20):
        deep = {"a": deep}
    assert read_json(json.dumps({"nom": "Roy", "deep": deep}).encode())[0].value == "Roy"
    assert len(read_json(json.dumps({"nom": "Roy", "deep": deep}).encode())) == 1


def test_no_message_has_more_fields_than_are_read() -> None:
    many = MOST_ENTRIES + 50
    assert len(read_lines([f"Nom : {n}" for n in range(many)], LABELS)) <= MOST_ENTRIES + 1
    assert len(read_json(json.dumps({f"k{n}": "v" for n in range(many)}).encode())) == MOST_ENTRIES
    assert len(read_tables(table(*["<td>Nom</td><td>x</td>"] * many), "", LABELS)) <= MOST_ENTRIES


@pytest.mark.parametrize("line", [" " * 200_000, "*" * 200_000, "Nom" + " " * 200_000 + ":", "-\t" * 100_000])
def test_a_long_line_costs_no_more_than_its_length(line: str) -> None:
    assert [each.label for each in read_lines([line] * 200, LABELS)] == [""]


@given(st.binary(max_size=400))
def test_no_bytes_make_a_reader_fail(data: bytes) -> None:
    read_json(data)
    read_tables(data, "", LABELS)
    read_lines(data.decode("latin-1").split("\n"), LABELS)
