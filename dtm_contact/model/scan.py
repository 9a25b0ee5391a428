"""What a program recognised on the image of a letter: its lines, where they stand, and how sure each is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dtm_contact.model.contact import Attachment, FileOutcome


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """A run of words on one line without a wide gap.

    Attributes:
        text: its words, with a space between.
        left, top, right, bottom: where it stands, in thousandths of the page's width and height.
        words: how many there are.
        confidence: the mean of its words, from 0 to 100.
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int
    words: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """What became of recognising the text of a file.

    Attributes:
        outcome: `READ`, or why not all of it was; what was recognised until then is kept.
        pages: the lines of each page, in reading order.
    """

    outcome: FileOutcome
    pages: tuple[tuple[ScannedLine, ...], ...] = ()

    @property
    def words(self) -> int:
        """How many words were recognised."""
        return sum(line.words for page in self.pages for line in page)

    @property
    def confidence(self) -> float:
        """The mean confidence of all words, from 0 to 100; 0 without one."""
        total = sum(line.confidence * line.words for page in self.pages for line in page)
        return total / self.words if self.words else 0.0


ScanReader = Callable[[bytes, Sequence[Attachment]], Sequence[Recognition]]
"""Gives what was recognised in files of a message, one answer a file, in their order.

Raises:
    AwaitsRecognitionError: nobody has recognised them yet.
"""
