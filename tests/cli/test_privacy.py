"""The commands of personal data: plans, copies, erasures with certificates, holds, the nightly pass, the register."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.store import Store, open_store
from dtm_contact.store.schema import cases, events
from tests.cli.conftest import Program
from tests.store.fresh import fresh_store
from tests.store.samples import NOW, judgement, open_case

WRITER = "nadia.benali@free.example"


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[Store]:
    fresh_store(environment["DTM_STORE_URL"])
    with open_store(environment["DTM_STORE_URL"]) as opened:
        yield opened


@pytest.fixture
def number(store: Store) -> str:
    """A closed case of years ago."""
    found = open_case(store, "one", judgement())
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).values(state="closed", closed_at=NOW - timedelta(days=9), tenant_id=None))
    return found


def test_a_person_is_planned_copied_erased_and_the_certificate_verified(
    program: Program, number: str, tmp_path: Path
) -> None:
    planned = json.loads(program("person", "plan", WRITER, "--json").stdout)
    assert planned["addresses"] == [WRITER]
    assert {each["place"]: each["rows"] for each in planned["places"]}["cases"] == 1
    copied = program("person", "export", WRITER, "--to", f"{tmp_path}/copy")
    assert copied.returncode == 0
    assert number in (tmp_path / "copy" / "lisez-moi.html").read_text()
    asked = program("person", "erase", WRITER, given=b"n\n")
    assert asked.returncode != 0
    assert json.loads(program("person", "list", "--json").stdout) == []
    done = program("person", "erase", WRITER, "--yes", "--as", "claire")
    assert done.returncode == 0, done.stderr
    (certificate,) = (tmp_path / "privacy").glob("certificate-*.json")
    assert str(certificate) in done.stdout
    verified = program("person", "verify", str(certificate))
    assert (verified.returncode, verified.stdout) == (0, "the certificate holds\n")
    certificate.write_text(certificate.read_text().replace("claire", "anne"))
    assert program("person", "verify", str(certificate)).returncode == 1
    assert json.loads(program("person", "list", "--json").stdout)[0]["who"] == "claire"
    unknown = program("person", "plan", "Benali")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "no tenant's id, no e-mail address and no phone number" in unknown.stderr


def test_what_an_agent_wrote_of_somebody_else_is_shown_and_given_by_its_place(
    program: Program, store: Store, number: str, tmp_path: Path
) -> None:
    noted = "Sa voisine Mme Diallo ment"
    with store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
        row = {"case_id": case_id, "at": NOW, "who": "odile", "what": "noted", "data": {"text": noted}}
        place = f"note-{connection.execute(events.insert().returning(events.c.id), row).scalar_one()}"
    kept = program("person", "export", WRITER, "--to", f"{tmp_path}/kept")
    assert kept.returncode == 0
    assert f"{place}  {number}\n    {place}/1  {noted}\n" in kept.stdout
    assert noted not in (tmp_path / "kept" / "lisez-moi.html").read_text()
    given = program("person", "export", WRITER, "--to", f"{tmp_path}/given", "--give", f"#{place}")
    assert noted not in given.stdout
    assert noted in (tmp_path / "given" / "lisez-moi.html").read_text()
    wrong = program("person", "export", WRITER, "--to", f"{tmp_path}/wrong", "--give", "note-0")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert f"nothing is withheld at note-0; places: {place}" in wrong.stderr


def test_a_hold_keeps_a_case_until_it_is_released(program: Program, store: Store, number: str) -> None:
    assert program("retention", "hold", number, "--why", "expertise", "--as", "claire").returncode == 0
    (held,) = json.loads(program("retention", "holds", "--json").stdout)
    assert (held["number"], held["who"], held["why"]) == (number, "claire", "expertise")
    assert program("retention", "hold", number, "--why", " ").returncode == 2
    assert program("retention", "hold", "2026-999999", "--why", "x").returncode == 1
    assert program("retention", "release", number).returncode == 0
    assert store.holds.holds() == []


def test_a_pass_is_planned_and_run(program: Program, store: Store, number: str) -> None:
    with store.database.writing() as connection:
        connection.execute(
            sa.update(cases).values(closed_at=NOW - timedelta(days=4000), due=NOW - timedelta(days=4000))
        )
    steps = {step["name"]: step for step in json.loads(program("retention", "plan", "--json").stdout)}
    assert (steps["cases"]["rows"], steps["cases"]["months"]) == (1, 36)
    assert "89-462" in steps["cases"]["law"]
    for wrong in ("0", "101", "vite"):
        assert program("retention", "run", "--share", wrong).returncode == 2
    assert store.desk.case(number) is not None
    done = program("retention", "run", "--share", "100").stdout
    assert "cases: 1" in done
    assert "at the pace of the night" not in done
    assert "at the pace of the night (7 % of the time)" in program("retention", "run", DTM_RETENTION_SHARE="7").stdout
    assert store.desk.case(number) is None


def test_the_register_and_the_notice_are_written(program: Program) -> None:
    assert program("privacy", "register").stdout.startswith("# Registre des traitements")
    page = program("privacy", "notice", "--html", DTM_PRIVACY_CONTROLLER="Office HLM").stdout
    assert '<html lang="fr">' in page
    assert "Office HLM" in page
