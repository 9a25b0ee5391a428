"""How a message in a mailbox was handed over, as far as the server that received it wrote it down."""

from email import message_from_bytes
from email.message import Message
from typing import Final

from dtm_contact.model import Envelope

_HEAD_OCTETS: Final = 128 * 1024
_MOST: Final = 20
# What servers note of the addresses that a message was delivered to.
_DELIVERED: Final = ("Delivered-To", "X-Original-To", "Envelope-To")


def envelope(raw: bytes) -> Envelope:
    """Return the envelope that the head of a message tells.

    The return path is that of RFC 5321 section 4.4. Where the server wrote none, the sender (RFC 5322 section 3.6.2)
    stands for it: a message without any would count as a report that nobody answers.
    """
    head, _, _ = raw[:_HEAD_OCTETS].replace(b"\r\n", b"\n").partition(b"\n\n")
    message = message_from_bytes(head + b"\n\n")
    paths = message.get_all("Return-Path", [])
    mail_from = _address(str(paths[0])) if paths else _address(_first(message, "From"))
    delivered = [_address(str(value)) for name in _DELIVERED for value in message.get_all(name, [])]
    return Envelope(mail_from, tuple(dict.fromkeys(filter(None, delivered)))[:_MOST])


def _first(message: Message, name: str) -> str:
    return str(next(iter(message.get_all(name, [])), ""))


def _address(value: str) -> str:
    """Return what stands in angle brackets, else the whole; without white space and control characters."""
    start = value.rfind("<")
    address = value[start + 1 :].partition(">")[0] if start >= 0 else value
    return "".join(sign for sign in address if sign.isprintable() and not sign.isspace())[:320]
