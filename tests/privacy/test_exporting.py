"""An export holds all that is kept of a person, open cases too, and nothing of others; a layman can read it."""

import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.privacy.export import ExportError, export_person
from dtm_contact.privacy.subject import person_named
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.schema import cases
from tests.privacy.planted import OTHERS, TENANT, planted
from tests.store.samples import NOW

LATER = NOW + timedelta(days=1)
INSIDE = (
    "objetplante4410", "motcourriel7731", "appelplante5512", "guichetplante8123", "souhaitplante2258", "BAIL-77120",
    "noteplantee9034", "etiquette5567", "visiteurplante1193", "brouillonplante3391",
)  # fmt: skip


def test_an_export_is_whole_readable_and_of_nobody_else(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == site.numbers[0]).values(state="open"))
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    done = export_person(site.settings, sqlite_store, person, tmp_path / "out", LATER)
    told = (done.folder / "donnees.json").read_text()
    assert [word for word in INSIDE if word not in told] == []
    assert OTHERS not in told
    assert "paul" not in told, "who of the staff did something is not the person's to know"
    page = (done.folder / "lisez-moi.html").read_text()
    assert '<html lang="fr">' in page
    for number in site.numbers:
        assert number in page
    assert site.other not in page
    assert any(b"motcourriel7731" in path.read_bytes() for path in (done.folder / "messages").iterdir())
    assert b"reponseplantee7745" in next((done.folder / "courriels-envoyes").iterdir()).read_bytes()
    assert b"contenupiece2213" in next((done.folder / "pieces").iterdir()).read_bytes()
    with zipfile.ZipFile(done.archive) as packed:
        assert packed.testzip() is None
        assert json.loads(packed.read("out/donnees.json"))["personne"]["locataire"] == [TENANT]
    for path in (done.archive, *done.folder.rglob("*.*")):
        assert path.stat().st_mode & 0o077 == 0, f"{path} can be read by others"
    with pytest.raises(ExportError, match="there already"):
        export_person(site.settings, sqlite_store, person, tmp_path / "out", LATER)
