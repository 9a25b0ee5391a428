"""One person who wrote, called, came, was learnt, drafted for and reported: strings that tell of nobody else."""

import io
import json
import subprocess
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dtm_contact.directory.records import Lease, Records
from dtm_contact.journal import Journal, SentRecord
from dtm_contact.model import (
    AlarmLevel,
    Arrival,
    Channel,
    Contact,
    DraftKey,
    DraftKind,
    EntryKind,
    Envelope,
    Likely,
    Mailbox,
    Match,
)
from dtm_contact.settings import JournalSettings, PrivacySettings, RulesSettings, Settings
from dtm_contact.store import Account, Origin, Store, TrailLine, open_store
from dtm_contact.store.files import lay_to_case
from dtm_contact.store.restores import address_digest, sent_marks
from dtm_contact.store.schema import alarm_labels, cases, contacts, events, metadata, outbox, undeliverable
from dtm_contact.store.system_schema import appointments, directory_contents, log_lines, rule_versions
from tests.store.samples import NOW, confirmed, daemon, entered, judgement, minutes

TENANT = "T-PLANT-0001"
ADDRESS = "zelindra.q@planted-mail.example"
LEARNT = "zq.learnt@planted-mail.example"
DEAD = "zq.dead@planted-mail.example"
PHONE = "+33655501234"
LEARNT_PHONE = "+33655505678"
LEAVES_NOTHING = (
    TENANT, ADDRESS, LEARNT, DEAD, PHONE, "0655501234", "06 55 50 12 34", LEARNT_PHONE, "Zelindra", "Quartzhammer",
    "BAIL-77120", "nomdejeune6612", "objetplante4410", "motcourriel7731", "mid-9917@planted-mail.example",
    "198.51.100.77", "ext-id-5521", "fil-3391@planted-mail.example", "empreinte8817", "appelplante5512",
    "guichetplante8123", "brouillonplante3391", "brouillonneuf4471", "piecejointe6620", "contenupiece2213",
    "reponseplantee7745",
    "motifclos4482", "etiquette5567", "noteplantee9034", "pasunalerte6671", "souhaitplante2258", "ORD-778812",
    "visiteurplante1193", "resume2204", "essaidregle3315", "dossierdone8841", "ligneetiquette7719",
    "marqueplante5538", "ligneappel6643", "06 55 50 56 78", "L-PLANT-77",
)  # fmt: skip
"""Forty-one strings; each stands in one place or more."""
OTHERS = "voisine.t2@other-mail.example"


@dataclass
class Planted:
    """What was planted: the settings, the numbers of the cases, and the files that lie beside the store."""

    settings: Settings
    numbers: list[str]
    other: str


