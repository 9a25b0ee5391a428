"""The words of PDFs: what is read of letters, and that no octets whatever cost more than was allowed."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtm_contact.model import FileOutcome, FileText
from dtm_contact.pdf.reader import PdfReader
from dtm_contact.settings import PdfSettings
from tests.pdf import documents
from tests.pdf.documents import letter

GAS = "Madame, Monsieur,\nÇa sent le gaz (très fort) à l’étage, près de la chaudière.\nOù êtes-vous ? Cœur serré."
ROOMY = PdfSettings(cpu_seconds=20, seconds=60)


@pytest.fixture(scope="module")
def reader() -> Iterator[PdfReader]:
    reader = PdfReader(ROOMY)
    yield reader
    reader.close()


def one(reader: PdfReader, octets: bytes) -> FileText:
    (told,) = reader([octets])
    return told


def test_a_letter_is_read_with_its_accents_and_its_pages_in_order(reader: PdfReader) -> None:
    assert one(reader, letter(GAS, "Deuxième page")) == FileText(FileOutcome.READ, f"{GAS}\n\nDeuxième page")


def test_columns_are_read_one_after_the_other(reader: PdfReader) -> None:
    lines = [*documents.rows("Plus de chauffage\ndepuis lundi"), *documents.rows("Mon bébé\na froid", 320)]
    told = one(reader, documents.pages_of([documents.packed(documents.shown(lines))]))
    assert told.text.split("\n") == ["Plus de chauffage", "depuis lundi", "Mon bébé", "a froid"]


def test_of_a_long_one_the_first_pages_are_read(reader: PdfReader) -> None:
    told = one(reader, letter(*(f"Page {number}" for number in range(1, 101))))
    assert told.outcome is FileOutcome.CUT
    assert told.text.split() == [word for number in range(1, 9) for word in ("Page", str(number))]


def test_a_wrong_place_of_the_table_is_mended(reader: PdfReader) -> None:
    sound = letter(GAS)
    start = sound.rindex(b"startxref")
    assert one(reader, sound[:start] + b"startxref\n7\n%%EOF\n") == FileText(FileOutcome.READ, GAS)


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (documents.scan, FileOutcome.EMPTY),
        (documents.locked, FileOutcome.LOCKED),
        (documents.cyclic, FileOutcome.BROKEN),
        (lambda: letter(GAS)[:600], FileOutcome.BROKEN),
        (bytes, FileOutcome.BROKEN),
        (lambda: b"%PDF-1.7\n" + b"[" * 200_000, FileOutcome.BROKEN),
        (documents.bomb, FileOutcome.BROKEN),
    ],
    ids=["scan", "locked", "cyclic", "truncated", "empty", "nested", "bomb"],
)
def test_what_cannot_be_read_says_why_and_the_next_file_is_read(
    reader: PdfReader, made: Callable[[], bytes], outcome: FileOutcome
) -> None:
    assert reader([made(), letter(GAS)]) == [FileText(outcome), FileText(FileOutcome.READ, GAS)]


@pytest.mark.parametrize(
    "bounds",
    [
        PdfSettings(cpu_seconds=0.3, seconds=60),
        PdfSettings(cpu_seconds=60, seconds=0.3),
        PdfSettings(memory=1, cpu_seconds=20, seconds=60),
    ],
    ids=["processor", "clock", "memory"],
)
def test_beyond_a_bound_a_file_is_given_up_and_the_next_message_is_read_by_a_new_process(bounds: PdfSettings) -> None:
    reader = PdfReader(bounds)
    try:
        assert reader([documents.costly()]) == [FileText(FileOutcome.COSTLY)]
        assert reader.pid is None
    finally:
        reader.close()


def test_pages_before_a_costly_one_are_kept() -> None:
    reader = PdfReader(PdfSettings(cpu_seconds=0.5, seconds=60))
    try:
        plain = documents.packed(documents.shown(documents.rows(GAS)))
        heavy = documents.packed(b"BT /F1 11 Tf\n" + b"(a) Tj\n" * 600_000 + b"ET")
        assert reader([documents.pages_of([plain, heavy])]) == [FileText(FileOutcome.CUT, GAS)]
    finally:
        reader.close()


def test_a_process_that_dies_costs_one_message(reader: PdfReader) -> None:
    assert one(reader, letter(GAS)).text == GAS
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    stopped = reader.pid
    os.kill(stopped, signal.SIGKILL)
    assert {told.outcome for told in reader([letter(GAS)] * 2)} <= {FileOutcome.READ, FileOutcome.COSTLY}
    assert one(reader, letter(GAS)).text == GAS
    assert reader.pid != stopped


PIECES = st.sampled_from(
    (
        b"1 0 obj\n", b"endobj\n", b"<<", b">>", b"/Root 1 0 R", b"/Pages 1 0 R", b"/Kids [1 0 R]", b"/Count 99999999",
        b"/Type /Page", b"/Type /Catalog", b"/Contents 1 0 R", b"stream\n", b"\nendstream", b"/Length 99999999",
        b"/Filter /FlateDecode", b"/Filter /LZWDecode", b"/Filter /ASCII85Decode", b"xref\n0 2\n", b"trailer\n",
        b"startxref\n0\n%%EOF\n", b"startxref\n9\n%%EOF\n", b"/Encrypt 1 0 R", b"/Prev 0", b"[", b"]", b"(", b")",
        b"-1",
    )
)  # fmt: skip


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(octets=st.binary(max_size=400) | st.lists(PIECES | st.binary(max_size=8), max_size=30).map(b"".join))
def test_any_octets_are_answered(reader: PdfReader, octets: bytes) -> None:
    assert one(reader, b"%PDF-1.7\n" + octets).outcome in FileOutcome


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.integers(0, len(letter(GAS)) - 1), octets=st.binary(min_size=1, max_size=6))
def test_a_letter_that_was_spoilt_on_the_way_is_answered(reader: PdfReader, place: int, octets: bytes) -> None:
    sound = letter(GAS)
    assert one(reader, sound[:place] + octets + sound[place + len(octets) :]).outcome in FileOutcome
