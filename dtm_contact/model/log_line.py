"""How far a channel has read, and the lines that it keeps until all that belongs to them has come."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """How far a channel has read; stored in one transaction with what it read.

    Attributes:
        channel: the channel's name.
        place: whatever the channel needs to go on, as it alone understands it; nothing personal.
    """

    channel: str
    place: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log that tells a part of something, such as one leg of a call.

    Attributes:
        key: what makes it the same line when it is read twice; unique within its channel.
        group: what it is a part of.
        at: when, in seconds since 1970 by the log's own clock.
        kind: which of the channel's logs it stands in.
        raw: its bytes as they came, without the line end.
        revision: that in which it was handed over with the rest of its group; None while it waits for the rest.
    """

    key: str
    group: str
    at: float
    kind: str
    raw: bytes
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class KeptLines:
    """Lines to be kept with a position, or kept anew with another `revision`, and from when on older ones may go.

    Attributes:
        lines: new ones, and those that change.
        forget_before: what is older, in seconds since 1970 by the log's clock, is needed no more.
    """

    lines: tuple[LogLine, ...] = ()
    forget_before: float = float("-inf")
