"""Reading mail: python benchmarks/bench_reading.py [ordinary|hostile|libraries].

`ordinary`: each message of fixtures/mail, and how many times as long as the standard library's parser alone it
takes. `hostile`: messages made to be slow or large, each in a process of its own; the bounds are 2 s and 10 times the
message's size and 16 MiB. `libraries`: what the standard library and the HTML parser do with such
messages when nothing bounds them.
"""

import base64
import email
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from selectolax.lexbor import LexborHTMLParser

from dtm_contact.model import Arrival, Contact
from dtm_contact.reading import read

MAIL = Path(__file__).parent.parent / "fixtures" / "mail"
ROUNDS = 9
SECONDS = 2.0
PATIENCE = 60
MIB = 1024 * 1024
HEAD = b"From: a@mel.example\nSubject: x\n"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\n\n"
PARTS = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n'


def levels(count: int) -> bytes:
    return HEAD + b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(count))


def formats(count: int) -> bytes:
    return b"".join(b"<b a%d>" % n for n in range(count))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "one line of 30 MB": lambda: HEAD + b"\n" + b"a" * 30_000_000,
    "30 MB of marks": lambda: HEAD + b"\n" + b" >" * 15_000_000,
    "30 MB of line ends": lambda: b"\n" * 30_000_000,
    "30 MB of NUL": lambda: b"\x00" * 30_000_000,
    "lines that begin as attributions": lambda: HEAD + b"\n" + b"Le 12 mars a\n" * 2_000_000,
    "lines with verbs": lambda: HEAD + b"\n" + b"On wrote 12\n" * 170_000,
    "lines of headers": lambda: HEAD + b"\n" + b"De : x\n" * 300_000,
    "lines of headers apart": lambda: HEAD + b"\n" + b"De : x\n\n\n" * 250_000,
    "rules": lambda: HEAD + b"\n" + b"-----\n" * 350_000,
    "closing formulas": lambda: HEAD + b"\n" + b"Cordialement\n" * 150_000,
    "notices": lambda: HEAD + b"\n" + b"\nce message confidentiel ce message\n" * 50_000,
    "device lines": lambda: HEAD + b"\n" + b"envoye de mon a a a a a a a a a a a a a a a\n" * 40_000,
    "forwards": lambda: HEAD + b"\n" + b"--- Message transfere ---\nDe : x\nObjet : y\n\nz\n" * 40_000,
    "100,000 headers": lambda: b"".join(b"X-%d: y\n" % n for n in range(100_000)) + HEAD + b"\nhello",
    "a header of 1 MB": lambda: b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\n\nhello",
    "From of quotes": lambda: b"From: " + b'"(<' * 30_000 + b"\n\nhello",
    "parameters": lambda: b"Content-Type: text/plain;" + b' a="' * 8_000 + b"\n\nhello",
    "50,000 parts": lambda: PARTS + b"--b\n\nx\n" * 50_000 + b"--b--\n",
    "200,000 empty parts": lambda: PARTS + b"--b\n" * 200_000 + b"--b--\n",
    "25 MB of false delimiters": lambda: PARTS + b"--b\n\nx" + b"\n--bx" * 5_000_000 + b"\n--b--\n",
    "1,000 levels": lambda: levels(1_000) + b"\nhello\n",
    "99 levels around 30 MB": lambda: levels(99) + b"\n" + b"word word\n" * 3_000_000,
    "a million nested tags": lambda: HTML + b"<div>" * 1_000_000 + b"x",
    "a million nested formats": lambda: HTML + b"<b>" * 1_000_000 + b"x",
    "formats reopened": lambda: HTML + b"<p>" + formats(200) + b"</p>" + b"<p>x</p>" * 9_000,
    "30 MB of flat tags": lambda: HTML + b"<p>a</p>" * 3_750_000,
    "4 MB of <": lambda: HTML + b"<" * 4_000_000,
    "comments never closed": lambda: HTML + b"<!--" * 1_000_000,
    "300,000 attributes": lambda: HTML + b"<p " + b"".join(b"a%d=1 " % n for n in range(300_000)) + b">x",
    "a style of 3 MB": lambda: HTML + b"<p style='" + b"display: " * 400_000 + b"'>x",
    "nested tables": lambda: HTML + b"<table>" * 290 + b"<tr><td>x" * 9_000,
    "entities": lambda: HTML + b"&amp;" * 800_000,
    "data: images": lambda: HTML + b"<img src='data:image/png;base64," + b"QUJD" * 7_000_000 + b"'>hello",
    "a file of 22 MB": lambda: HEAD
    + b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(b"%PDF" + os.urandom(22_000_000)),
    "base64 of padding": lambda: HEAD
    + b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    + b"Q=" * 15_000_000,
    "uuencode that grows": lambda: HEAD
    + b"Content-Type: application/pdf\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n"
    + b"M!\n" * 10_000_000,
    "flowed paragraph": lambda: HEAD + b"Content-Type: text/plain; format=flowed\n\n" + b"word \n" * 330_000,
    "old Macintosh lines": lambda: (HEAD + b"\n" + b"word\n" * 5_000_000).replace(b"\n", b"\r"),
    "armour": lambda: HEAD + b"\n" + b"-----BEGIN PGP MESSAGE-----\n" * 70_000,
    "signed armour": lambda: HEAD + b"\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 55_000,
    "events": lambda: HEAD + b"Content-Type: text/calendar\n\n" + b"BEGIN:VEVENT\nSUMMARY:a\n" * 200_000,
    "winmail.dat": lambda: HEAD
    + b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x01\x00"
    + b"\x00" * 20_000_000,
}  # fmt: skip


