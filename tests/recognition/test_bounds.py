"""What strangers send is recognised within bounds, or refused with a word."""

import hashlib
import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from dtm_contact.model import FileOutcome, Recognition
from dtm_contact.recognition.reader import Recogniser
from dtm_contact.recognition.served import lines_in
from dtm_contact.settings import RecognitionSettings
from tests.pdf import documents


@pytest.fixture
def recogniser() -> Iterator[Recogniser]:
    made = Recogniser(RecognitionSettings(seconds=1800, pixels=1_000_000))
    yield made
    made.close()


def recognised(recogniser: Recogniser, octets: bytes) -> Recognition:
    return recogniser.recognise(octets, hashlib.sha256(octets).hexdigest())


def image(size: tuple[int, int], kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("1", size, 1).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (lambda: image((30_000, 30_000)), FileOutcome.COSTLY),
        (lambda: b"\xff\xd8\xff\xe0 cut short", FileOutcome.BROKEN),
        (lambda: b"%PDF-1.7 and nothing else", FileOutcome.BROKEN),
        (documents.locked, FileOutcome.BROKEN),
        (lambda: b"neither", FileOutcome.BROKEN),
        (lambda: image((300, 300)), FileOutcome.EMPTY),
    ],
    ids=["bomb", "cut", "no-pdf", "locked", "neither", "blank"],
)
def test_hostile_files_are_refused_with_a_word(
    recogniser: Recogniser, made: Callable[[], bytes], outcome: FileOutcome
) -> None:
    assert recognised(recogniser, made()) == Recognition(outcome, ((),) if outcome is FileOutcome.EMPTY else ())


def test_a_file_that_takes_too_long_is_given_up() -> None:
    # Below what starting takes, so that nothing depends on the machine's speed.
    recogniser = Recogniser(
        RecognitionSettings.model_construct(**{**RecognitionSettings().model_dump(), "seconds": 0.01})
    )
    assert recognised(recogniser, image((300, 300))).outcome is FileOutcome.COSTLY


def test_a_wide_gap_parts_two_columns() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    table = head + (
        "1\t1\t0\t0\t0\t0\t0\t0\t1000\t2000\t-1\t\n"
        "5\t1\t1\t1\t1\t1\t100\t200\t80\t20\t96\tMme\n5\t1\t1\t1\t1\t2\t190\t200\t80\t20\t90\tJoly\n"
        "5\t1\t1\t1\t1\t3\t600\t200\t80\t20\t80\tOffice\n5\t1\t1\t1\t2\t1\t100\t240\t80\t20\tbroken"
    )
    first, second = lines_in(table)
    assert (first.text, first.left, first.top, first.words, first.confidence) == ("Mme Joly", 100, 100, 2, 93.0)
    assert (second.text, second.left) == ("Office", 600)