def planted(store: Store, settings: Settings, folder: Path) -> Planted:
    """Plant all strings into a store and beside it; the cases are closed."""
    rules = folder / "rules"
    (rules / "tests").mkdir(parents=True)
    done = folder / "done"
    done.mkdir()
    settings = settings.model_copy(
        update={
            "journal": JournalSettings(dir=folder / "journal"),
            "rules": RulesSettings(dir=rules),
            "privacy": PrivacySettings(dir=folder / "privacy", folders=(done,)),
        }
    )
    _directory(store)
    journal = Journal(folder / "journal", 14, lambda: NOW)
    first = _written(store, journal)
    called = _called(store, journal)
    came = _came(store, journal)
    other = _other(store, journal)
    _worked_on(store, first, came)
    journal.append_sent(
        SentRecord(
            "x@ours.example",
            address_digest(ADDRESS),
            "reply",
            "marqueplante5538",
            first,
            NOW,
            (("smtp", "ext-id-5521"),),
        )
    )
    journal.close()
    (rules / "tests" / f"{first}.yaml").write_text("- text: essaidregle3315\n", encoding="utf-8")
    (rules / "tests" / "other.yaml").write_text("- text: fuite\n", encoding="utf-8")
    _archive_rules(store, rules)
    (done / "one.eml").write_text(f"From: {ADDRESS}\n\ndossierdone8841\n", encoding="utf-8")
    (done / "two.eml").write_text(f"From: {OTHERS}\n\nfuite\n", encoding="utf-8")
    lines = [{"file": "one.eml", "note": "ligneetiquette7719"}, {"file": "two.eml", "note": "autre"}]
    (done / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return Planted(settings, [first, called, came], other)


def lease(tenant: str, last: str, first: str, email: str, phone: str, ended: date | None) -> Lease:
    return Lease(
        tenant, "BAIL-77120" if tenant == TENANT else "BAIL-2", "D1", "holder", "Mme", last,
        "nomdejeune6612" if tenant == TENANT else "", first, email, (phone,), date(2020, 1, 1), ended,
    )  # fmt: skip


def _directory(store: Store) -> None:
    """Import a directory twice: the first version is kept beside."""
    ended = date(2026, 6, 30)
    mine = lease(TENANT, "Quartzhammer", "Zelindra", ADDRESS, "06 55 50 12 34", ended)
    theirs = lease("T2", "Benali", "Nadia", OTHERS, "0612345678", None)
    for _ in range(2):
        store.directory.save(Records(leases=[mine, theirs]), "import", NOW, Origin(None, NOW))


def _accept(store: Store, journal: Journal, arrival: Arrival) -> None:
    store.arrivals.accept([arrival])
    journal.append_arrivals([arrival])


def _case(store: Store, contact: Contact, tenant: str, *, at: int) -> str:
    match = Match(tenant=Likely(tenant, 0.99), dwelling=Likely("D1", 0.99), residence=Likely("R1", 0.99))
    claimed = store.arrivals.claim(daemon("w").incarnation, NOW)
    assert claimed is not None
    judged = judgement(contact=contact, match=match)
    number = store.cases.record(claimed, judged, {"summary": "resume2204"} if tenant == TENANT else {}, minutes(at))
    assert number is not None
    return number


def _written(store: Store, journal: Journal) -> str:
    envelope = Envelope(ADDRESS, ("contact@bailleur.example",), "198.51.100.77")
    head = f"From: Zelindra Quartzhammer <{ADDRESS}>\nSubject: objetplante4410\n\n"
    raw = f"{head}motcourriel7731 0655501234\n".encode()
    _accept(store, journal, Arrival("smtp", "ext-id-5521", NOW, "message/rfc822", envelope, raw))
    contact = Contact(
        channel=Channel.EMAIL, at=NOW, sender=Mailbox("Zelindra Quartzhammer", ADDRESS), subject="objetplante4410",
        new_text="motcourriel7731, rappelez le 06 55 50 12 34", message_id="mid-9917@planted-mail.example",
        in_reply_to=("fil-3391@planted-mail.example",),
    )  # fmt: skip
    return _case(store, contact, TENANT, at=1)


def _called(store: Store, journal: Journal) -> str:
    _accept(
        store,
        journal,
        Arrival("phone", "call-1", NOW, "application/json", None, b'{"appelplante5512": "+33655505678"}'),
    )
    contact = Contact(channel=Channel.PHONE, at=NOW, sender=Mailbox("", ""), subject="appelplante5512")
    number = _case(store, contact, TENANT, at=2)
    with store.database.writing() as connection:
        mine = cases.c.number == number
        connection.execute(
            sa.update(contacts)
            .where(contacts.c.case_id == sa.select(cases.c.id).where(mine).scalar_subquery())
            .values(phone_key=LEARNT_PHONE, fingerprint="empreinte8817", party=f"number:{LEARNT_PHONE}", tenant_id=None)
        )
        connection.execute(sa.update(cases).where(mine).values(tenant_id=None, party=f"number:{LEARNT_PHONE}"))
        lines = {"channel": "asterisk_cdr", "key": "k", "group_id": "g", "at": 1.0, "kind": "cdr"}
        connection.execute(log_lines.insert(), {**lines, "raw": f"ligneappel6643;{PHONE}".encode()})
    return number


def _came(store: Store, journal: Journal) -> str:
    _accept(store, journal, Arrival("desk", "desk-1", NOW, "application/json", None, b'{"text": "guichetplante8123"}'))
    contact = Contact(
        channel=Channel.DESK, at=NOW, sender=Mailbox("Zelindra Quartzhammer", ""), new_text="guichetplante8123"
    )
    return _case(store, contact, TENANT, at=3)


def _other(store: Store, journal: Journal) -> str:
    """Let somebody else write, in whose judgement the person stands as one who it might be."""
    _accept(store, journal, Arrival("smtp", "other-1", NOW, "message/rfc822", None, b"Subject: Fuite\n\nAutre.\n"))
    contact = Contact(
        channel=Channel.EMAIL, at=NOW, sender=Mailbox("Nadia Benali", OTHERS), subject="Fuite", new_text="Autre."
    )
    number = _case(store, contact, "T2", at=4)
    with store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
        event = {"case_id": case_id, "at": NOW, "who": "paul", "what": "tenant"}
        data = {"changed": {"tenant_id": [TENANT, "T2"]}, "words": f"pas {ADDRESS}, 06 55 50 56 78, {PHONE}"}
        connection.execute(events.insert(), {**event, "data": data})
    return number


def _worked_on(store: Store, first: str, came: str) -> None:
    store.accounts.add(Account(0, "paul", "Paul", "agency", "agence"), NOW)
    account = store.accounts.named("paul").id
    confirmed(store, "address", LEARNT, TENANT, first)
    confirmed(store, "address", DEAD, TENANT, first)
    confirmed(store, "number", LEARNT_PHONE, TENANT, first)
    entered(store, TENANT, EntryKind.PROTECTION, "order", words="souhaitplante2258", reference="ORD-778812")
    written = {
        DraftKey(account, DraftKind.REPLY, first): {"texte": "brouillonplante3391"},
        DraftKey(account, DraftKind.NEW, "page-1"): {"texte": f"brouillonneuf4471 {ADDRESS}"},
    }
    store.drafts.save(written, NOW)
    key = DraftKey(account, DraftKind.NOTE, came)
    file_id = store.files.begin(key, "piecejointe6620.pdf", "application/pdf", NOW)
    store.files.add_piece(file_id, account, 0, b"contenupiece2213" * 100)
    store.files.finish(file_id, account, "0" * 64)
    store.accounts.trail(TrailLine(NOW, "paul", "read", first, {"dwelling": "L-PLANT-77", "tenant": TENANT}))
    for subject in ("quartzhammer zelindra", f"{TENANT}"):
        store.accounts.trail(TrailLine(NOW, "paul", "searched", subject, {"people": [TENANT]}))
    with store.database.writing() as connection:
        ids = {row.number: row.id for row in connection.execute(sa.select(cases.c.number, cases.c.id))}
        lay_to_case(connection, [file_id], ids[came])
        connection.execute(
            sa.update(cases)
            .where(cases.c.number == first)
            .values(done_reason="motifclos4482", tags=["etiquette5567"], alarm_why_not="pasunalerte6671")
        )
        event = {"case_id": ids[first], "at": NOW, "who": "paul", "what": "noted", "data": {"text": "noteplantee9034"}}
        number = connection.execute(events.insert().returning(events.c.id), event).scalar_one()
        label = {
            "case_id": ids[first],
            "event_id": number,
            "at": NOW,
            "who": "paul",
            "act": "no_danger",
            "danger": False,
        }
        connection.execute(
            alarm_labels.insert(), {**label, "alarm_level": AlarmLevel.NONE, "alarm_why_not": "pasunalerte6671"}
        )
        letter = {
            "case_id": ids[first],
            "kind": "reply",
            "reason": "by paul",
            "to_address": ADDRESS,
            "mail_from": "us@ours.example",
        }
        letter |= {"message_id": "r1@ours.example", "raw": b"reponseplantee7745", "state": "sent", "created_at": NOW}
        connection.execute(outbox.insert(), letter)
        connection.execute(undeliverable.insert(), {"address": DEAD, "since": NOW, "told": "550"})
        visit = {"office_id": "BP1", "at": minutes(60), "case_id": ids[came], "who": "visiteurplante1193"}
        connection.execute(appointments.insert(), {**visit, "booked_by": "paul", "booked_at": NOW})
        mark: dict[str, Any] = {
            "message_id": "m@ours.example",
            "channel": "",
            "external_id": "",
            "to_digest": address_digest(ADDRESS),
        }
        mark |= {"kind": "reply", "reason": "marqueplante5538", "case_number": first, "sent_at": NOW}
        connection.execute(sent_marks.insert(), mark)
        connection.execute(sa.update(cases).values(state="closed", closed_at=NOW + timedelta(hours=5)))


def _archive_rules(store: Store, rules: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(rules.rglob("*.yaml")):
            archive.write(path, path.relative_to(rules).as_posix())
    store.rule_versions.put_in_force("d", "v1", packed.getvalue(), NOW)


def places_of(needles: Iterable[str], url: str, folder: Path) -> dict[str, list[str]]:
    """Return where each string still stands: the octets of all files, every column, and what is packed."""
    found: dict[str, list[str]] = {}
    for place, told in _told(url, folder):
        for needle in needles:
            if needle.lower().encode() in told:
                found.setdefault(needle, []).append(place)
    return found


def _told(url: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes().lower()
    with open_store(url, read_only=True) as store, store.database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                parts = (each if isinstance(each, bytes) else str(each).encode() for each in row)
                yield f"row of {table.name}", b" ".join(parts).lower()
        for number in connection.execute(sa.select(directory_contents.c.number)).scalars().all():
            yield (
                f"version {number} of the directory",
                str(list(store.directory.kept(number)[0].leases)).lower().encode(),
            )
        for archive in connection.execute(sa.select(rule_versions.c.archive)).scalars().all():
            with zipfile.ZipFile(io.BytesIO(archive)) as packed:
                yield from (("a version of the rules", packed.read(name).lower()) for name in packed.namelist())


def dumped(url: str) -> str:
    """Return what pg_dump writes of a database: text, and octets in hexadecimal digits."""
    return subprocess.run(["pg_dump", url], check=True, capture_output=True, text=True).stdout.lower()
