"""To whom nothing is answered by itself (RFC 3834): two robots that thank each other never end."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from dtm_contact.model import Arrival, Authentication, CaseKind, Judgement, Unanswered
from dtm_contact.text import is_robot, takes_no_answers

OLDEST: Final = timedelta(days=3)
"""A message that is older when it comes in (a mailbox filled in, an outage) is not thanked for by itself any more."""

_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?=.{1,255}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def why_not_answered(
    arrival: Arrival, judgement: Judgement, address: str, domains: Collection[str], now: datetime, *, danger: bool
) -> Unanswered | None:
    """Return why no answer goes out by itself; None where one may.

    Args:
        arrival: what came in; its return path tells a person from a machine.
        judgement: what was judged of it.
        address: the writer's.
        domains: our own mail domains, lower case.
        now: the time of judging, aware.
        danger: the answer tells somebody in danger what to do: then it goes out though a check of the sender failed.
    """
    contact = judgement.contact
    by_program = bool(contact.automatic_signs) or contact.voice is not None or judgement.understanding.by_program
    by_program |= contact.answers_suppressed
    # Of whom a form or a source tells, the envelope is the program's.
    handed_over = contact.channel.traits.from_program or contact.sourced is not None
    checks = (
        (judgement.decision.kind is not CaseKind.CASE, Unanswered.NO_CASE),
        (not contact.channel.traits.autoreply, Unanswered.NO_EMAIL),
        (by_program, Unanswered.AUTOMATIC),
        (not handed_over and not _return_path(arrival), Unanswered.NULL_SENDER),
        (arrival.imported, Unanswered.IMPORTED),
        (arrival.envelope is not None and arrival.envelope.backlog, Unanswered.BACKLOG),
        (_ADDRESS.fullmatch(address) is None, Unanswered.NO_ADDRESS),
        (is_robot(address) or (not handed_over and takes_no_answers(_return_path(arrival))), Unanswered.ROBOT),
        (address.rpartition("@")[2].lower() in domains, Unanswered.ONE_OF_US),
        (contact.authentication is Authentication.FAILED and not danger, Unanswered.FORGED),
        (now - min(contact.at, arrival.received_at) > OLDEST, Unanswered.TOO_OLD),
    )
    return next((reason for holds, reason in checks if holds), None)


def _return_path(arrival: Arrival) -> str:
    return arrival.envelope.mail_from.strip("<> ") if arrival.envelope else ""
