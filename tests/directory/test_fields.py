"""The place of a field is where an editor shows it, whatever stands before it."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory.sheet import place_of_field

_FIELD = st.text(alphabet='ab",;\n\r é’😀', max_size=8)


def _written(rows: list[list[str]], delimiter: str) -> tuple[str, list[list[int]]]:
    """Return the rows as CSV, every field quoted where it must be, and the offset of each field."""
    text = ""
    offsets: list[list[int]] = []
    for row in rows:
        offsets.append([])
        for index, cell in enumerate(row):
            text += delimiter if index else ""
            offsets[-1].append(len(text))
            quoted = any(mark in cell for mark in '",;\n\r')
            text += '"' + cell.replace('"', '""') + '"' if quoted else cell
        text += "\n"
    return text, offsets


@given(st.lists(st.lists(_FIELD, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(",;"))
def test_each_field_is_found_where_it_was_written(rows: list[list[str]], delimiter: str) -> None:
    text, offsets = _written(rows, delimiter)
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    begin = 1
    for row, expected in zip(reader, offsets, strict=True):
        for index, offset in enumerate(expected):
            before = list(io.StringIO(text[:offset], newline="")) or [""]
            at_line_start = not before[-1] or before[-1][-1] in "\r\n"
            place = (len(before) + 1, 1) if offset and at_line_start else (len(before), len(before[-1]) + 1)
            assert place_of_field(lines, begin, delimiter, index) == place
        assert len(row) == len(expected)
        begin = reader.line_num + 1


def test_a_field_that_the_row_does_not_have_is_where_the_row_begins() -> None:
    assert place_of_field(["a,b\n", "c\n"], 2, ",", 1) == (2, 1)
