"""From octets to text: charsets, encoded words in headers (RFC 2047), transfer encodings (RFC 2045 section 6).

What the octets are counts for more than what a header claims of them, and what a mailer on the way broke is read as far
as it goes. Nothing here fails.
"""

import base64
import binascii
import io
import re
from dataclasses import dataclass
from encodings.aliases import aliases
from typing import Final

from dtm_contact.reading import limits

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


_WORD: Final = re.compile(
    r"=\?([\w!#$%&'+.^`{}~:-]{1,64})(?:\*[\w-]{0,40})?\?([bBqQ])\?"
    r"([^?]*(?:\?(?!=)[^?]+){0,4}?)(?:\?=|\?(?=\s|$)|$)",
    re.ASCII,
)
_ESCAPE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_CHUNKS: Final = 1_000


def decode_header(value: bytes) -> str:
    """Return one header's text on one line; `value` is its body, folds included. Never fails."""
    return clean_line(decode_words(decode(value)))


def decode_words(text: str) -> str:
    """Return `text` with its encoded words decoded.

    Neighbours of one charset are joined before they are decoded: mailers split characters across words.
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    pending, charset, end = b"", "", 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        adjacent = bool(end) and (not between or between.isspace())
        if not adjacent or word[1].lower() != charset:
            pieces.append(decode(pending, charset))
            pieces.append("" if adjacent else between)
            pending, charset = b"", word[1].lower()
        pending += _octets(word[2], word[3])
        end = word.end()
    return "".join((*pieces, decode(pending, charset), text[end:]))


def _octets(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(data)
    return _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), data.replace(b"_", b" "))


def decode_base64(data: bytes) -> bytes:
    """Return the octets of base64 text, whatever stands between its letters and wherever its padding is."""
    chunks = data.translate(None, _NOT_BASE64).rstrip(b"=").split(b"=", _CHUNKS)
    return b"".join(map(_decode_chunk, chunks))


def _decode_chunk(letters: bytes) -> bytes:
    letters = letters.replace(b"=", b"")
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


_BASE64: Final = "base64"
_UNENCODED: Final = frozenset({"", "7bit", "8bit", "binary"})
_BASE64_LETTERS: Final = re.compile(rb"[A-Za-z0-9+/=]+")
_BASE64_LINES: Final = re.compile(rb"(?:[A-Za-z0-9+/]*+={0,2}+[ \t\r]*+(?:\n|\Z))*+")
"""Lines of nothing but base64; the first one with any other character ends them. Possessive: no line is tried twice."""

_PADDING: Final = re.compile(rb"=[ \t]*+=?[ \t\r]*+(?:\n|\Z)")
_UUENCODED: Final = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_UNFIT: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_PROBED: Final = 20_000
_UNFIT_SHARE: Final = 25
"""One control or replacement character in so many is more than any mailer puts into a text."""

_LETTERS_ALONE: Final = 60
"""Letters of base64 from which a text without a transfer encoding is taken to have lost the word for it."""

_LETTERS_BEFORE: Final = 24
"""The same for lines of base64 without padding before other text: no word is as long."""


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """The body of a text part.

    Attributes:
        octets: those that the transfer encoding stands for.
        tail: what follows the encoded text in plain octets, as mailing lists and virus scanners append it.
        sound: they read as text; else nobody can say what they are.
    """

    octets: bytes
    tail: bytes = b""
    sound: bool = True


def undo_transfer(body: bytes, encoding: str) -> bytes:
    """Return the octets behind base64, quoted-printable or uuencode; an unknown encoding is taken for none."""
    if encoding == _BASE64:
        return body if _is_plain(body) else decode_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uudecoded(body)
    return body


def read_body(body: bytes, encoding: str, charset: str) -> DecodedBody:
    """Return what the body of a text part holds.

    Base64 ends at its padding, or where a line holds anything else (RFC 2045 section 6.8): what is appended behind is
    text. A text that is base64 though no header says so is read as such.

    Args:
        body: as it stands in the message.
        encoding: the content transfer encoding, in lower case; empty where there is none.
        charset: as the header names it; empty where it does not.
    """
    if len(body) <= limits.ENCODED_TEXT_OCTETS and (encoding == _BASE64 or encoding in _UNENCODED):
        found = _base64_then_text(body, charset, declared=encoding == _BASE64)
        if found is not None:
            return found
    octets = undo_transfer(body, encoding)
    return DecodedBody(octets, sound=_reads_as_text(octets, charset))


def _base64_then_text(body: bytes, charset: str, *, declared: bool) -> DecodedBody | None:
    """Return the text behind leading lines of base64, and what stands behind them; None where there are none."""
    lines = _BASE64_LINES.match(body)
    end = lines.end() if lines else 0
    padding = _PADDING.search(body, 0, end)
    ends = dict.fromkeys((padding.end(), end) if padding else (end,))
    for stop in ends:
        letters = body[:stop].translate(None, b" \t\r\n")
        rest = body[stop:]
        if declared and not rest.strip():
            return None  # nothing but base64: broken padding and all, it is read as leniently as a file
        least = _LETTERS_BEFORE if declared else _LETTERS_ALONE
        whole = len(letters) % 4 == 0 and (len(letters) >= least or (declared and letters.endswith(b"=")))
        if not whole or not (_is_plain(rest) or not rest.strip()):
            continue
        octets = decode_base64(letters)
        if _reads_as_text(octets, charset if declared else "utf-8"):
            return DecodedBody(octets, rest.strip(b"\r\n"))
    return None


def _reads_as_text(octets: bytes, charset: str) -> bool:
    """Return whether octets are text: hardly a control character, and none that the charset cannot show."""
    text = decode(octets[:_PROBED], charset)
    return len(_UNFIT.findall(text)) * _UNFIT_SHARE <= len(text)


def _is_plain(body: bytes) -> bool:
    """Return whether a body that claims to be base64 is none: words with spaces and punctuation between them."""
    head = body[:4096].translate(None, b"\r\n\t")
    foreign = _BASE64_LETTERS.sub(b"", head)
    spaces = foreign.count(b" ")
    return spaces * 8 > len(head) or (len(foreign) - spaces) * 30 > len(head)


def _uudecoded(body: bytes) -> bytes:
    begin = _UUENCODED.search(body)
    octets = bytearray()
    faults = 0
    for line in io.BytesIO(body[begin.end() if begin else 0 :]):
        if line.strip() in {b"end", b"`", b""} or faults > limits.FALSE_MARKS or len(octets) > len(body):
            break
        try:
            octets += binascii.a2b_uu(line)
        except binascii.Error:
            faults += 1
            octets += _uu_line(line)
    return bytes(octets)


def _uu_line(line: bytes) -> bytes:
    """Decode a line to which white space was added or lost: its first octet tells the length."""
    length = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:length])
    except binascii.Error:
        return b""
