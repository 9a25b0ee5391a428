"""The process that recognises one scan: `python -m dtm_contact.recognition.served`, started by `reader`.

On its standard input come a line of JSON (its bounds, the digest of the file) and the message that holds the file; on
its standard output goes one `Recognition` as JSON. It bounds its own memory and processor time, which what it starts
inherits (setrlimit(2)), and the size of the files that they write.
"""

import hashlib
import json
import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from PIL import Image, ImageFilter, ImageOps, ImageSequence, UnidentifiedImageError
from pydantic import TypeAdapter

from dtm_contact.model import FileOutcome, Recognition, ScannedLine
from dtm_contact.reading.attachments import PDF, attached_file, real_type

LONG_SIDE: Final = 3_000
"""Pixels of a page's long side: about 250 dots an inch of A4, beyond which Tesseract only takes longer."""

_FORMATS: Final = ("TIFF", "JPEG", "PNG")
_WIDE_GAP: Final = 2.5
"""Heights of a line that a gap between two words is wider than, where two columns stand side by side."""

_SURE_OF_NOTHING: Final = 0.0
_LONGEST_LINE: Final = 1_000
_MOST_LINES: Final = 400
_DESCRIPTORS: Final = 128
_NICE: Final = 10
_GRACE_SECONDS: Final = 2
_TO_FIND: Final = 2.0
"""Seconds that finding the file in its message may take beside the pages."""


@dataclass(frozen=True, slots=True)
class RecognitionBounds:
    """What recognising one file may cost: see `RecognitionSettings`."""

    languages: str
    pages: int
    pixels: int
    octets: int
    cpu_seconds: int
    seconds: float
    memory: int

    def take(self) -> None:
        """Bound this process and all that it starts."""
        _limit(resource.RLIMIT_AS, self.memory)
        _limit(resource.RLIMIT_CPU, self.cpu_seconds)
        # A page of so many pixels in grey, and room for what a program writes beside it.
        _limit(resource.RLIMIT_FSIZE, 2 * self.pixels + 10_000_000)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
        os.nice(_NICE)


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (bound, bound))


class _CostlyError(Exception):
    """A bound was hit."""


class _BrokenError(Exception):
    """It is no image and no PDF that can be drawn."""


def recognise(octets: bytes, bounds: RecognitionBounds, folder: Path) -> Recognition:
    """Return what is recognised in a file.

    Args:
        octets: the file, whatever it is.
        bounds: what it may cost.
        folder: an empty one, for the pages.
    """
    if len(octets) > bounds.octets:
        return Recognition(FileOutcome.COSTLY)
    until = monotonic() + bounds.seconds - _TO_FIND
    read: list[tuple[ScannedLine, ...]] = []
    outcome = FileOutcome.READ
    try:
        pages = _pdf_pages if real_type(octets, "") == PDF else _image_pages
        for number, page in enumerate(pages(octets, bounds, folder, until)):
            if number == bounds.pages:
                outcome = FileOutcome.CUT
                break
            read.append(_lines_of(page, bounds, until))
            page.unlink()
    except (_CostlyError, subprocess.TimeoutExpired, MemoryError, Image.DecompressionBombError):
        outcome = FileOutcome.CUT if any(read) else FileOutcome.COSTLY
    except (_BrokenError, OSError, ValueError, SyntaxError, UnidentifiedImageError, EOFError):
        outcome = FileOutcome.CUT if any(read) else FileOutcome.BROKEN
    except Exception:  # noqa: BLE001 - a library meets octets that nobody foresaw
        outcome = FileOutcome.CUT if any(read) else FileOutcome.BROKEN
    if outcome is FileOutcome.READ and not any(read):
        outcome = FileOutcome.EMPTY
    return Recognition(outcome, tuple(read))


def _image_pages(octets: bytes, bounds: RecognitionBounds, folder: Path, until: float) -> Iterator[Path]:
    """Yield the pages of an image, grey, upright as its own marks say, and not larger than is of use."""
    source = folder / "source"
    source.write_bytes(octets)
    with Image.open(source, formats=_FORMATS) as image:
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            if frame.width * frame.height > bounds.pixels or monotonic() > until:
                raise _CostlyError
            if number == bounds.pages:
                # Not drawn: only that there is one more is told.
                yield source
                return
            grey = ImageOps.exif_transpose(frame).convert("L")
            grey.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BILINEAR)
            yield _cleaned(grey, folder / f"page-{number}.png")


def _cleaned(grey: Image.Image, page: Path) -> Path:
    """Keep a page without single specks: of a noisy one Tesseract reads nothing else, and takes ten times as long."""
    grey.filter(ImageFilter.MedianFilter(3)).save(page, compress_level=1)
    return page


