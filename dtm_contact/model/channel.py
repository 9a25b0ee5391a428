"""How a person made contact: what each channel is called, and what the engine may take for granted of it.

One more channel is one more member of `Channel`, and touches no other module.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True)
class ChannelTraits:
    """What is so of everything that comes by one channel.

    Attributes:
        label: its name in French, as agents read it in lists and rules.
        entry: what one contact of it is called on a household's time line, in French.
        autoreply: an automatic answer may go out to the writer's e-mail address.
        from_program: a program hands it over for the person who writes: the envelope says nothing of the writer.
        spoken: it is a call, with an outcome and a call-back.
        at_desk: an agent wrote it down, with the person before them or on the line.
    """

    label: str
    entry: str
    autoreply: bool = False
    from_program: bool = False
    spoken: bool = False
    at_desk: bool = False


_LOOKED_UP = ChannelTraits("", "")
# What no member has: type checkers take `Channel("email")`, which looks a member up, for a call of `__new__`.


class Channel(StrEnum):
    """How a person made contact."""

    traits: ChannelTraits

    def __new__(cls, value: str, traits: ChannelTraits = _LOOKED_UP) -> Self:
        """Make a member that compares and is stored as its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.traits = traits
        return member

    EMAIL = "email", ChannelTraits("courriel", "message", autoreply=True)
    PHONE = "phone", ChannelTraits("appel", "appel", spoken=True)
    DESK = "desk", ChannelTraits("au bureau", "guichet", at_desk=True)
    FORM = "form", ChannelTraits("formulaire", "demande en ligne", autoreply=True, from_program=True)
    LETTER = "letter", ChannelTraits("lettre", "lettre", from_program=True)
    SMS = "sms", ChannelTraits("SMS", "SMS", from_program=True)

    @property
    def label(self) -> str:
        """Its name in French."""
        return self.traits.label

    @property
    def is_spoken(self) -> bool:
        """Whether it is a call, with an outcome and a call-back."""
        return self.traits.spoken

    @property
    def is_written(self) -> bool:
        """Whether people write the words themselves: neither a call nor an agent's notes."""
        return not self.traits.spoken and not self.traits.at_desk


SPOKEN_CHANNELS = tuple(channel for channel in Channel if channel.is_spoken)
"""The channels whose contacts are calls."""
