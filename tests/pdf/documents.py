"""PDFs made by hand, octet by octet (ISO 32000-1), as letters are and as no program would write them."""

import zlib
from collections.abc import Sequence
from email.message import EmailMessage

PAGE = (595, 842)
TOP, LEFT, LEADING = 780, 60, 14

Line = tuple[int, int, str]
"""Where it begins, from the left and from below, and what it says."""


def rows(text: str, left: int = LEFT) -> list[Line]:
    return [(left, TOP - LEADING * row, line) for row, line in enumerate(text.splitlines())]


def shown(lines: Sequence[Line]) -> bytes:
    return b"BT /F1 11 Tf\n" + b"".join(_shown(line) for line in lines) + b"ET\n"


def _shown(line: Line) -> bytes:
    left, below, text = line
    octets = text.encode("cp1252")
    for special in (b"\\", b"(", b")"):
        octets = octets.replace(special, b"\\" + special)
    return b"1 0 0 1 %d %d Tm (%s) Tj\n" % (left, below, octets)


def stream(octets: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(octets), entries, octets)


def packed(octets: bytes) -> bytes:
    return stream(zlib.compress(octets), b"/Filter /FlateDecode ")


def file_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Write objects, the first being the catalogue, with their table."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s>>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def pages_of(contents: Sequence[bytes], trailer: bytes = b"", more: Sequence[bytes] = ()) -> bytes:
    """Write pages, each by the stream that draws it."""
    first = 4
    kids = b" ".join(b"%d 0 R" % (first + 2 * place) for place in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
        FONT,
    ]
    for place, content in enumerate(contents):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R " % (*PAGE, first + 2 * place + 1)
            + b"/Resources << /Font << /F1 3 0 R >> >> >>",
            content,
        ]
    return file_of([*objects, *more], trailer)


def letter(*pages: str) -> bytes:
    """Return a letter with a text layer, a text each page."""
    return pages_of([packed(shown(rows(text))) for text in pages])


def scan() -> bytes:
    """Return a page that is a picture, as a copier makes it."""
    return pages_of([packed(b"q 595 0 0 842 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q")])


def locked() -> bytes:
    """Return a letter that wants a password: keys of a revision that no empty one fits."""
    entries = b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32)
    content = packed(shown(rows("Fuite de gaz")))
    return pages_of([content], b"/Encrypt 6 0 R /ID [<00> <00>] ", [entries])


def cyclic() -> bytes:
    """Return a tree of pages that leads back to its root."""
    return file_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 /Parent 3 0 R >>",
            b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 /Parent 2 0 R >>",
        ]
    )


def bomb(octets: int = 400_000_000, times: int = 3) -> bytes:
    """Return a page whose drawing unfolds to so many octets, packed again and again."""
    pack = zlib.compressobj(9)
    block = b"(a) Tj " * 100_000
    content = b"".join(pack.compress(block) for _ in range(octets // len(block))) + pack.flush()
    for _ in range(times - 1):
        content = zlib.compress(content, 9)
    return pages_of([stream(content, b"/Filter [%s] " % b" ".join([b"/FlateDecode"] * times))])


def costly() -> bytes:
    """Return a page that no bound on sizes stops: forms that draw each other, ten times each."""
    count = 9
    forms = []
    for level in range(count):
        inner = b"/XObject << /X %d 0 R >>" % (7 + level) if level < count - 1 else b""
        body = b"/X Do " * 10 if inner else shown(rows("mot " * 200))
        entries = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 3 0 R >> %s >> " % inner
        forms.append(stream(body, entries))
    page = b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /XObject << /X 6 0 R >> >> >>"
    return file_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            FONT,
            page,
            stream(b"/X Do " * 10),
            *forms,
        ]
    )


def mail(text: str, *files: bytes, subject: str = "Courrier", sender: str = "x@mel.example") -> bytes:
    """Return a mail with files, as mail programs send them."""
    message = EmailMessage()
    message["From"], message["Subject"] = sender, subject
    message["Date"] = "Tue, 24 Nov 2026 09:30:00 +0100"
    message.set_content(text)
    for number, octets in enumerate(files, 1):
        message.add_attachment(octets, maintype="application", subtype="pdf", filename=f"lettre {number}.pdf")
    return message.as_bytes()
