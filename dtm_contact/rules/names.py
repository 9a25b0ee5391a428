"""Identifiers that admins give: of rules, queues and answers."""

import re
from typing import Annotated

from pydantic import AfterValidator

from dtm_contact.rules.validation import InvalidValueError, shown

_IDENTIFIER = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LONGEST = 60


def check_identifier(text: str) -> str:
    """Return an identifier as it is.

    Raises:
        InvalidValueError: it is none.
    """
    if len(text) > _LONGEST or not _IDENTIFIER.fullmatch(text):
        hint = f"small letters without accents, figures and single - between, {_LONGEST} at the most"
        raise InvalidValueError(f"{shown(text)} cannot be an identifier", hint)
    return text


Identifier = Annotated[str, AfterValidator(check_identifier)]
