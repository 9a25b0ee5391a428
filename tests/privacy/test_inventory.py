"""A copy names every place that a plan of erasure counts, with what it does not give and why."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dtm_contact.model import EntryKind
from dtm_contact.privacy.erasing import ErasurePlan, plan
from dtm_contact.privacy.export import export_person
from dtm_contact.privacy.mention_places import MentionsPlace, TrailPlace
from dtm_contact.privacy.packed_places import DirectoryPlace
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.subject import DataSubject, person_named
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.schema import cases, contacts, events, judgements, outbox
from tests.privacy.planted import ADDRESS, TENANT, Planted, planted
from tests.store.samples import NOW, entered

MENTIONS = {place.holds for place in PLACES if isinstance(place, MentionsPlace) and not isinstance(place, TrailPlace)}
VERSIONS = next(place.holds for place in PLACES if isinstance(place, DirectoryPlace))


def who(store: Store) -> DataSubject:
    with store.database.reading() as connection:
        return person_named(connection, TENANT, date(2026, 11, 25))


def case_id(store: Store, number: str) -> int:
    with store.database.reading() as connection:
        return int(connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one())


def mention(store: Store, site: Planted) -> None:
    """Name the person where somebody else's matter is told: in a judgement, and as a further recipient."""
    other = case_id(store, site.other)
    letter = {"case_id": other, "kind": "reply", "reason": "agent: paul", "to_address": "a@b.example", "raw": b"x"}
    letter |= {"mail_from": "us@ours.example", "message_id": "o1", "state": "sent", "created_at": NOW}
    with store.database.writing() as connection:
        connection.execute(outbox.insert(), letter | {"also_to": [ADDRESS]})
        of_other = judgements.c.contact_id.in_(sa.select(contacts.c.id).where(contacts.c.case_id == other))
        judged = dict(connection.execute(sa.select(judgements.c.judgement).where(of_other)).scalar_one())
        judged["match"] = {"candidates": [{"tenant_id": TENANT, "probability": 0.01}]}
        connection.execute(sa.update(judgements).where(of_other).values(judgement=judged))


def copied(store: Store, site: Planted, to: Path) -> dict[str, Any]:
    done = export_person(site.settings, store, who(store), to, NOW)
    told: dict[str, Any] = json.loads((done.folder / "donnees.json").read_text())
    return told


def test_a_copy_names_every_place_that_a_plan_counts(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    mention(sqlite_store, site)
    planned: ErasurePlan = plan(site.settings, sqlite_store, who(sqlite_store))
    counted = {holds: rows for _name, holds, rows in planned.places if rows}
    counted |= {holds: rows for _name, holds, rows, _ours in planned.copies if rows}
    lines = {line["contenu"]: line for line in copied(sqlite_store, site, tmp_path / "out")["inventaire"]}
    assert counted.keys() <= lines.keys()
    assert [holds for holds, rows in counted.items() if lines[holds]["donne"] + lines[holds]["non_donne"] < rows] == []
    assert MENTIONS & counted.keys() == {
        "ce qui a été compris des messages d’autrui",
        "ce qui s’est passé dans les dossiers d’autrui",
        "les autres destinataires d’un envoi",
        "les brouillons qui nomment la personne",
    }
    for holds in MENTIONS & counted.keys():
        assert lines[holds]["donne"] + lines[holds]["non_donne"] == counted[holds], holds
    withheld = [line for line in lines.values() if line["non_donne"]]
    assert {"les lignes du standard en attente", VERSIONS, "le journal des arrivées"} <= {
        line["contenu"] for line in withheld
    }
    assert [line for line in withheld if not line["pourquoi"]] == []


def test_the_page_tells_each_line_and_why_it_is_not_given(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    mention(sqlite_store, site)
    lines = copied(sqlite_store, site, tmp_path / "out")["inventaire"]
    page = (tmp_path / "out" / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    inventory = page[page.index('<section id="inventaire">') :]
    for line in lines:
        row = f'<tr><td>{line["contenu"]}</td><td data-head="Dans la copie">{line["donne"]}</td>'
        row += f'<td data-head="Pas dans la copie">{line["non_donne"]}</td>'
        assert row + f'<td data-head="Pourquoi">{line.get("pourquoi", "")}</td></tr>' in inventory


def test_a_draft_of_ones_own_case_that_names_one_is_told_once(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        connection.execute(sa.text("UPDATE drafts SET fields = :fields WHERE kind = 'reply'"), {
            "fields": json.dumps({"texte": f"brouillonplante3391 {TENANT}"})
        })  # fmt: skip
    told = copied(sqlite_store, site, tmp_path / "out")
    ids = [row["id"] for row in told["donnees"]["drafts"]["lignes"]]
    assert len(ids) == len(set(ids))
    lines = {line["contenu"]: line["donne"] for line in told["inventaire"]}
    assert lines["les brouillons"] + lines["les brouillons qui nomment la personne"] == len(ids)


def test_what_would_tell_of_anothers_protection_is_not_even_counted(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    mention(sqlite_store, site)
    entered(sqlite_store, "T2", EntryKind.PROTECTION, "order", reference="ORD-2")
    told = copied(sqlite_store, site, tmp_path / "out")
    of_others = {line["contenu"] for line in told["inventaire"] if line["non_donne"]} & MENTIONS
    assert of_others == set()
    # Zero is told where nobody wrote, too: it cannot be told from what is shielded.
    counted = {line["contenu"]: line for line in told["inventaire"]}
    promised = [place.holds for place in PLACES if place.promised]
    assert len(promised) == 3
    assert {counted[holds]["donne"] + counted[holds]["non_donne"] for holds in promised} == {0}
    page = (tmp_path / "out" / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "Cette phrase est dans toutes les copies" in page


def test_an_event_of_nobodys_case_does_not_count_as_of_somebody_protected(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    entered(sqlite_store, "T2", EntryKind.PROTECTION, "order", reference="ORD-2")
    with sqlite_store.database.writing() as connection:
        arrived = sa.select(contacts.c.arrival_id).join(cases, cases.c.id == contacts.c.case_id)
        of_other = connection.execute(arrived.where(cases.c.number == site.other)).scalar_one()
        row = {"arrival_id": of_other, "at": NOW, "who": "worker", "what": "judged", "data": {"words": ADDRESS}}
        connection.execute(events.insert(), row)
    lines = {line["contenu"]: line for line in copied(sqlite_store, site, tmp_path / "out")["inventaire"]}
    assert lines["ce qui s’est passé dans les dossiers d’autrui"]["non_donne"] == 1
