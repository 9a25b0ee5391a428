"""Help: the keys and what the signs mean."""

from collections.abc import Mapping
from typing import Any

from dtm_contact.console.registry import page
from dtm_contact.console.visit import Visit


@page("/aide")
def help(visit: Visit) -> Mapping[str, Any]:  # noqa: A001 - the page's name is its template's
    """Show the keys."""
    del visit
    return {}
