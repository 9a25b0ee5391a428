"""Names of time zones, as settings hold them."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _exists(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write a name such as Europe/Paris") from error
    return name


ZoneName = Annotated[str, AfterValidator(_exists)]
"""The name of a time zone that there is (IANA)."""
