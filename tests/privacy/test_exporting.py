"""An export holds all that is kept of a person, open cases too, and nothing of others; a layman can read it."""

import asyncio
import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter

from dtm_contact.directory import Directory
from dtm_contact.directory.records import Records
from dtm_contact.explain.names import Names
from dtm_contact.model import (
    DANGER_QUESTION,
    AlarmLevel,
    Candidate,
    CodedText,
    Decision,
    EntryKind,
    Evidence,
    Likely,
    Match,
    Priority,
    Proposal,
    Urgency,
    Withheld,
)
from dtm_contact.privacy.before_handing_over import PassageToRead, passages_to_read
from dtm_contact.privacy.disclosed import OurPeople
from dtm_contact.privacy.export import Exported, ExportError, export_person
from dtm_contact.privacy.export_html import typeset
from dtm_contact.privacy.export_parts import ExportNames
from dtm_contact.privacy.export_program import SAFETY, ProgramChoice, answered, decided
from dtm_contact.privacy.export_steps import CaseSteps
from dtm_contact.privacy.own_words import OwnWords, own_words
from dtm_contact.privacy.subject import DataSubject, person_named
from dtm_contact.privacy.withholding import UnknownPassageError
from dtm_contact.settings import Settings
from dtm_contact.store import Account, Origin, Store, TrailLine
from dtm_contact.store.schema import arrival_bodies, arrivals, cases, contacts, events, judgements, outbox, timers
from dtm_contact.store.writing_schema import drafts
from tests.privacy.planted import ADDRESS, LEARNT_PHONE, OTHERS, PHONE, TENANT, lease, planted
from tests.store.samples import NOW, confirmed, entered, judgement
from tests.web.daemons import chromium

