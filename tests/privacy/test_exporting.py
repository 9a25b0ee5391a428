"""An export holds all that is kept of a person, open cases too, and nothing of others; a layman can read it."""

import json
import re
import zipfile
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.privacy.export import ExportError, export_person
from dtm_contact.privacy.subject import person_named
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.schema import arrival_bodies, arrivals, cases, events, outbox
from tests.privacy.planted import ADDRESS, OTHERS, TENANT, planted
from tests.store.samples import NOW

LATER = NOW + timedelta(days=1)
ON_THE_PAGE = (
    "Zelindra Quartzhammer", "nomdejeune6612", "BAIL-77120", "06 55 50 12 34", "06 55 50 56 78",
    "zelindra.q@planted-mail", "zq.learnt@planted-mail", "zq.dead@planted-mail", "objetplante4410",
    "motcourriel7731", "appelplante5512",
    "guichetplante8123", "souhaitplante2258", "ORD-778812", "noteplantee9034", "etiquette5567", "motifclos4482",
    "pasunalerte6671", "visiteurplante1193", "brouillonplante3391", "brouillonneuf4471", "piecejointe6620",
    "reponseplantee7745", "lecture du dossier",
)  # fmt: skip
"""What a person must find without opening another file."""
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
    assert [words for words in ON_THE_PAGE if words not in page] == []
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


def test_nothing_of_an_export_names_staff_or_says_whom_of_us_was_told(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    oncall = "astreinte@ours.example"
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        row = {"case_id": case_id, "at": NOW, "who": "paul"}
        taken = {**row, "what": "taken", "data": {"changed": {"owner": [None, "claire"]}}}
        told = {**row, "who": "outbound", "what": "notice queued", "data": {"to": oncall, "whom": f"on_call: {oncall}"}}
        handed = {**row, "who": "claire", "what": "priority", "data": {"changed": {"priority": ["P2", "P3"]}}}
        connection.execute(events.insert(), [taken, told, handed])
        mail = {"case_id": case_id, "kind": "notice", "reason": f"on_call: {oncall}", "to_address": oncall}
        mail |= {"mail_from": "us@ours.example", "message_id": "n1", "raw": b"Subject: P1\n\nx", "state": "sent"}
        naming = {**mail, "message_id": "n2", "raw": b"Subject: P1\n\nClaire s'en occupe", "reason": "n2"}
        connection.execute(outbox.insert(), [{**each, "created_at": NOW} for each in (mail, naming)])
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    done = export_person(site.settings, sqlite_store, person, tmp_path / "out", LATER)
    for file in ("donnees.json", "lisez-moi.html"):
        told_there = (done.folder / file).read_text()
        assert [name for name in ("claire", "paul", oncall) if name in told_there.lower()] == [], file
    page = (done.folder / "lisez-moi.html").read_text()
    assert "Un agent s’occupe du dossier" in page
    assert "Avis par courriel à la personne d’astreinte" in page
    assert "les avis à la personne d’astreinte, au gardien ou au bureau</td><td>2</td>" in page
    assert "(choisi par un agent)" in page
    rows = json.loads((done.folder / "donnees.json").read_text())["donnees"]
    plain, naming_staff = (row for row in rows["outbox"]["lignes"] if row["kind"] == "notice")
    assert plain["texte"] == "x"
    assert "texte" not in naming_staff
    assert "cite un agent" in naming_staff["texte_absent"]
    bodies = rows["arrival_bodies"]["lignes"]
    assert [row for row in bodies if not (row["fichier"] or row.get("fichier_absent"))] == []
    assert "Urgence changée par un agent : de « Dans la journée » à « Normal »" in page
    assert re.search(r"\bP[1-4]\b", page) is None


def test_what_came_with_a_message_lies_beside_it(sqlite_store: Store, sqlite_site: Settings, tmp_path: Path) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    message = EmailMessage()
    message["From"], message["Subject"] = ADDRESS, "Photo"
    message.set_content("Voici la photo.")
    message.add_attachment(b"octets", maintype="image", subtype="jpeg", filename="plafond/salle de bain.jpg")
    with sqlite_store.database.writing() as connection:
        mine = sa.select(arrivals.c.id).where(arrivals.c.external_id == "ext-id-5521").scalar_subquery()
        body = sa.update(arrival_bodies).where(arrival_bodies.c.arrival_id == mine)
        connection.execute(body.values(raw=message.as_bytes()))
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    done = export_person(site.settings, sqlite_store, person, tmp_path / "out", LATER)
    (photo,) = (path for path in (done.folder / "messages").iterdir() if path.suffix == ".jpg")
    assert photo.read_bytes() == b"octets"
    assert photo.name.endswith("plafond_salle_de_bain.jpg")
    # What agents and the switchboard wrote down names them, and stands on the page.
    assert {path.suffix for path in (done.folder / "messages").iterdir()} == {".eml", ".jpg"}
