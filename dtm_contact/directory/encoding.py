"""From the bytes of an exported file to its text: UTF-8 or Windows-1252, told from the bytes alone, never guessed."""

import codecs
import re

from dtm_contact.directory.report import Report
from dtm_contact.model import Severity

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# How the letters and signs of French look in UTF-8. In Windows-1252 these bytes are "Ã", "Â", "Å" or "â€" and a sign,
# which no French text holds.
_FRENCH_IN_UTF_8 = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0\xab\xb0\xbb]|\xc5[\x92\x93\xb8]|\xe2\x80[\x93-\x9e\xa6\xaf]")

_ONE_ENCODING = "save the whole file as UTF-8"


def decode(raw: bytes, report: Report) -> str | None:
    """Return the text of a file in UTF-8, with or without a byte order mark, or in Windows-1252.

    Whatever is valid UTF-8 is UTF-8: text in another encoding that has one letter beyond ASCII hardly ever is. What is
    not is Windows-1252, unless it says or shows that most of it was meant as UTF-8.

    Returns:
        The text without a byte order mark; None where there is none to be had, with the reason in `report`.
    """
    if raw.startswith(_UTF_16) or b"\0" in raw[:4]:
        report.add(Severity.ERROR, (0, 0), "the file is in UTF-16, or is no text", "save it as UTF-8")
        return None
    marked = raw.startswith(codecs.BOM_UTF8)
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        not_utf_8 = error.start
    if marked:
        message = "this is not UTF-8, though the file begins as UTF-8"
        report.add(Severity.ERROR, _place(raw, not_utf_8), message, _ONE_ENCODING)
        return None
    if meant := _FRENCH_IN_UTF_8.search(raw):
        _report_mixture(raw, meant.start(), not_utf_8, report)
        return None
    return _decode_windows_1252(raw, report)


def _report_mixture(raw: bytes, utf_8: int, not_utf_8: int, report: Report) -> None:
    for at, what in sorted(((utf_8, "UTF-8"), (not_utf_8, "Windows-1252"))):
        report.add(Severity.ERROR, _place(raw, at), f"this is {what}, but the file mixes two encodings", _ONE_ENCODING)


def _decode_windows_1252(raw: bytes, report: Report) -> str | None:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        message = f"the byte {raw[error.start]:02X} is neither UTF-8 nor Windows-1252"
        report.add(Severity.ERROR, _place(raw, error.start), message, _ONE_ENCODING)
        return None


def _place(raw: bytes, offset: int) -> tuple[int, int]:
    """Return line and column of a byte; the column counts a letter of several bytes once."""
    before = raw[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line_start = before.rfind(b"\n") + 1
    try:
        column = len(before[line_start:].decode())
    except UnicodeDecodeError:
        column = len(before) - line_start
    return before.count(b"\n") + 1, column + 1
