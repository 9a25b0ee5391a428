"""Prints what matching reads in dozens of hard contacts, and says of them: `python -m tests.matching.told FOLDER`."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dtm_contact.directory import Directory, Lease, Records, read_export
from dtm_contact.matching import MatchIndex, match
from dtm_contact.matching.clues import extract
from dtm_contact.model import Arrival, Channel, Contact, Mailbox, NoHistory
from dtm_contact.reading import read
from dtm_contact.settings import Settings
from fixtures.hard_contacts.correspondence import Correspondence
from fixtures.hard_contacts.landlord import TODAY, Landlord
from fixtures.hard_contacts.parts import Part

AT = datetime(TODAY.year, TODAY.month, TODAY.day, 18, tzinfo=UTC)


def full_of_namesakes(folder: Path) -> Records:
    """Return a directory in which one in twelve is called Something-Aubin, and every street Something Beauséjour."""
    records, _problems = read_export(folder)
    leases = [
        replace(lease, first_name=f"{lease.first_name}-Aubin") if lease.first_name and number % 12 == 0 else lease
        for number, lease in enumerate(records.leases)
    ]
    addresses = [replace(address, street=f"{address.street} Beauséjour") for address in records.addresses]
    return replace(records, leases=leases, addresses=addresses)


def messages(folder: Path) -> Iterator[Contact]:
    """Yield messages of all kinds of writers."""
    for message in Correspondence(Landlord.read(folder), Part.EVALUATION, 1).messages(40):
        yield read(Arrival("file", "told", AT, "message/rfc822", None, message.raw))


def halves(records: Records) -> Iterator[Contact]:
    """Yield messages with half a first name, half a street, and a place of so many people that few are looked at."""
    entrances = Counter(address.residence_id for address in records.addresses)
    large = [each.name for each in records.residences if entrances[each.residence_id] > 5]
    for number, lease in enumerate(_compound(records)[:40]):
        name = f"Aubin {lease.last_name}"
        said = f"J'habite {large[number % len(large)]}, pas rue Beauséjour.\n{name}"
        yield Contact(Channel.EMAIL, AT, Mailbox(name, "quelquun@courriel.example"), new_text=said)


def _compound(records: Records) -> Sequence[Lease]:
    return [lease for lease in records.leases if lease.first_name.endswith("-Aubin")]


def main(folder: Path) -> None:
    """Print what is extracted from each contact, and the match."""
    records = full_of_namesakes(folder)
    index = MatchIndex.build(Directory(records), Settings())
    for contact in (*messages(folder), *halves(records)):
        print(extract(contact, index), match(contact, TODAY, index, NoHistory()))  # noqa: T201 (that is its purpose)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
