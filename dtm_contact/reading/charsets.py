"""From octets to text: what the octets are counts for more than what a header claims of them."""

import re
from encodings.aliases import aliases
from typing import Final

_CODECS: Final = frozenset({
    "ascii", "big5", "big5hkscs", "cp437", "cp850", "cp852", "cp858", "cp866", "cp874", "cp932", "cp949", "cp1250",
    "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "euc_jp", "euc_kr", "gb18030",
    "gb2312", "gbk", "hz", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext",
    "iso2022_kr", "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_5", "iso8859_6", "iso8859_7", "iso8859_8",
    "iso8859_9", "iso8859_10", "iso8859_11", "iso8859_13", "iso8859_14", "iso8859_15", "iso8859_16", "johab",
    "koi8_r", "koi8_t", "koi8_u", "latin_1", "mac_cyrillic", "mac_greek", "mac_latin2", "mac_roman", "mac_turkish",
    "ptcp154", "shift_jis", "shift_jisx0213", "tis_620", "utf_8", "utf_8_sig", "utf_16", "utf_16_be", "utf_16_le",
    "utf_32", "utf_32_be", "utf_32_le", "utf_7",
})  # fmt: skip
"""The codecs a header may choose: those that turn octets into text. `unicode_escape`, `idna` and the like are none.
Whatever comes out is looked at afterwards, never the octets, so that none of them hides anything from us."""

_SUPERSETS: Final = {
    "ascii": "cp1252", "latin_1": "cp1252", "iso8859_9": "cp1254", "iso8859_11": "cp874", "tis_620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949",
}  # fmt: skip
"""What senders use under these names (Encoding Standard, https://encoding.spec.whatwg.org/, section 4.2)."""

_STATEFUL: Final = frozenset({
    "hz", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr",
    "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7",
})  # fmt: skip
"""Charsets whose octets are valid UTF-8 by accident, so the header's word comes first."""

_MARKS: Final = ((b"\xef\xbb\xbf", "utf_8_sig"), (b"\xff\xfe", "utf_16"), (b"\xfe\xff", "utf_16"))

_BREAKS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_SPACES: Final = re.compile(r"\s+")


def codec_named(charset: str) -> str | None:
    """Return the Python codec for a charset as a header names it; None for one unknown or not to be trusted."""
    key = re.sub(r"[^a-z0-9]+", "_", charset.lower()[:60]).strip("_")
    key = re.sub(r"^(cs_?|x_)(?=[a-z])", "", key) if key not in aliases and key not in _CODECS else key
    name = aliases.get(key, key)
    if name not in _CODECS:
        name = aliases.get(key.replace("_", ""), key.replace("_", ""))
    if name not in _CODECS:
        return None
    return _SUPERSETS.get(name, name)


def decode(data: bytes, charset: str = "") -> str:
    """Return the text of `data`; never fails.

    UTF-8 is tried first, since text in another charset is hardly ever valid UTF-8; then the charset declared; then
    windows-1252, where every octet means something.
    """
    codec = codec_named(charset)
    if codec != "utf_7" and data.isascii() and b"\x1b" not in data and b"\x00" not in data and b"~{" not in data:
        return data.decode("ascii")
    for mark, marked in _MARKS:
        if data.startswith(mark):
            codec = marked
    if codec in _STATEFUL or codec == "utf_8_sig":
        text = _strictly(data, codec)
        if text is not None:
            return text
    for name in ("utf_8", codec):
        text = _strictly(data, name) if name else None
        if text is not None:
            return text
    return _mostly_utf8(data) or _windows(data)


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
        text.encode("utf-8")  # UTF-7 may stand for half a character
    except (UnicodeError, ValueError):
        return None
    return text


def _mostly_utf8(data: bytes) -> str | None:
    """Return UTF-8 text with a few octets spoilt or cut off on the way; None where most of it is something else."""
    text = data.decode("utf_8", "replace")
    spoilt = text.count("\ufffd")
    foreign = len(data) - len(data.translate(None, bytes(range(0x80, 0x100))))
    cut_off = spoilt == 1 and text.endswith("\ufffd") and foreign > 1
    return text if cut_off or spoilt * 5 <= foreign else None


def _windows(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Return `text` with line feeds for all breaks, and without control, direction and surrogate characters."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """Return `text` cleaned, on one line, each run of white space as one space."""
    return _SPACES.sub(" ", clean(text)).strip()
