"""The encoding is told from the bytes, and never wrongly: better no text than a wrong one."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory.report import Report
from dtm_contact.directory.sheet import decode

FRENCH = "abcdeXYZ 019,;\n'éèàùçêîôûëïüÿœæÉÈÀÇÊÎÔŒÆ«»’…–—€°"


def decoded(raw: bytes) -> tuple[str | None, list[str]]:
    report = Report("tenants.csv")
    text = decode(raw, report)
    return text, [str(problem) for problem in report.problems()]


@given(st.text())
def test_utf_8_is_utf_8_with_and_without_a_mark(text: str) -> None:
    raw = text.removeprefix("\ufeff").encode()
    if b"\0" not in raw[:4]:
        assert decoded(raw) == decoded(codecs.BOM_UTF8 + raw) == (raw.decode(), [])


@given(st.text(FRENCH), st.text(FRENCH))
def test_french_in_windows_1252_is_read_as_it_was_written(before: str, after: str) -> None:
    # One accent beside a plain letter, as in nearly every word that has one: by it the bytes cannot be UTF-8.
    text = before + "CHÂTEAU, allée" + after
    assert decoded(text.encode("cp1252")) == (text, [])


@given(st.text(FRENCH), st.text(FRENCH))
def test_two_encodings_in_one_file_are_no_text(before: str, after: str) -> None:
    utf_8, windows = ("é" + before).encode(), ("allée n" + after).encode("cp1252")
    for raw in (utf_8 + b"\n" + windows, windows + b"\n" + utf_8):
        text, problems = decoded(raw)
        assert text is None
        assert [problem.split(": ")[2].split(",")[0] for problem in problems] in (
            ["this is UTF-8", "this is Windows-1252"],
            ["this is Windows-1252", "this is UTF-8"],
        )


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("é\r\nàé".encode() + b"\xe9 ", "tenants.csv:2:3"),
        ("é\ràé".encode() + b"\xe9 ", "tenants.csv:2:3"),
        (codecs.BOM_UTF8 + "é".encode() + b"\xe9 ", "tenants.csv:1:2"),
        (b"a\nbc\x81", "tenants.csv:2:3"),
    ],
)
def test_the_place_told_counts_letters_not_bytes(raw: bytes, place: str) -> None:
    text, problems = decoded(raw)

    assert text is None
    assert problems[-1].startswith(place + ":")