SHIPPED_RULES = Path(__file__).parents[2] / "rules"
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
    page = (done.folder / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
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
    page = (done.folder / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "Un agent s’occupe du dossier" in page
    assert "Avis par courriel à la personne d’astreinte</strong>" in page
    assert 'au gardien ou au bureau, sans fichier joint</td><td data-head="Dans la copie">2</td>' in page
    assert "(choisi par un agent)" in page
    rows = json.loads((done.folder / "donnees.json").read_text())["donnees"]
    plain, naming_staff = (row for row in rows["outbox"]["lignes"] if row["kind"] == "notice")
    assert plain["texte"] == "x"
    assert "texte" not in naming_staff
    assert "nomme un agent" in naming_staff["texte_absent"]
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


def exported(store: Store, settings: Settings, to: Path, asked: str = TENANT) -> Exported:
    with store.database.reading() as connection:
        person = person_named(connection, asked, date(2026, 11, 25))
    return export_person(settings, store, person, to, LATER)


def told_text(done: Exported) -> str:
    """Return the words of the page, without its tags."""
    page = (done.folder / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def judge_first(store: Store, number: str, match: Match, decision: Decision) -> None:
    """Say of the first message of a case what the program found."""
    with store.database.writing() as connection:
        mine = sa.select(contacts.c.id).join(cases, cases.c.id == contacts.c.case_id).where(cases.c.number == number)
        row = sa.select(judgements.c.judgement).where(judgements.c.contact_id.in_(mine))
        judged = dict(connection.execute(row).scalar_one())
        judged["match"] = TypeAdapter(Match).dump_python(match, mode="json", exclude_defaults=True)
        told = TypeAdapter(Decision).dump_python(decision, mode="json", exclude_defaults=True)
        kept = {name: told[name] for name in ("queue", "priority", "due", "rule") if name in told}
        values = {"judgement": judged, "decision": {**kept, "kind": "case", "topics": ["water_leak"]}}
        connection.execute(sa.update(judgements).where(judgements.c.contact_id.in_(mine)).values(values))


OF_THEIRS = (
    Evidence("email.known", 9.0, ADDRESS, detail="voisine.t2@other-mail.example"),
    Evidence("name.signed", 5.0, "motcourriel7731"),
    Evidence("place.floor", -2.0, "porteduvoisin4471"),
)
OF_ANOTHER = (Evidence("name.pair", 6.0, "Nadia Benali"), Evidence("email.household", 1.0, OTHERS))
TWO = (
    Candidate(TENANT, "D1", "R1", 0.974, 12.0, OF_THEIRS),
    Candidate("T2", "D2", "R1", 0.02, 3.0, OF_ANOTHER),
    Candidate("T3", "D3", "R1", 0.0000001, 0.0, OF_ANOTHER),
)
DECIDED = judgement().decision


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (
            Match(candidates=TWO, tenant=Likely(TENANT, 0.974), proven=(TENANT,)),
            (
                "Le programme a pensé que cela vous concerne, sûr à 97,4 %.",
                f"Ce qui l’y a mené : adresse connue (« {ADDRESS} ») ; signature (« motcourriel7731 »).",
                "Ce qui parlait contre : étage cité.",
                "L’adresse d’où il vient est la vôtre",
                "2 autres personnes ont été envisagées, dont 1 très peu probable ; leurs noms ne vous sont pas donnés.",
            ),
        ),
        (
            Match(tenant=Likely(TENANT, 0.93)),
            ("Le programme a pensé que cela vous concerne, sûr à 93,0 %.", "Il n’a pensé à personne d’autre."),
        ),
        (
            Match(
                candidates=(Candidate(TENANT, "D1", "R1", 0.98, 9.0, (Evidence("phone.caller", 9.0, PHONE),)),),
                tenant=Likely(TENANT, 0.98),
            ),
            ("Ce qui l’y a mené : numéro de l'appelant (« 06 55 50 12 34 »).",),
        ),
        (
            Match(candidates=TWO[:1]),
            ("Le programme a envisagé que cela vous concerne, à 97,4 % ; il n’a retenu personne.",),
        ),
        (
            Match(candidates=(TWO[1], TWO[0]), tenant=Likely("T2", 0.9)),
            (
                "Le programme a envisagé que cela vous concerne, à 97,4 % ; il a retenu quelqu’un d’autre.",
                "Une autre personne a été envisagée ; son nom ne vous est pas donné.",
            ),
        ),
        (
            Match(candidates=TWO[1:], tenant=Likely("T2", 0.9)),
            ("Le programme ne vous a pas reconnu dans le fichier des locataires : il a retenu quelqu’un d’autre.",),
        ),
        (
            Match(candidates=(TWO[0], TWO[2]), tenant=Likely(TENANT, 0.974)),
            ("Une autre personne a été envisagée, très peu probable ; son nom ne vous est pas donné.",),
        ),
        (
            Match(),
            ("Le programme n’a reconnu personne dans le fichier des locataires. Il n’a pensé à personne d’autre.",),
        ),
    ],
    ids=[
        "named",
        "named, others are not kept",
        "named by a number",
        "nobody",
        "another, and they were thought of",
        "another",
        "one who hardly came into question",
        "no candidate",
    ],
)
def test_a_person_is_told_whom_the_program_took_them_for_and_nothing_of_others(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path, match: Match, expected: tuple[str, ...]
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    judge_first(sqlite_store, site.numbers[0], match, DECIDED)
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    page, data = told_text(done), (done.folder / "donnees.json").read_text()
    assert [words for words in expected if words not in page] == []
    for words in ("Nadia", "Benali", OTHERS, "T2", "porteduvoisin4471"):
        # As a word: "T2" stands in every time of the evening, too.
        assert not re.search(rf"\b{re.escape(words)}\b", data), words
        assert not re.search(rf"\b{re.escape(words)}\b", page), words


def test_a_person_is_told_what_the_program_decided_of_each_message(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    judge_first(sqlite_store, site.numbers[0], Match(), replace(DECIDED, queue="astreinte", priority=Priority.P1))
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    told = re.findall(r"Ce qu’il a décidé seul\s+: ([^\n]+?)\s{4,}", page)
    (decided,) = (line for line in told if "Astreinte" in line)
    for words in (
        "Sujet : ", "Urgence : danger", "Service à qui le confier : Astreinte", "Réponse prévue avant le",
        "Danger : pas de danger vu", "Prévenu aussitôt : personne", "Dossier : n’en rejoint aucun",
        "Réponse automatique : non, la raison n’en est pas gardée",
    ):  # fmt: skip
        assert words in decided
    general = page.partition("il choisit seul, sans attendre un agent :")[2]
    assert [choice for choice in ProgramChoice if choice.value[1:] not in general] == []


@pytest.mark.parametrize(
    ("mail", "event", "channel", "case", "expected"),
    [
        ({}, {}, "email", {}, "oui (envoyé)"),
        ({"kind": "reply"}, {}, "email", {}, "non, l'adresse n'existe pas"),
        ({"created_at": LATER}, {"at": LATER}, "phone", {}, "non, il n'est pas venu par courriel"),
        ({"kind": "notice"}, {"what": "sent"}, "email", {SAFETY: {"raison": "coupé"}}, "non, coupé"),
        ({"kind": "notice"}, {"what": "sent"}, "email", {}, "non, la raison n’en est pas gardée"),
        ({"kind": "notice"}, {"what": "sent"}, "email", None, "non, aucun dossier n'est ouvert"),
    ],
)
def test_of_each_message_it_is_told_whether_it_was_answered_by_itself(
    mail: dict[str, Any], event: dict[str, Any], channel: str, case: dict[str, Any] | None, expected: str
) -> None:
    contact = {"judged_at": NOW, "channel": channel}
    mails = [{"kind": "answer", "created_at": NOW, "state": "sent", **mail}]
    withheld = {"kind": "answer", "reason": Withheld.NO_SUCH_ADDRESS.value}
    events = [{"what": "not sent", "at": NOW, "data": withheld, **event}]
    assert answered(contact, mails, events, case) == expected


def test_a_notice_that_did_not_go_out_is_told_as_no_answer(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        data = {"kind": "notice", "reason": Withheld.STORM.value}
        row = {"case_id": case_id, "at": NOW, "who": "outbound", "what": "not sent", "data": data}
        connection.execute(events.insert(), row)
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    assert "Un avis à l’un de nous n’est pas parti : beaucoup de dossiers semblables" in page
    assert "La réponse automatique n’est pas partie" not in page


def test_a_message_set_aside_or_of_a_danger_says_so_among_what_was_decided() -> None:
    names = ExportNames(Names(Directory(Records()), {}, ZoneInfo("UTC")))
    told = decided({"kind": "spam", "alarm": {"level": "certain"}, "avertis": ["le gardien"]}, {}, names, str, "non")
    assert list(told) == list(ProgramChoice)
    assert told[ProgramChoice.CASE] == "dossier : aucun, le message est mis de côté"
    assert told[ProgramChoice.DANGER] == "danger : oui, quelqu’un pouvait être en danger"
    assert told[ProgramChoice.NOTIFIED] == "prévenu aussitôt : le gardien"
    assert (
        decided({"joins": "2026-000001"}, {}, names, str, "")[ProgramChoice.CASE]
        == "dossier : rejoint un dossier déjà ouvert"
    )


def test_a_person_is_told_who_looked_at_their_data_by_role(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    sqlite_store.accounts.add(Account(0, "claire", "Claire", "head", "agence"), NOW)
    for line in (
        TrailLine(NOW, "claire", "searched", "Zelindra QUARTZHAMMER fuite"),
        TrailLine(NOW, "claire", "searched", "Quartz", {"people": [TENANT, "T2"]}),
        TrailLine(NOW - timedelta(days=300), "claire", "read", "D1", {"household": True}),
        # Before the lease began, after it ended, and of others.
        TrailLine(NOW - timedelta(days=1), "claire", "read", "D1", {"household": True}),
        TrailLine(NOW - timedelta(days=9000), "claire", "read", "D1", {"household": True}),
        TrailLine(NOW, "claire", "searched", "Benali Nadia"),
        TrailLine(NOW, "claire", "exported", "personne", {"people": [TENANT]}),
    ):
        sqlite_store.accounts.trail(line)
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    rows = json.loads((done.folder / "donnees.json").read_text())["donnees"]["audit_trail"]["lignes"]
    assert {row["who"] for row in rows} == {"responsable", "agent de l'agence"}
    of_claire = sorted((row["what"], row["subject"]) for row in rows if row["who"] == "responsable")
    assert of_claire == [("exported", ""), ("read", "D1"), ("searched", "")]
    page = told_text(done)
    assert re.search(r"Responsable\s+recherche qui vous nommait, ou dont le résultat vous montrait", page)
    assert re.search(r"Agent de l'agence\s+lecture du dossier", page)
    assert "claire" not in page.lower()


def test_a_person_is_told_who_got_their_data(sqlite_store: Store, sqlite_site: Settings, tmp_path: Path) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    plumber, oncall, colleague = "plombier@entreprise.example", "garde@ours.example", "claire@ours.example"
    sqlite_store.accounts.add(Account(0, "claire", "Claire", "head", "agence", email=colleague), NOW)
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        passed_on = {"to": plumber, "message_id": "f1", "text": "À réparer", "cc": [colleague]}
        row = {"case_id": case_id, "at": NOW, "who": "paul", "what": "forwarded", "data": passed_on}
        connection.execute(events.insert(), row)
        mail = {"case_id": case_id, "mail_from": "us@ours.example", "raw": b"Subject: x\n\nx", "state": "sent"}
        mail |= {"created_at": NOW, "also_to": None}
        letter = {"kind": "reply", "reason": "agent: paul", "to_address": plumber, "message_id": "f1"}
        notice = {"kind": "notice", "reason": f"on_call: {oncall}", "to_address": oncall, "message_id": "n1"}
        connection.execute(outbox.insert(), [mail | letter | {"also_to": [colleague]}, mail | notice])
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    page = told_text(done)
    assert re.search(rf"{plumber}\s+un de vos messages, transmis\s+{site.numbers[0]}", page)
    assert re.search(rf"un de nos agents \(responsable\)\s+un de vos messages, transmis\s+{site.numbers[0]}", page)
    assert re.search(rf"la personne d’astreinte\s+avis sur votre demande\s+{site.numbers[0]}", page)
    assert re.search(rf"{ADDRESS}\s+un ", page) is None, "what went to themselves went to nobody else"
    data = (done.folder / "donnees.json").read_text()
    assert [each for each in (oncall, colleague) if each in data or each in page] == []


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        ("Où : ici\n\nPremiers mots : « L'eau coule du plafond chez moi »\n", OwnWords.ALL),
        ("Premiers mots : « […] coule du plafond chez moi »", OwnWords.ALL),
        ("Premiers mots : « L'eau coule du plafond ch… »", OwnWords.FIRST),
        ("Fuite : l'eau coule quelque part", OwnWords.NONE),
        ("", OwnWords.NONE),
    ],
)
def test_a_notice_repeats_a_message_whole_its_beginning_or_nothing_of_it(notice: str, expected: OwnWords) -> None:
    assert own_words(notice, ["L'eau coule\ndu plafond chez moi", ""]) is expected


def test_of_what_went_to_others_the_copy_says_whether_it_repeats_the_persons_words(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        mine = sa.select(contacts.c.id).where(contacts.c.case_id == case_id)
        row = sa.select(judgements.c.judgement).where(judgements.c.contact_id.in_(mine))
        words = connection.execute(row).scalar_one()["contact"]["new_text"]
        mail = {"case_id": case_id, "kind": "notice", "reason": "caretaker: g@ours.example", "state": "sent"}
        mail |= {"to_address": "g@ours.example", "mail_from": "us@ours.example", "message_id": "n1", "created_at": NOW}
        raw = f"Subject: P1\nContent-Type: text/plain; charset=utf-8\n\nPremiers mots : « {words} »".encode()
        connection.execute(outbox.insert(), mail | {"raw": raw})
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    assert re.search(rf"le gardien\s+avis sur votre demande, avec votre message en entier\s+{site.numbers[0]}", page)
    assert "Voici tout ce que ce logiciel a envoyé par courriel" in page


def test_a_protection_says_when_it_was_noted_and_by_which_role(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    (row, *_rest) = _rows(json.loads((done.folder / "donnees.json").read_text())["donnees"], "register_entries")
    day = f"{datetime.fromisoformat(row['entered_at']).astimezone(site.settings.zone):%d/%m/%Y}"
    assert f"noté le {day} par {row['entered_by']}" in told_text(done)
    assert OurPeople({"claire": "responsable"}, {}).agent("claire") == "un agent (fonction : responsable)"
    assert OurPeople({}, {}).agent("claire") == "un agent"


def test_the_first_page_says_what_is_inside_what_is_not_and_by_which_law(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    first, second = page.rindex("Ce que cette copie contient"), page.index("D’où cela vient")
    told = page[first:second]
    assert "3 dossiers, 3 messages ou appels et" in told
    for words in ("Le nom des agents", "RGPD, art. 15(4)", "Les sauvegardes"):
        assert words in told


def test_nobody_is_told_of_anothers_protection_or_wishes(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    """Whoever shares a home, and an address, with somebody protected learns nothing of it by their own copy."""
    site = planted(sqlite_store, sqlite_site, tmp_path)
    records = Records(leases=[lease(TENANT, "Q", "Z", ADDRESS, "", None), lease("T2", "Benali", "N", OTHERS, "", None)])
    sqlite_store.directory.save(records, "import", NOW, Origin(None, NOW))
    confirmed(sqlite_store, "address", OTHERS, TENANT, site.numbers[0])
    shunned = entered(sqlite_store, TENANT, EntryKind.NEVER, OTHERS)
    shield = entered(sqlite_store, TENANT, EntryKind.PROTECTION, "order", reference="ORD-1")
    text = {"code": "register_entry", "args": {"kind": "protection", "value": ""}}
    for line in (
        TrailLine(NOW, "paul", "registered", "D1", {"tenant": TENANT, "entry": text}),
        TrailLine(NOW, "paul", "registered", "D1", {"tenant": TENANT, "never": OTHERS}),
        TrailLine(NOW, "paul", "protection", "D1", {"entries": [str(shield)]}),
        TrailLine(NOW, "paul", "protection", site.other, {"entries": [str(shield)]}),
        TrailLine(NOW, "paul", "read", "D1", {"household": True}),
    ):
        sqlite_store.accounts.trail(line)
    with sqlite_store.database.writing() as connection:
        about = sa.select(cases.c.id).where(cases.c.number == site.other).scalar_subquery()
        row = {"case_id": about, "at": NOW, "who": "paul", "what": "registered", "data": {"entry": text, "changed": {}}}
        connection.execute(sa.insert(events).values(row))
    for asked, told, trail in (("T2", False, {"read"}), (TENANT, True, {"read", "registered", "protection"})):
        done = exported(sqlite_store, site.settings, tmp_path / asked, asked)
        data = json.loads((done.folder / "donnees.json").read_text())["donnees"]
        assert ({shunned, shield} <= {row["id"] for row in _rows(data, "register_entries")}) is told, asked
        of_home = {row["what"] for row in _rows(data, "audit_trail") if row["subject"] in ("D1", "", site.other)}
        assert of_home - {"searched"} == trail, asked
        assert {row["tenant_id"] for row in _rows(data, "confirmed_contacts")} <= {asked}
        assert not any(row["what"] == "registered" for row in _rows(data, "events")), asked


def _rows(data: dict[str, Any], table: str) -> list[dict[str, Any]]:
    return list(data.get(table, {}).get("lignes", ()))


def test_a_correction_of_whom_a_case_is_about_is_told_without_who_else_it_is(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    learnt = [["address", "zq.neu@planted-mail.example", TENANT], ["address", OTHERS, "T2"]]
    changes = (
        {"changed": {"tenant_id": [None, TENANT]}, "confirmed": learnt},
        {"changed": {"tenant_id": [TENANT, "T2"]}},
        {"changed": {"tenant_id": ["T2", None]}},
        {"changed": {"dwelling_id": ["D1", "D2"]}},
    )
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        row = {"case_id": case_id, "at": NOW, "who": "paul", "what": "tenant"}
        connection.execute(events.insert(), [{**row, "data": data} for data in changes])
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    page, data = told_text(done), (done.folder / "donnees.json").read_text()
    for words in (
        "Un agent a indiqué que ce dossier vous concerne ; zq.neu@planted-mail.example ajouté à votre fiche",
        "Un agent a indiqué que ce dossier concerne quelqu’un d’autre ; avant, il était à votre nom",
        "Un agent a indiqué que ce dossier ne concerne aucun de nos locataires",
        "Un agent a précisé le logement que le dossier concerne",
    ):
        assert words in page
    for words in (OTHERS, '"T2"'):
        assert words not in data
        assert words not in page


def test_what_will_happen_by_itself_is_told_in_words_with_its_day(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    first, closed, third = site.numbers
    day = timedelta(days=1)
    with sqlite_store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number.in_((first, third))).values(state="open"))
        connection.execute(sa.update(cases).where(cases.c.number == closed).values(closed_at=LATER - day / 4))
        ids = {row.number: row.id for row in connection.execute(sa.select(cases.c.number, cases.c.id))}
        urgency = connection.execute(sa.select(cases.c.priority).where(cases.c.number == first)).scalar_one()
        lowered = {"changed": {"priority": ["P1", urgency]}}
        event = {"case_id": ids[third], "at": LATER, "who": "paul", "what": "priority", "data": lowered}
        connection.execute(events.insert(), event)
        steps: tuple[tuple[str, str, str, str, timedelta, bool], ...] = (
            (first, "hand_over", urgency, "waiting", 8 * day, False),
            (first, "remind", urgency, "waiting", 7 * day, False),
            (first, "raise", urgency, "done", 6 * day, False),
            (first, "remind", urgency, "waiting", -day / 2, False),
            (first, "remind", urgency, "needless", -day / 2, False),
            (third, "call_next", "P1", "waiting", -day / 2, False),
            (third, "call_next", "P1", "waiting", day, False),
            (third, "call_next", "P1", "needless", day, False),
            (third, "hand_over", "P1", "waiting", day, True),
            (closed, "raise", urgency, "waiting", -day / 2, False),
            (closed, "raise", urgency, "waiting", 3 * day, False),
        )
        for number, (of, does, priority, state, after, of_any) in enumerate(steps):
            data = {"does": does, "until": "answered", "to": "agence-direction", "priority": priority, "of_any": of_any}
            row = {"case_id": ids[of], "step": f"s{number}", "at": LATER + after, "data": data, "state": state}
            connection.execute(timers.insert(), row)
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    last, next_ = (f"{(LATER + each).astimezone(site.settings.zone):%d/%m/%Y à %H:%M}" for each in (8 * day, 7 * day))
    told = re.findall(r"L[^\n]+?répondu avant", page.partition("Ce qui est prévu ensuite")[2])
    unless = "sauf si quelqu’un vous a répondu avant"
    reminded = f"Le {next_}, le service reçoit un rappel : votre demande attend toujours une réponse, {unless}"
    handed = f"Le {last}, votre demande est transmise au service « Agence direction », {unless}"
    assert [" ".join(each.split()) for each in told] == [reminded, handed]
    # Each step that is kept is told, so that the page agrees with the inventory; none as done that nothing shows done.
    gone = re.findall(r"[^\n]+?, prévu le [^\n]+? : ([^\n]+?)(?:  |\n)", page)
    assert sorted(" ".join(each.split()) for each in gone) == sorted((
        "fait", "rien n’indique que cela a été fait", "pas fait, quelqu’un s’était occupé du dossier avant",
        "rien n’indique que cela a été fait", "n’aura pas lieu, l’urgence a changé depuis",
        "pas fait, l’urgence a changé depuis", "sera prévu de nouveau avec l’urgence d’aujourd’hui",
        "rien n’indique que cela a été fait", "n’aura pas lieu, le dossier est clos",
    ))  # fmt: skip


def test_of_a_draft_its_words_are_told_and_not_what_was_chosen_in_its_form(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    fields = {"pour": TENANT, "texte": "brouillonplante3391", "objet": "Loyer", "signer": "1", "autre": "deux mots"}
    with sqlite_store.database.writing() as connection:
        mine = sa.update(drafts).where(drafts.c.about == site.numbers[0])
        connection.execute(mine.values(fields=fields))
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    page = re.sub(r"<[^>]+>", "|", (done.folder / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " "))
    drafted = "Réponse en préparation, pas envoyée||brouillonplante3391|Objet :|Loyer||deux mots|"
    assert page.count(drafted) == 1
    rows = json.loads((done.folder / "donnees.json").read_text())["donnees"]["drafts"]["lignes"]
    assert fields in [row["fields"] for row in rows]


def test_a_held_case_says_so_and_why(sqlite_store: Store, sqlite_site: Settings, tmp_path: Path) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    sqlite_store.holds.hold(site.numbers[0], "paul", "expertise 26-4471", NOW)
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    assert re.search(r"Gelé\s+depuis le .* pour un litige .* « expertise 26-4471 »", told_text(done))
    assert "paul" not in (done.folder / "donnees.json").read_text()


def test_of_what_an_agent_wrote_the_sentences_that_harm_nobody_are_given(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    text = "Dame pénible. M. Lemoine ment, Mme Diallo aussi ! A rappelé à 9 h."
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        row = {"case_id": case_id, "at": NOW, "who": "paul", "what": "noted", "data": {"text": text}}
        place = f"note-{connection.execute(events.insert().returning(events.c.id), row).scalar_one()}"
    fields = {"texte": "Bonjour. Mme Diallo ment.", "autre": "Lemoine"}
    with sqlite_store.database.writing() as connection:
        mine = sa.update(drafts).where(drafts.c.about == site.numbers[0]).returning(drafts.c.id)
        drafted = f"brouillon-{connection.execute(mine.values(fields=fields)).scalar_one()}"
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    done = export_person(
        site.settings, sqlite_store, person, tmp_path / "out", LATER, [f"{place}/1", f"{place}/3", f"{drafted}/1"]
    )
    (left,) = [each for each in done.withheld if each.anchor == place]
    assert list(left.sentences.values()) == ["Dame pénible.", "M. Lemoine ment, Mme Diallo aussi !", "A rappelé à 9 h."]
    for path in ("lisez-moi.html", "donnees.json"):
        told = (done.folder / path).read_text().replace("\N{NO-BREAK SPACE}", " ")
        assert "Dame pénible. […] A rappelé à 9 h. – […] : texte retenu, car un agent" in told
        assert "Bonjour. […] – […] : texte retenu, car un agent" in told
        assert "Lemoine" not in told


def test_a_late_case_its_end_and_what_was_wished_are_told_in_words(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    first, called, came = site.numbers
    text = "Le robinet goutte. S’il vous plaît, n’appelez pas le matin ! Merci."
    start = text.index("n’appelez")
    span = {"part": "new_text", "start": start, "end": start + 13}
    wished = {"wish": "no_phone", "evidence": {"seen": "n’appelez pas", "span": span}}
    with sqlite_store.database.writing() as connection:
        late = sa.update(cases).where(cases.c.number.in_((first, came)))
        connection.execute(late.values(state="open", due=LATER - timedelta(hours=1)))
        ids = {row.number: row.id for row in connection.execute(sa.select(cases.c.number, cases.c.id))}
        connection.execute(outbox.delete().where(outbox.c.case_id == ids[came]))
        replied = {
            "case_id": ids[first],
            "at": LATER - timedelta(hours=2),
            "who": "paul",
            "what": "replied",
            "data": {},
        }
        connection.execute(events.insert(), replied)
        mine = sa.select(contacts.c.id).where(contacts.c.case_id == ids[first]).scalar_subquery()
        of_first = judgements.c.contact_id == mine
        judged = connection.execute(sa.select(judgements.c.judgement).where(of_first)).scalar_one()
        judged["contact"] = {**judged["contact"], "new_text": text}
        judged = {**judged, "understanding": {**(judged.get("understanding") or {}), "wishes": [wished]}}
        connection.execute(sa.update(judgements).where(of_first).values(judgement=judged))
        closed = sa.update(cases).where(cases.c.number == called)
        connection.execute(closed.values(closed_at=datetime(2026, 11, 20, 12, tzinfo=NOW.tzinfo)))
    sqlite_store.holds.hold(first, "paul", "expertise 26-4471", NOW)
    page = " ".join(told_text(exported(sqlite_store, site.settings, tmp_path / "out")).split())
    _start, _, of_first_case = page.partition(f"Dossier {first}")
    _start, _, of_came = page.partition(f"Dossier {came}")
    late_words = "ce délai est dépassé, et rien n’indique qu’une personne vous ait encore répondu"
    assert late_words not in of_first_case[: of_first_case.index("Ce qui a été dit et fait")], "an agent replied"
    assert late_words in of_came[: of_came.index("Ce qui a été dit et fait")]
    for words in (
        "Sera effacé 36 mois après sa clôture, et pas avant la fin du gel",
        "Sera effacé à partir du 20/11/2029, 36 mois après sa clôture, s’il n’est pas rouvert",
        "Dossier gelé, pour un litige : expertise 26-4471",
        "seulement à certains numéros : « S’il vous plaît, n’appelez pas le matin », message du",
        "À partir de 97 %, le message est mis à votre nom",
    ):
        assert words in page


def test_a_copy_says_whose_it_is_and_what_is_kept_elsewhere(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    privacy = site.settings.privacy.model_copy(
        update={"officer": "Mme D., dpo@habitat.example", "elsewhere": "Prem’Habitat (location)"}
        | {"processors": "Hébergeur SA, Lyon.", "outside_eu": "les sauvegardes, à Genève (décision d’adéquation)"}
    )
    settings = site.settings.model_copy(update={"privacy": privacy})
    page = told_text(exported(sqlite_store, settings, tmp_path / "out"))
    for words in (
        f"Copie établie pour  Mme Zelindra Quartzhammer (locataire n° {TENANT})",
        "Vos loyers, votre bail, vos demandes de logement",
        "nous les gardons hors du programme dont vient cette copie, dans Prem’Habitat (location) ;",
        "votre demande vaut aussi pour eux : la réponse vous vient à part",
        "Écrivez à Mme D., dpo@habitat.example : « J’ai demandé la copie de mes données : il manque celles de",
        "L’enregistrement de votre voix",
        "nous le gardons dans notre standard téléphonique",
        "Pour notre compte y ont accès : Hébergeur SA, Lyon.",
        "Hors de l’Union européenne : les sauvegardes, à Genève (décision d’adéquation).",
    ):
        assert words in page
    assert "Rien ne part hors" not in page
    assert "Rien ne part hors de l’Union européenne." in told_text(
        exported(sqlite_store, site.settings, tmp_path / "b")
    )


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>Quoi ? « oui » ; 9 %</p>", "<p>Quoi_? «_oui_»_; 9_%</p>"),
        ("<blockquote>Quoi ? « oui »</blockquote> : a", "<blockquote>Quoi ? « oui »</blockquote>_: a"),
        ('<a href="a ; b">x</a>', '<a href="a ; b">x</a>'),
    ],
)
def test_signs_do_not_stand_alone_but_for_what_somebody_wrote(markup: str, expected: str) -> None:
    assert typeset(markup).replace("\N{NO-BREAK SPACE}", "_") == expected


def test_an_attached_message_is_not_empty_and_what_came_along_is_linked_where_it_is_told(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    inner, message = EmailMessage(), EmailMessage()
    inner["Subject"] = "intérieur"
    inner.set_content("motinterieur5518")
    message["From"], message["Subject"] = ADDRESS, "Suite"
    message.set_content("Voir le message.")
    message.add_attachment(inner, filename="ancien.eml")
    with sqlite_store.database.writing() as connection:
        mine = sa.select(arrivals.c.id).where(arrivals.c.external_id == "ext-id-5521").scalar_subquery()
        body = sa.update(arrival_bodies).where(arrival_bodies.c.arrival_id == mine)
        connection.execute(body.values(raw=message.as_bytes()))
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    (attached,) = (done.folder / "messages").glob("*ancien.eml")
    assert b"motinterieur5518" in attached.read_bytes()
    page = (done.folder / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert f'Pièce jointe : <a href="messages/{attached.name}">ancien.eml</a>' in page


def test_what_may_be_anothers_is_named_before_a_copy_is_handed_over(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    with sqlite_store.database.writing() as connection:
        # Said to be about somebody else's home, and from an address that is not theirs.
        mine = contacts.c.sender_address == ADDRESS
        connection.execute(sa.update(contacts).where(mine).values(tenant_id=None))
    told = {each.anchor.partition("-")[0]: each for each in passages_to_read(site.settings, sqlite_store, person)}
    assert told["note"].why == "written by an agent"
    messages = of_messages(site.settings, sqlite_store, person)
    assert [(each.number, each.sender, each.why) for each in messages] == [
        (site.numbers[0], ADDRESS, "by its address alone"),
        (site.numbers[1], LEARNT_PHONE, "by its address alone"),
        (site.numbers[2], "Zelindra Quartzhammer", "written down by an agent"),
    ]
    with sqlite_store.database.writing() as connection:
        values = {"tenant_id": TENANT, "sender_address": "inconnu@elsewhere.example"}
        connection.execute(sa.update(contacts).where(mine).values(values))
    first, *_rest = of_messages(site.settings, sqlite_store, person)
    assert (first.sender, first.why) == ("inconnu@elsewhere.example", "from an address that is not theirs")


def of_messages(settings: Settings, store: Store, person: DataSubject) -> list[PassageToRead]:
    found = passages_to_read(settings, store, person)
    return sorted((each for each in found if each.anchor.startswith("message-")), key=lambda each: each.number)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("la voisine Mme Fatou Traoré (06 11 22 33 44)", "tells of others: Mme Fatou Traoré, 06 11 22 33 44"),
        ("M. Lemoine bloque la porte", "tells of others: M. Lemoine"),
        ("sa fille awa.d@mail.example", "tells of others: awa.d@mail.example"),
        ("benali nadia aussi", "tells of others: Benali Nadia"),
        ("Mme Quartzhammer, 06 55 50 12 34, zelindra.q@planted-mail.example", ""),
    ],
)
def test_who_is_cited_in_a_note_or_in_ones_own_message_is_named_with_its_place(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path, words: str, expected: str
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == site.numbers[0])).scalar_one()
        note = {"case_id": case_id, "at": NOW, "who": "paul", "what": "noted", "data": {"text": words}}
        noted = connection.execute(events.insert().returning(events.c.id), note).scalar_one()
        mine = sa.select(contacts.c.id).where(contacts.c.case_id == case_id)
        row = sa.select(judgements.c.judgement).where(judgements.c.contact_id.in_(mine))
        judged = dict(connection.execute(row).scalar_one())
        judged["contact"] = {**judged["contact"], "new_text": words}
        connection.execute(sa.update(judgements).where(judgements.c.contact_id.in_(mine)).values(judgement=judged))
        contact = connection.execute(mine).scalar_one()
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    why = {each.anchor: each.why for each in passages_to_read(site.settings, sqlite_store, person)}
    assert why[f"note-{noted}"] == "; ".join(filter(None, ("written by an agent", expected)))
    assert why.get(f"message-{contact}", "") == expected
    page = (exported(sqlite_store, site.settings, tmp_path / "out").folder / "lisez-moi.html").read_text()
    assert page.count(f'id="note-{noted}"') == page.count(f'id="message-{contact}"') == 1


def judged_by_shipped_rules(store: Store, settings: Settings) -> None:
    """Say that the daemon judges by the rules that the program ships."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(each for each in SHIPPED_RULES.rglob("*") if each.is_file()):
            archive.write(path, path.relative_to(SHIPPED_RULES).as_posix())
    store.rule_versions.put_in_force(settings.name, "shipped", packed.getvalue(), LATER)


def test_what_agents_wrote_beside_events_and_words_that_wound_are_to_be_read_each_at_its_place_in_the_page(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    judged_by_shipped_rules(sqlite_store, site.settings)
    first, _called, came = site.numbers
    with sqlite_store.database.writing() as connection:
        mine = sa.update(drafts).where(drafts.c.about == first)
        connection.execute(mine.values(fields={"texte": "Dame pénible, dit M. Lemoine"}))
        ids = {row.number: row.id for row in connection.execute(sa.select(cases.c.number, cases.c.id))}
        note = {"case_id": ids[first], "at": NOW, "who": "paul", "what": "noted", "data": {"text": "Dame pénible"}}
        noted = connection.execute(events.insert().returning(events.c.id), note).scalar_one()
    sqlite_store.holds.hold(first, "paul", "expertise 26-4471", NOW)
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    found = {each.anchor: each for each in passages_to_read(site.settings, sqlite_store, person)}
    page = (exported(sqlite_store, site.settings, tmp_path / "out").folder / "lisez-moi.html").read_text()
    kinds: dict[str, list[PassageToRead]] = {}
    for anchor, each in found.items():
        kinds.setdefault(anchor.partition("-")[0], []).append(each)
        assert page.count(f'id="{anchor}"') == 1, anchor
    assert found[f"note-{noted}"].why == "written by an agent; words that wound or judge: « Dame pénible » (jugement)"
    wounding = "words that wound or judge: « Dame pénible » (jugement)"
    assert {(each.number, each.why) for each in kinds["brouillon"]} == {
        (first, f"a draft, which was not sent; tells of others: M. Lemoine; {wounding}"),
        ("", "a draft, which was not sent"),
    }
    assert [(each.number, each.why) for each in kinds["rendez"]] == [(came, "an appointment under another name")]
    assert [each.why for each in kinds["souhait"]] == ["words of a wish or a protection"]
    assert [(each.number, each.why) for each in kinds["dossier"]] == [(first, "why the case is held")]


def test_what_an_agent_wrote_of_somebody_else_is_not_given_before_a_person_has_read_it(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    first = site.numbers[0]
    others = {
        "note": "La voisine Mme Diallo, folle à lier, ne répond pas",
        "closed": "réparé chez M. Lemoine",
        "draft": "Sa voisine Mme Diallo ne sera pas là",
        "passed on": "Voyez Mme Diallo, elle ment",
    }
    of_them = "Dame pénible, rappelle sans arrêt"
    with sqlite_store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == first)).scalar_one()
        mail = sa.update(outbox).where(outbox.c.case_id == case_id, outbox.c.kind == "reply")
        connection.execute(mail.values(to_address="plombier@works.example", message_id="<p@ours.example>"))
        done = CodedText("danger_over", {"over": "repaired", "reason": others["closed"]})
        connection.execute(sa.update(cases).where(cases.c.id == case_id).values(done_reason=done))
        mine = sa.update(drafts).where(drafts.c.about == first)
        connection.execute(mine.values(fields={"texte": others["draft"], "autre": "Diallo"}))
        happened: tuple[tuple[str, dict[str, Any]], ...] = (
            ("noted", {"text": others["note"]}),
            ("noted", {"text": of_them}),
            ("done", {"changed": {"done_reason": [None, done.as_json()]}}),
            ("forwarded", {"text": others["passed on"], "message_id": "<p@ours.example>"}),
        )
        rows = [{"case_id": case_id, "at": NOW, "who": "paul", "what": what, "data": data} for what, data in happened]
        connection.execute(events.insert(), rows)
    kept = exported(sqlite_store, site.settings, tmp_path / "kept")
    texts = [path.read_text(errors="replace") for path in kept.folder.rglob("*.*") if path.is_file()]
    for words in (*others.values(), "Diallo", "reponseplantee7745"):
        assert [text for text in texts if words in text] == [], words
    page, data = (kept.folder / "lisez-moi.html").read_text(), json.loads((kept.folder / "donnees.json").read_text())
    assert of_them in page, "what is written of them is theirs"
    assert "4 textes de nos agents ne sont pas donnés" in told_text(kept)
    assert len(data["textes_non_donnes"]) == len(kept.withheld) == 4
    with sqlite_store.database.reading() as connection:
        person = person_named(connection, TENANT, date(2026, 11, 25))
    places = [each.anchor for each in kept.withheld]
    given = export_person(site.settings, sqlite_store, person, tmp_path / "given", LATER, places)
    page = (given.folder / "lisez-moi.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    for words in (others["note"], others["draft"], others["closed"], "reponseplantee7745"):
        assert words in page
    assert "Aucun texte de nos agents n’a été retiré de cette copie." in page
    with pytest.raises(UnknownPassageError, match="nothing is withheld at note-0; places: "):
        export_person(site.settings, sqlite_store, person, tmp_path / "none", LATER, ["note-0"])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("sent", f"envoyées à {ADDRESS} le "),
        ("waiting", f"écrites pour {ADDRESS}, pas encore parties ; leur texte"),
        ("bounced", f"écrites pour {ADDRESS}, mais le courriel n’a pas été remis ; leur texte"),
        ("", "non envoyées – les réponses automatiques sont coupées"),
        ("withheld", "non envoyées – l'adresse n'existe pas"),
        ("asked", f"dans la question « y a-t-il un danger ? », envoyées à {ADDRESS} le "),
        ("possible", "non envoyées – les réponses automatiques sont coupées"),
        ("no danger", ""),
    ],
)
def test_whoever_was_in_danger_is_told_whether_they_were_told_what_to_do(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path, state: str, expected: str
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    judged_by_shipped_rules(sqlite_store, site.settings)
    number = site.numbers[0]
    with sqlite_store.database.writing() as connection:
        levels = {"no danger": AlarmLevel.NONE, "asked": AlarmLevel.POSSIBLE, "possible": AlarmLevel.POSSIBLE}
        level = levels.get(state, AlarmLevel.CERTAIN)
        connection.execute(sa.update(cases).where(cases.c.number == number).values(alarm_level=level))
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
        if state in ("sent", "waiting", "bounced", "asked"):
            reason = DANGER_QUESTION if state == "asked" else "urgence-gaz"
            mail = {"case_id": case_id, "kind": "answer", "reason": reason, "to_address": ADDRESS}
            mail |= {
                "mail_from": "us@ours.example",
                "message_id": "s1",
                "raw": b"Subject: Gaz\n\nSortez.",
                "state": "sent" if state == "asked" else state,
            }
            mail |= {"urgency": int(Urgency.DANGER), "created_at": NOW}
            connection.execute(outbox.insert(), {**mail, "settled_at": None if state == "waiting" else NOW})
        elif state == "withheld":
            data = {"kind": "answer", "reason": Withheld.NO_SUCH_ADDRESS.value}
            row = {"case_id": case_id, "at": NOW, "who": "worker", "what": "not sent", "data": data}
            connection.execute(events.insert(), row)
    silent = site.settings.outbound.model_copy(update={"answers": False})
    done = exported(sqlite_store, site.settings.model_copy(update={"outbound": silent}), tmp_path / "out")
    told = told_text(done).partition("Consignes de sécurité")
    assert bool(told[1]) is bool(expected)
    row = next(
        each for each in _rows(json.loads((done.folder / "donnees.json").read_text())["donnees"], "cases")
        if each["number"] == number
    )  # fmt: skip
    assert ("consignes_de_securite" in row) is bool(expected)
    if expected:
        assert " ".join(told[2].split()).startswith(expected)
    if mail_of := re.search(r'href="#(courriel-\d+)">leur texte', (done.folder / "lisez-moi.html").read_text()):
        assert f'id="{mail_of[1]}"' in (done.folder / "lisez-moi.html").read_text()


def test_what_an_agent_said_of_a_danger_stands_beside_what_the_program_said(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        mine = sa.update(cases).where(cases.c.number.in_(site.numbers))
        connection.execute(mine.values(alarm_level=AlarmLevel.POSSIBLE, alarm_by="model"))
    page = " ".join(told_text(exported(sqlite_store, site.settings, tmp_path / "out")).split())
    assert "Danger possible, à vérifier par un agent (dit par le programme)" in page
    day = f"{NOW.astimezone(site.settings.zone):%d/%m/%Y}"
    assert re.search(rf"Danger possible \(dit par le programme\) ; le {day}, un agent a dit qu’il ", page)


def test_a_number_read_in_a_message_is_said_to_be_on_no_card_and_one_noted_at_a_visit_is_named(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    read = Proposal("number", "+33611223344", TENANT, "06 11 22 33 44")
    judge_first(sqlite_store, site.numbers[0], Match(tenant=Likely(TENANT, 0.9), proposals=(read,)), DECIDED)
    with sqlite_store.database.writing() as connection:
        mine = sa.select(contacts.c.id).join(cases, cases.c.id == contacts.c.case_id)
        visit = connection.execute(mine.where(cases.c.number == site.numbers[2])).scalar_one()
        row = sa.select(judgements.c.judgement).where(judgements.c.contact_id == visit)
        judged = dict(connection.execute(row).scalar_one())
        judged["contact"] |= {"signature": "0698765432", "stated": {"by": "paul", "visit": "counter"}}
        connection.execute(sa.update(judgements).where(judgements.c.contact_id == visit).values(judgement=judged))
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    assert "à confirmer par un agent : 06 11 22 33 44. Elle n’est pas sur votre fiche" in page
    assert re.search(r"Lieu ou téléphone noté lors de la visite :\s*0698765432", page)


def test_what_only_the_data_said_is_told_in_words_too(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    with sqlite_store.database.writing() as connection:
        mine = sa.select(contacts.c.id).where(contacts.c.sender_address == ADDRESS).limit(1)
        contact_id = connection.execute(mine).scalar_one()
        connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(proven=False))
        row = sa.select(judgements.c.judgement).where(judgements.c.contact_id == contact_id)
        judged = dict(connection.execute(row).scalar_one())
        judged["understanding"] = {**judged["understanding"], "violence_at_home": True}
        connection.execute(sa.update(judgements).where(judgements.c.contact_id == contact_id).values(judgement=judged))
    page = told_text(exported(sqlite_store, site.settings, tmp_path / "out"))
    for words in (
        "Rien ne prouve que ce courriel est parti de l’adresse qu’il porte",
        "Le danger peut venir de quelqu’un qui vit au logement",
    ):
        assert words in page
    assert re.search("Gelé  *gardé pour un litige", page)


def test_the_top_says_who_answers_for_the_data_whom_to_ask_and_how_to_complain(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    says = {"controller": "Habitat SA, Lyon", "officer": "dpo@habitat.example", "authority": "l’autorité, Monaco"}
    settings = site.settings.model_copy(update={"privacy": site.settings.privacy.model_copy(update=says)})
    for given, expected in (
        (
            settings,
            ("Habitat SA, Lyon", "écrivez à dpo@habitat.example", "plaindre auprès de l’autorité, Monaco"),
        ),
        (site.settings, ("votre bailleur", "son adresse est à votre bureau", "vous plaindre auprès de la CNIL")),
    ):
        page = told_text(exported(sqlite_store, given, tmp_path / expected[0]))
        top = page[: page.index("Ce que cette copie contient")]
        assert [words for words in expected if words not in top] == []
        assert f"{LATER.astimezone(given.zone):%d/%m/%Y à %H:%M}" in top
        assert "Cet avertissement est dans toutes les copies." in top


def test_what_staff_looked_at_again_and_again_stands_on_one_line_with_how_often(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    number = site.numbers[1]
    for minutes in (0, 20, 80):
        at = NOW + timedelta(minutes=minutes)
        sqlite_store.accounts.trail(TrailLine(at, "paul", "read", number, {"tenant": TENANT}))
    sqlite_store.accounts.trail(TrailLine(NOW + timedelta(days=1), "paul", "read", number, {"tenant": TENANT}))
    done = exported(sqlite_store, site.settings, tmp_path / "out")
    rows = _rows(json.loads((done.folder / "donnees.json").read_text())["donnees"], "audit_trail")
    assert sorted(row["subject"] for row in rows if row["what"] == "read") == sorted([site.numbers[0], *[number] * 4])
    first, last = (f"{(NOW + timedelta(minutes=each)).astimezone(site.settings.zone):%H:%M}" for each in (0, 80))
    day = f"{NOW.astimezone(site.settings.zone):%d/%m/%Y}"
    page = " ".join(told_text(done).split())
    assert f"{day} de {first} à {last}, 3 fois Agent de l'agence lecture du dossier {number}" in page
    assert page.count(f"lecture du dossier {number}") == 2


LINES_OF_WORDS = """[...document.querySelectorAll("td:nth-child(2)")]
    .filter((cell) => /^(Reçu|Noté|Envoyé)$/.test(cell.textContent))
    .map((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return range.getClientRects().length;
    })"""


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_of_the_page_is_cut_and_no_word_of_ours_is_broken(
    sqlite_store: Store, sqlite_site: Settings, tmp_path: Path, width: int
) -> None:
    site = planted(sqlite_store, sqlite_site, tmp_path)
    done = exported(sqlite_store, site.settings, tmp_path / "out")

    async def measured() -> tuple[int, list[int]]:
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": width, "height": 800})
            await page.goto((done.folder / "lisez-moi.html").as_uri())
            return await page.evaluate("document.documentElement.scrollWidth"), await page.evaluate(LINES_OF_WORDS)

    whole, lines = asyncio.run(measured())
    assert whole <= width
    assert set(lines) == {1}


@pytest.mark.parametrize(
    ("until", "act", "why"),
    [("taken", "taken", "un agent s’en occupe"), ("answered", "reached", "quelqu’un vous a répondu")],
)
@pytest.mark.parametrize("hours", [1, 5])
def test_a_step_that_somebody_saw_to_before_its_hour_says_so(until: str, act: str, why: str, hours: int) -> None:
    step = {"state": "waiting", "at": LATER + timedelta(hours=hours), "settled_at": None}
    step["data"] = {"does": "remind", "until": until, "priority": "P2"}
    case = {"state": "open", "priority": "P2", "owner": "agent 1", "a_recu_une_reponse": True, "closed_at": None}
    happened = [{"at": LATER, "what": act, "data": {}}]
    now = LATER + timedelta(hours=3)
    seen_to = CaseSteps(case, [step], happened, str, str, now)
    lost = "n’a pas eu lieu" if hours == 1 else "n’aura pas lieu"
    assert [each.partition(" : ")[2] for each in seen_to.over()] == [f"{lost}, {why}"]
    assert list(seen_to.upcoming()) == []
    nobody = CaseSteps({**case, "owner": None, "a_recu_une_reponse": False}, [step], [], str, str, now)
    left = ["rien n’indique que cela a été fait"] if hours == 1 else []
    assert [each.partition(" : ")[2] for each in nobody.over()] == left
