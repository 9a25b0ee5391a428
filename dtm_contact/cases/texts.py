"""The kinds of words that agents give."""

from typing import Annotated

from pydantic import StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A reason, a name: one line."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
"""A note, a letter: as much as somebody types."""

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""An identifier of the directory or of the rules."""
