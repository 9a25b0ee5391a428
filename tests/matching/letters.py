"""Letters at rest, matched."""

from datetime import UTC, datetime
from pathlib import Path

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Arrival, Match, NoHistory
from dtm_contact.reading import read
from dtm_contact.settings import Settings

_UNDATED = datetime(2026, 11, 24, tzinfo=UTC)


def matched(letter: Path, index: MatchIndex) -> Match:
    """Return whom and where a letter is about, on its own day."""
    arrival = Arrival("file", letter.name, _UNDATED, "message/rfc822", None, letter.read_bytes())
    contact = read(arrival, authserv_ids=Settings.defaults().servers)
    return match(contact, contact.at.date(), index, NoHistory())
