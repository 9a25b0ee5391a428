"""The matching itself, asked as the desk asks it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.engines.engine import Answer
from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Channel, Contact, Mailbox, NoHistory, Stated
from dtm_contact.reading.formats.fields import block
from dtm_contact.settings import Settings
from fixtures.hard_contacts.landlord import TODAY
from fixtures.hard_contacts.queries import Query

_AT = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)
_BY_HAND = Stated(by="anna", visit="call")


class Ours:
    """Matches what an agent types into the desk's form for a new case: name, number, e-mail, where he lives.

    What it takes to read the address line is within its time.
    """

    def __init__(self, folder: Path, _forms: Sequence[Query]) -> None:
        """Read the directory and build the index."""
        records, _problems = read_export(folder)
        begun = time.process_time()
        self.index = MatchIndex.build(Directory(records), Settings())
        self.build_seconds = time.process_time() - begun

    def best(self, query: Query) -> Answer:
        """Return the first candidate and his probability."""
        sender, told = Mailbox(query.name, query.email), block(query.address, query.phone)
        contact = Contact(Channel.DESK, _AT, sender, signature=told, stated=_BY_HAND)
        candidates = match(contact, TODAY, self.index, NoHistory()).candidates
        return Answer(candidates[0].tenant_id, candidates[0].probability) if candidates else Answer()
