"""The matching itself, asked as it is asked by a message that holds nothing but the form."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.engines.engine import Answer
from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Contact, Mailbox, NoHistory
from dtm_contact.settings import Settings
from fixtures.hard_contacts.landlord import TODAY
from fixtures.hard_contacts.queries import Query

_AT = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)


class Ours:
    """Matches the shortest message a person would send with these fields.

    Name and e-mail stand in the header, then
    "name", "J'habite address", "Tél. phone", a line each.

    What it takes to read the fields out of those lines is within its time.
    """

    def __init__(self, folder: Path, _forms: Sequence[Query]) -> None:
        """Read the directory and build the index."""
        records, _problems = read_export(folder)
        begun = time.process_time()
        self.index = MatchIndex.build(Directory(records), Settings())
        self.build_seconds = time.process_time() - begun

    def best(self, query: Query) -> Answer:
        """Return the first candidate and his probability."""
        lines = (query.name, query.address and f"J'habite {query.address}", query.phone and f"Tél. {query.phone}")
        contact = Contact("email", _AT, Mailbox(query.name, query.email), new_text="\n".join(filter(None, lines)))
        candidates = match(contact, TODAY, self.index, NoHistory()).candidates
        return Answer(candidates[0].tenant_id, candidates[0].probability) if candidates else Answer()
