"""`dtm-contact tenant register …`: what a household wishes, entered and ended from the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dtm_contact.directory import read_export
from dtm_contact.store import Store, open_store
from tests.cli.conftest import ROOT, Program
from tests.store.fresh import fresh_store

ORDER = ("add", "T000001", "protection", "order", "--reference", "RG 24/01234", "--as", "claire")


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[Store]:
    url = environment["DTM_STORE_URL"]
    fresh_store(url)
    with open_store(url) as opened:
        records, _warnings = read_export(ROOT / "tests" / "directory" / "good")
        opened.directory.save(records, "import", datetime.now(UTC))
        yield opened


def test_what_is_entered_is_listed_ended_and_taken_back(program: Program, store: Store) -> None:
    added = program("tenant", "register", *ORDER)
    assert (added.returncode, added.stdout) == (0, "inscrit\n")
    program("tenant", "register", "add", "T000002", "never", "couple@free.example", "--words", "adresse du couple")
    told = json.loads(program("tenant", "register", "list", "L000001", "--json").stdout)
    assert [(each["kind"], each["value"], each["reference"]) for each in told] == [
        ("protection", "order", "RG 24/01234"),
        ("never", "couple@free.example", ""),
    ]
    shown = program("tenant", "show", "T000001").stdout
    assert "ne révélez pas l’adresse ; n’écrivez pas à couple@free.example" in " ".join(shown.split())
    assert program("tenant", "register", "end", "1", "--reason", "levée", "--as", "claire").stdout == "terminé\n"
    assert "ordonnance" not in program("tenant", "register", "list", "T000001").stdout
    assert "levée" in str(store.desk.register(["T000001"])[0].ended_why)
    assert program("tenant", "register", "undo", "1", "--as", "claire").stdout == "repris\n"
    lines = [(line.who, line.what, line.subject) for _, line in store.accounts.trail_of(who="claire")]
    assert lines == [
        ("claire", "register undone", "L000001"),
        ("claire", "register ended", "L000001"),
        ("claire", "registered", "L000001"),
    ]


def test_what_cannot_be_is_told_in_a_line(program: Program, store: Store) -> None:
    del store
    for arguments, said in (
        (("add", "T99", "language", "pt"), "L'annuaire n'a pas de locataire T99"),
        (("add", "T000001", "language", "pt", "--until", "2099-01-01"), "dans les dix ans"),
        (("end", "7"), "Cette inscription n'existe pas au registre"),
    ):
        refused = program("tenant", "register", *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert said in refused.stderr