def contact(raw: bytes) -> Contact:
    return read(Arrival("file", "bench", datetime(2026, 11, 24, 12, tzinfo=UTC), "message/rfc822", None, raw))


def fastest(work: Callable[[bytes], object], raw: bytes) -> float:
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work(raw)
        times.append(perf_counter() - start)
    return min(times)


def ordinary() -> None:
    raws = [path.read_bytes() for path in sorted(MAIL.glob("*.eml"))]
    ours = [fastest(contact, raw) for raw in raws]
    theirs = [fastest(email.message_from_bytes, raw) for raw in raws]
    print(f"{len(raws)} messages, median {median(map(len, raws)) / 1024:.1f} KiB")
    print(f"read: median {median(ours) * 1e3:.2f} ms, slowest {max(ours) * 1e3:.2f} ms (budget: median 1 ms)")
    print(f"email.message_from_bytes alone: median {median(theirs) * 1e3:.3f} ms")
    print(f"ratio: median {median(our / their for our, their in zip(ours, theirs, strict=True)):.1f}")


def measured(make: Callable[[], bytes], results: "SimpleQueue[tuple[int, float, int, int]]") -> None:
    raw = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = process_time()
    found = contact(raw)
    took = process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    results.put((len(raw), took, grown, len(found.notes)))


def hostile() -> None:
    context = multiprocessing.get_context("fork")
    print(f"{'message':34} {'size':>9} {'CPU':>8} {'memory':>10} {'notes':>5}")
    for name, make in HOSTILE.items():
        results: SimpleQueue[tuple[int, float, int, int]] = context.SimpleQueue()
        child = context.Process(target=measured, args=(make, results))
        child.start()
        child.join(PATIENCE)
        if child.exitcode != 0:
            child.kill()
            print(f"{name:34} did not end well: {child.exitcode}")
            continue
        size, took, grown, told = results.get()
        beyond = " BEYOND" if took > SECONDS or grown > 10 * size + 16 * MIB else ""
        print(f"{name:34} {size / 1e6:6.1f} MB {took:6.2f} s {grown / MIB:6.0f} MiB {told:>5}{beyond}")


def timed(name: str, work: Callable[[], object]) -> None:
    start = process_time()
    try:
        work()
        outcome = ""
    except RecursionError:
        outcome = " RecursionError"
    print(f"{name:58} {process_time() - start:6.2f} s{outcome}")


def libraries() -> None:
    for count in (10_000, 20_000, 40_000):
        raw = PARTS + b"--b\n\nx\n" * count
        timed(f"email.message_from_bytes, {count:,} parts", lambda raw=raw: email.message_from_bytes(raw))  # type: ignore[misc]
    timed("email.message_from_bytes, 1,000 levels", lambda: email.message_from_bytes(levels(1_000) + b"\nx"))
    for count in (5_000, 10_000, 20_000):
        html = "<div>" * count
        timed(f"LexborHTMLParser, {count:,} nested elements", lambda html=html: LexborHTMLParser(html))  # type: ignore[misc]
    for count in (5_000, 10_000, 20_000):
        html = "<p " + " ".join(f"a{n}=1" for n in range(count)) + ">"
        timed(f"LexborHTMLParser, {count:,} attributes", lambda html=html: LexborHTMLParser(html))  # type: ignore[misc]
    html = f"<p>{formats(1_000).decode()}</p>" + "<p>x</p>" * 1_000
    print(f"LexborHTMLParser, 1,000 formats by 1,000 paragraphs: {len(LexborHTMLParser(html).css('b')):,} elements")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ("ordinary", "hostile", "libraries"):
        {"ordinary": ordinary, "hostile": hostile, "libraries": libraries}[wanted]()