def _pdf_pages(octets: bytes, bounds: RecognitionBounds, folder: Path, until: float) -> Iterator[Path]:
    """Yield the pages of a PDF, drawn one by one: how large each is in pixels, we say, whatever it says."""
    source = folder / "source.pdf"
    source.write_bytes(octets)
    side = min(LONG_SIDE, int(bounds.pixels**0.5))
    for number in range(1, bounds.pages + 2):
        target = folder / f"page-{number}"
        page = target.with_name(f"{target.name}.pgm")
        scale = ["-scale-to", str(side), "-f", str(number), "-l", str(number), "-singlefile", "-gray"]
        done = _run(["pdftoppm", *scale, str(source), str(target)], until - monotonic())
        if done.returncode != 0 or not page.exists():
            if number == 1:
                raise _CostlyError if done.returncode < 0 else _BrokenError
            return
        with Image.open(page, formats=("PPM",)) as drawn:
            yield _cleaned(drawn.convert("L"), target.with_name(f"{target.name}.png"))
        page.unlink()


def _lines_of(page: Path, bounds: RecognitionBounds, until: float) -> tuple[ScannedLine, ...]:
    """Return the lines that Tesseract finds on a page, turned upright where it can tell which way that is."""
    # 1: find the way up, then the blocks; without the model for that (osd) it is no fault of the page.
    command = ["tesseract", str(page), "-", "-l", bounds.languages, "--dpi", "250", "--psm", "1", "tsv"]
    done = _run(command, until - monotonic())
    if done.returncode < 0:
        raise _CostlyError
    if done.returncode != 0:
        raise _BrokenError
    return tuple(lines_in(done.stdout.decode("utf-8", "replace")))


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    if seconds <= 0:
        raise _CostlyError
    program = shutil.which(command[0])
    if program is None:
        raise _BrokenError
    return subprocess.run(  # noqa: S603 - no word of a stranger's
        [program, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
    )


def lines_in(table: str) -> Iterator[ScannedLine]:
    """Yield the lines of a page as Tesseract tells them (TSV); a wide gap between two words makes two lines of one."""
    width = height = 1
    line: list[tuple[int, int, int, int, float, str]] = []
    place, told = "", 0
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12:  # noqa: PLR2004 - as Tesseract writes them
            continue
        level, (left, top, wide, high) = cells[0], map(int, cells[6:10])
        if level == "1":
            width, height = max(1, wide), max(1, high)
        if level != "5" or not cells[11].strip():
            continue
        here = " ".join(cells[1:5])
        gap = left - line[-1][2] if line else 0
        if line and (here != place or gap > _WIDE_GAP * max(line[-1][3] - line[-1][1], high)):
            yield _line(line, width, height)
            line, told = [], told + 1
            if told >= _MOST_LINES:
                return
        place = here
        line.append((left, top, left + wide, top + high, max(_SURE_OF_NOTHING, float(cells[10])), cells[11].strip()))
    if line:
        yield _line(line, width, height)


def _line(words: list[tuple[int, int, int, int, float, str]], width: int, height: int) -> ScannedLine:
    return ScannedLine(
        " ".join(word[5] for word in words)[:_LONGEST_LINE],
        1000 * min(word[0] for word in words) // width,
        1000 * min(word[1] for word in words) // height,
        1000 * max(word[2] for word in words) // width,
        1000 * max(word[3] for word in words) // height,
        len(words),
        round(sum(word[4] for word in words) / len(words), 1),
    )


def main() -> None:
    """Recognise what comes in; whoever started us ends us, and all that we started, when it takes too long."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()
    warnings.simplefilter("ignore")
    head = json.loads(sys.stdin.buffer.readline())
    sha256 = head.pop("sha256")
    bounds = RecognitionBounds(**head)
    # Should whoever started us be gone: nobody else would end us.
    signal.alarm(int(bounds.seconds) + _GRACE_SECONDS)
    bounds.take()
    raw = sys.stdin.buffer.read()
    if hashlib.sha256(raw).hexdigest() == sha256:
        found: bytes | None = raw
    else:
        attached = attached_file(raw, sha256)
        found = attached[0] if attached else None
    del raw
    Image.MAX_IMAGE_PIXELS = bounds.pixels
    with tempfile.TemporaryDirectory(prefix="dtm-scan-") as folder:
        told = recognise(found, bounds, Path(folder)) if found is not None else Recognition(FileOutcome.BROKEN)
    sys.stdout.buffer.write(TypeAdapter(Recognition).dump_json(told))


if __name__ == "__main__":
    main()
