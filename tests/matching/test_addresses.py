"""Real address queries, misspelt ones among them: the entrance meant comes first."""

import csv
import os
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dtm_contact.directory import Address, Directory, Dwelling, Office, Records, Residence
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Channel, Contact, NoHistory
from dtm_contact.settings import Settings
from dtm_contact.text import parse_house_number, street_words

CORPORA = os.environ.get("DTM_CORPORA")
FILES = ("test_addresses", "test_from_user_input", "fuzzy-test_typo")

pytestmark = pytest.mark.skipif(CORPORA is None, reason="DTM_CORPORA does not say where the corpora are")


def _queries() -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for name in FILES:
        path = Path(CORPORA or "", "addresses", f"iledefrance-{name}.csv")
        with path.open(encoding="utf-8", newline="") as lines:
            found.extend(row for row in csv.DictReader(lines) if row["expected_street"])
    return found


def _estate(queries: list[dict[str, str]]) -> Records:
    """Return an estate with an entrance at every address that the queries expect."""
    towns: dict[tuple[str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for row in queries:
        cities, postcodes = towns[row.get("expected_housenumber") or "4", row["expected_street"]]
        cities.update(filter(None, (row["expected_city"],)))
        postcodes.update(filter(None, (row["expected_postcode"],)))
    addresses, dwellings, residences = [], [], {}
    for number, ((house, street), (cities, postcodes)) in enumerate(towns.items()):
        city, postcode = min(cities, default=""), min(postcodes, default="")
        residence = Residence(f"R{city}{postcode}", "", (), city, postcode, "", "", "o")
        residences[residence.residence_id] = residence
        addresses.append(Address(f"A{number}", residence.residence_id, house, street, postcode, city, "", ""))
        dwellings.append(Dwelling(f"L{number}", f"A{number}", "dwelling", "", "", "", "", ""))
    office = Office("o", "", "agency", "", "", "", "", "")
    return Records((office,), tuple(residences.values()), tuple(addresses), tuple(dwellings))


def test_the_entrance_meant_comes_first() -> None:
    queries = _queries()
    directory = Directory(_estate(queries))
    index = MatchIndex.build(directory, Settings())
    labels = {entrance.label: entrance for entrance in index.gazetteer.entrances}
    missed = []
    for row in queries:
        contact = Contact(Channel.EMAIL, datetime(2026, 1, 1, tzinfo=UTC), new_text=f"J'habite {row['query']}")
        evidence = match(contact, date(2026, 1, 1), index, NoHistory()).place_evidence
        meant = labels[evidence[0].detail] if evidence else None
        number = row.get("expected_housenumber")
        right = meant is not None and meant.street == street_words(row["expected_street"])
        if not right or (number and meant is not None and meant.house != parse_house_number(number)):
            missed.append(row["query"])
    assert len(missed) <= 0.01 * len(queries), missed
