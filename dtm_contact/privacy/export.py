"""One person's data to take along (GDPR articles 15 and 20): a page in French, JSON, the messages as they came."""

import json
import mimetypes
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.cases.knowledge import Knowledge, SiteConfiguration, configuration_or_none
from dtm_contact.cases.safety_words import safety_words
from dtm_contact.directory import Directory
from dtm_contact.directory.records import Records
from dtm_contact.errors import DtmContactError, NoDirectoryError
from dtm_contact.explain.names import Names
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import AlarmLevel, Channel, CodedText, OutgoingKind, Urgency
from dtm_contact.privacy.before_handing_over import PassageToRead, passages_to_read
from dtm_contact.privacy.data_place import DataPlace
from dtm_contact.privacy.disclosed import OurPeople, our_people, receiver_of_notice
from dtm_contact.privacy.erasing import sought_outside
from dtm_contact.privacy.export_page import NOT_THEIRS, page
from dtm_contact.privacy.export_parts import ATTACHED, ExportNames, WrittenFile, mail_subject, mail_text
from dtm_contact.privacy.export_program import SAFETY, as_data
from dtm_contact.privacy.export_sections import CASE_NUMBER
from dtm_contact.privacy.export_steps import ANSWERED
from dtm_contact.privacy.identified import identification
from dtm_contact.privacy.inventory import InventoryLine, in_store, outside_of_store
from dtm_contact.privacy.own_words import OWN_WORDS, own_words
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.subject import DataSubject, SubjectScope, rows_of, slices
from dtm_contact.privacy.withholding import ABSENT, NOT_GIVEN, leave_out, withheld
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.holds import legal_holds
from dtm_contact.store.schema import arrival_bodies, arrivals, cases, contacts, events, judgements, outbox
from dtm_contact.store.system_schema import accounts
from dtm_contact.store.writing_schema import file_pieces, files
from dtm_contact.wording import worded

_PAGE: Final = "lisez-moi.html"
_DATA: Final = "donnees.json"
_MESSAGES: Final = "messages"
_SENT: Final = "courriels-envoyes"
_FILES: Final = "pieces"
_NAME: Final = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 80
_ENGINE: Final = frozenset({"worker", "timers", "outbound", "import"})
_STAFF_COLUMNS: Final = frozenset(
    {"owner", "who", "booked_by", "confirmed_by", "entered_by", "ended_by", "claimed_by", "account_id"}
)
"""What names an employee: the person is told what was done, and not which of us did it (GDPR article 15(4))."""
_OWN_PARTS: Final = ("contact", "understanding")
_DECIDED: Final = ("kind", "queue", "priority", "due", "topics", "rule", "rules_version", "alarm", "joins")
"""What of a decision is the person's; whom else it might have been about is not."""
_OF_OTHERS: Final = frozenset({"tenant_id", "dwelling_id", "residence_id", "concerned", "who"})
_WHOM_WE_TOLD: Final = frozenset({"to", "whom", "told", "unreached"})
_NOTICES: Final = frozenset({"notice queued", "called next"})
"""Events that name who of us was told."""
_REGISTERED: Final = frozenset({"registered", "register ended", "register undone"})
"""Events of the register, which do not say of whom: the person's own entries are told with all they hold."""
_ADDRESSEES: Final = ("to_address", "mailbox", "also_to", "left_to")
_WRITTEN_TO: Final = ("to", "cc", "also_to")
"""What an event says of whom an agent wrote to."""
_STAFF_WHO: Final = frozenset({"events", "alarm_labels", "audit_trail"})
"""Tables whose `who` is one of us; elsewhere it is the person."""
_HOLDS: Final = "les gels : dossiers gardés pour un litige"
_MARKS: Final = {"message/rfc822": ".eml"}
_OUR_RECORDS: Final = tuple(channel for channel in Channel if channel.traits.at_desk or channel.traits.spoken)
"""What an agent wrote down, or the switchboard: it names staff, and what it says of the person is on the page."""


class ExportError(DtmContactError):
    """The export cannot be written."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export: its folder and zip file, the rows in it, the messages and files beside, and what is to be read of it.

    Attributes:
        to_read: what somebody has to read before it is handed over.
        withheld: those of these whose words are not in it.
    """

    folder: Path
    archive: Path
    rows: int
    files: int
    to_read: tuple[PassageToRead, ...] = ()
    withheld: tuple[PassageToRead, ...] = ()


def export_person(
    settings: Settings, store: Store, person: DataSubject, folder: Path, now: datetime, given: Collection[str] = ()
) -> Exported:
    """Write all that is kept of a person into a new folder, and a zip file of it beside.

    What others wrote is left out, which of the staff did what, and what an agent wrote of somebody else.

    Args:
        settings: the offices' zone and the controller.
        store: read alone.
        person: whose data.
        folder: where to; it must not be there yet.
        now: the time, aware.
        given: the anchors of what agents wrote of others that somebody has read and gives.

    Raises:
        ExportError: the folder is there already, or cannot be written.
        UnknownPassageError: something is to be given that is not withheld.
        StoreUnavailableError: the store cannot be read.
    """
    to_read = tuple(passages_to_read(settings, store, person))
    left_out = withheld(to_read, given)
    archive = folder.with_name(f"{folder.name}.zip")
    if archive.exists():
        raise ExportError(worded("{path} is there already: name a new folder", path=f"{archive}"))
    try:
        folder.mkdir(parents=True, mode=0o700)
        found = collected(settings, store, person)
        leave_out(found.contents, left_out)
        mails = _mails(store, found.scope)
        passed_on = {each.passed_on for each in left_out if each.passed_on}
        kept_back = {mail.id for mail in mails if mail.message_id in passed_on}
        mails = [mail for mail in mails if mail.id not in kept_back]
        written = [
            *_write_messages(store, found.scope, folder, settings.zone),
            *_write_mails([mail for mail in mails if mail.kind != OutgoingKind.NOTICE], folder, settings.zone),
            *_write_files(store, found.scope, folder),
        ]
        bodies = _own_bodies(store, found, mails)
        _say_own_words(found.contents, mails)
        _say_where(found.contents, bodies, written, kept_back)
        in_force = configuration_or_none(store, settings)
        _say_safety(store, found.contents, in_force)
        _say_answered(store, found.contents)
        plain = partial(_plain, zone=settings.zone)
        _write(folder / _DATA, json.dumps(found.contents, ensure_ascii=False, indent=1, default=plain).encode())
        told = page(settings, _names(settings, store, in_force), found.contents, bodies, written, now)
        _write(folder / _PAGE, told.encode())
        archive.touch(0o600, exist_ok=False)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as to:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    to.write(path, f"{folder.name}/{path.relative_to(folder)}")
    except FileExistsError:
        raise ExportError(worded("{path} is there already: name a new folder", path=f"{folder}")) from None
    except OSError as error:
        raise ExportError(f"{folder}: {error.strerror}") from None
    return Exported(folder, archive, found.rows, len(written), to_read, left_out)


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found of a person: the rows by place, all of their scope, and how the staff in them is called."""

    person: DataSubject
    scope: SubjectScope
    contents: dict[str, Any]
    staff: frozenset[str]

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return sum(len(each["lignes"]) for each in self.contents["donnees"].values())


def collected(settings: Settings, store: Store, person: DataSubject) -> Collected:
    """Return all rows of a person, those of open and held cases, too, with how many of each place these are.

    Args:
        settings: where things lie beside the store.
        store: read alone.
        person: whose data.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    with store.database.reading() as connection:
        scope = rows_of(connection, person, to_read=True).whole
        gathered = [
            (place, [row for part in scope.parts() for row in place.export(connection, part)]) for place in PLACES
        ]
        staff = _staff(connection, [row for _place, rows in gathered for row in rows])
        ours = our_people(connection)
        found: dict[str, Any] = {}
        given: list[tuple[DataPlace, int]] = []
        for place, rows in gathered:
            own_rows = (
                _unnamed(_of_the_person(place.name, row, person, ours), staff)
                for row in rows
                if place.name != events.name or row["what"] not in _REGISTERED
            )
            kept = {json.dumps(row, sort_keys=True, default=_plain): row for row in own_rows}
            given.append((place, len(kept)))
            if kept:
                # Several places may be of one table.
                told_of = found.setdefault(place.name, {"contenu": place.holds, "lignes": []})
                told_of["lignes"] += kept.values()
        lines = list(in_store(connection, scope, given))
        if held := _held(connection, scope, ours):
            found[legal_holds.name] = {"contenu": _HOLDS, "lignes": held}
            lines.append(InventoryLine(legal_holds.name, _HOLDS, len(held), 0, ""))
        lines += outside_of_store(sought_outside(settings, connection, scope))
    told = {
        "personne": {
            "locataire": sorted(person.tenants),
            "adresses": sorted(person.addresses),
            "numeros": sorted(person.numbers),
        },
        "donnees": found,
        "inventaire": [line.as_json for line in lines],
    }
    return Collected(person, scope, told, staff)


def _held(connection: Connection, scope: SubjectScope, ours: OurPeople) -> list[dict[str, Any]]:
    """Return since when, by which role and why cases are held: nothing erases these rows, and no place has them."""
    found: list[dict[str, Any]] = []
    for some in slices(scope.case_ids):
        query = sa.select(legal_holds.c.case_id, legal_holds.c.since, legal_holds.c.who, legal_holds.c.why)
        for row in connection.execute(query.where(legal_holds.c.case_id.in_(some))):
            told = {"case_id": row.case_id, "since": row.since, "par": ours.agent(row.who), "why": row.why}
            found.append(told)
    return found


def _staff(connection: Connection, rows: list[dict[str, Any]]) -> frozenset[str]:
    """Return the names by which rows may tell of staff: those of accounts, and of whoever acted in these rows."""
    named = set(connection.execute(sa.select(accounts.c.name)).scalars())
    for row in rows:
        named |= {
            row[name] for name in ("owner", "booked_by", "confirmed_by", "entered_by", "ended_by") if row.get(name)
        }
        if "what" in row:
            named.add(row["who"])
    return frozenset(named - _ENGINE)


def _unnamed(row: Mapping[str, Any], staff: Collection[str]) -> dict[str, Any]:
    """Return a row whose nested values name nobody of the staff."""

    def without_staff(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_staff(each) for name, each in value.items()}
        if isinstance(value, list):
            return [without_staff(each) for each in value]
        return "un agent" if isinstance(value, str) and value in staff else value

    return {name: without_staff(value) if isinstance(value, dict | list) else value for name, value in row.items()}


def _of_the_person(table: str, row: Mapping[str, Any], person: DataSubject, ours: OurPeople) -> dict[str, Any]:
    """Return a row as the person may have it: agents are unnamed, and what concerns other people is left out.

    Args:
        table: which table it is of.
        row: its columns by their names.
        person: whose export it is.
        ours: who is one of us.
    """
    kept: dict[str, Any] = {}
    for name, value in row.items():
        staff = name in _STAFF_COLUMNS and (name != "who" or table in _STAFF_WHO)
        told = _in_words(value)
        kept[name] = ("le système" if told in _ENGINE else "un agent") if staff and told else told
    if table == "judgements":
        found = identification(kept["judgement"], person)
        kept["judgement"] = {name: kept["judgement"].get(name) for name in _OWN_PARTS} | {"identification": found}
        whole: Mapping[str, Any] = row["judgement"].get("decision") or {}
        kept["decision"] = {name: kept["decision"][name] for name in _DECIDED if name in kept["decision"]}
        kept["decision"] |= {"avertis": list(dict.fromkeys(map(receiver_of_notice, whole.get("notify") or ())))}
    elif table == "outbox":
        reason = kept.pop("reason")
        if kept["kind"] == "notice":
            kept |= dict.fromkeys(_ADDRESSEES) | {"destinataire": receiver_of_notice(reason)}
        else:
            kept |= {name: _recipients(kept.get(name), ours) for name in _ADDRESSEES}
    elif table == "register_entries":
        kept |= {name: ours.agent(row[name]) for name in ("entered_by", "ended_by") if kept[name] == "un agent"}
    elif table == "audit_trail":
        kept["who"] = ours.role(row["who"]) if row["who"] not in _ENGINE else kept["who"]
    elif table == "events":
        whom = (row["data"].get("changed") or {}).get("tenant_id")
        left_out = _OF_OTHERS | (_WHOM_WE_TOLD if kept["what"] in _NOTICES else {"told", "whom"})
        kept["data"] = {name: _own_changes(value) for name, value in kept["data"].items() if name not in left_out}
        kept["data"] |= {
            name: [each for each in kept["data"][name] if each[-1] in person.tenants]
            for name in ("confirmed", "withdrawn")
            if name in kept["data"]
        }
        kept["data"] |= {"locataire": [_by_relation(each, person) for each in whom]} if whom else {}
        kept["data"] |= {name: _recipients(kept["data"][name], ours) for name in _WRITTEN_TO if name in kept["data"]}
    return kept


def _by_relation(tenant_id: str | None, person: DataSubject) -> str:
    return "personne" if tenant_id is None else "vous" if tenant_id in person.tenants else "quelqu’un d’autre"


def _recipients(value: Any, ours: OurPeople) -> Any:
    """Return an address, or several, with what one of us is in place of theirs."""
    if isinstance(value, str):
        return ours.recipient(value)
    return [_recipients(each, ours) for each in value] if isinstance(value, list | tuple) else value


def _in_words(value: Any) -> Any:
    """Return a coded text, or several, in French; anything else as it is."""
    if isinstance(value, CodedText):
        return text_of(value)
    if isinstance(value, tuple):
        return [_in_words(each) for each in value]
    return value


def _own_changes(value: Any) -> Any:
    """Return the changes that an event holds without those that name other people; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if name not in _OF_OTHERS}


def _plain(value: Any, zone: tzinfo | None = None) -> str:
    if isinstance(value, datetime) and zone is not None:
        value = value.astimezone(zone)
    return value.isoformat() if isinstance(value, date) else str(value)


def _own_bodies(store: Store, found: Collected, mails: list[Any]) -> dict[int, bytes]:
    """Return the mails that the person may read, by the ids of their rows.

    A notice to staff repeats what was written in its case: it is left out where others wrote in that case, too, where
    it tells of another case, and where it names one of the staff.
    """
    theirs: set[int] = set()
    with store.database.reading() as connection:
        for some in slices(found.scope.case_ids):
            wrote = sa.select(contacts.c.case_id, contacts.c.id).where(contacts.c.case_id.in_(some))
            rows = connection.execute(wrote).all()
            others = {row.case_id for row in rows if row.id not in set(found.scope.contact_ids)}
            theirs |= set(some) - others
    numbers = set(found.scope.numbers)
    bodies = {}
    for mail in mails:
        raw = bytes(mail.raw)
        if mail.kind == OutgoingKind.NOTICE:
            text = f"{mail_subject(raw)}\n{mail_text(raw)}"
            named = any(re.search(rf"\b{re.escape(each)}\b", text, re.IGNORECASE) for each in found.staff)
            if mail.case_id not in theirs or named or set(CASE_NUMBER.findall(text)) - numbers:
                continue
        bodies[mail.id] = raw
    return bodies


def _say_own_words(contents: Mapping[str, Any], mails: list[Any]) -> None:
    """Add to the row of each notice how much it repeats of what the person wrote in its case."""

    def rows(table: str) -> list[dict[str, Any]]:
        return list(contents["donnees"].get(table, {}).get("lignes", ()))

    case_of = {row["id"]: row["case_id"] for row in rows(contacts.name)}
    said: dict[int | None, list[str]] = {}
    for row in rows(judgements.name):
        told = row["judgement"].get("contact") or {}
        said.setdefault(case_of.get(row["contact_id"]), []).append(told.get("new_text") or told.get("subject") or "")
    texts = {mail.id: mail_text(bytes(mail.raw)) for mail in mails if mail.kind == OutgoingKind.NOTICE}
    for row in rows(outbox.name):
        if row["kind"] == OutgoingKind.NOTICE:
            row[OWN_WORDS] = own_words(texts.get(row["id"], ""), said.get(row["case_id"], ())).value


def _say_where(
    contents: Mapping[str, Any], bodies: Mapping[int, bytes], written: Sequence[WrittenFile], kept_back: Collection[int]
) -> None:
    """Add to each row whose words are no part of it the words, the file that has them, or why neither is there."""
    names = {(each.table, each.id): each.name for each in written}

    def rows(table: str) -> list[dict[str, Any]]:
        return list(contents["donnees"].get(table, {}).get("lignes", ()))

    for row in rows(outbox.name):
        if row["id"] in kept_back:
            row[ABSENT] = NOT_GIVEN
        elif row["kind"] != OutgoingKind.NOTICE:
            row["fichier"] = names.get((outbox.name, row["id"]))
        elif row["id"] in bodies:
            row |= {"objet": mail_subject(bodies[row["id"]]), "texte": mail_text(bodies[row["id"]])}
        else:
            row[ABSENT] = NOT_THEIRS
    for row in rows(arrival_bodies.name):
        row["fichier"] = names.get((arrivals.name, row["arrival_id"]))
        if row["fichier"] is None:
            row["fichier_absent"] = "noté par un agent ou par le standard : ses mots sont dans « judgements »"
    for table, key in ((files.name, "id"), (file_pieces.name, "file_id")):
        for row in rows(table):
            row["fichier"] = names.get((files.name, row[key]))


def _say_safety(store: Store, contents: Mapping[str, Any], knowledge: Knowledge | None) -> None:
    """Add to the row of each case in which somebody was in danger, or may be, whether they were told what to do."""
    rows: Mapping[str, Any] = contents["donnees"]
    mails = {row["id"]: row for row in rows.get(outbox.name, {}).get("lignes", ())}
    answered = {row["case_id"] for row in mails.values() if row["urgency"] == Urgency.DANGER}
    for row in rows.get(cases.name, {}).get("lignes", ()):
        if row["alarm_level"] != AlarmLevel.NONE or row["id"] in answered:
            words = safety_words(store, store.cases.get(row["number"]), knowledge, of_possible=True)
            if words is not None:
                row[SAFETY] = as_data(words, mails[words.outgoing]["to_address"] if words.outgoing in mails else "")


def _say_answered(store: Store, contents: Mapping[str, Any]) -> None:
    """Add to the row of each case whether one of us has answered since it was opened."""
    rows = contents["donnees"].get(cases.name, {}).get("lignes", ())
    found = store.timers.answered([row["id"] for row in rows])
    for row in rows:
        row[ANSWERED] = row["id"] in found


def _write(path: Path, octets: bytes) -> None:
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.write_bytes(octets)
    path.chmod(0o600)


def _write_messages(store: Store, scope: SubjectScope, folder: Path, zone: tzinfo) -> Iterator[WrittenFile]:
    """Write the messages as they came, but for what we wrote down ourselves; yield what was written."""
    for some in slices(scope.arrival_ids, 20):
        came = sa.select(arrivals.c.id, arrivals.c.received_at, arrivals.c.media_type, arrival_bodies.c.raw)
        came = came.add_columns(cases.c.number)
        came = came.join(arrival_bodies).join(contacts, contacts.c.arrival_id == arrivals.c.id)
        came = came.outerjoin(cases, cases.c.id == contacts.c.case_id)
        came = came.where(arrivals.c.id.in_(some), contacts.c.channel.not_in(_OUR_RECORDS))
        with store.database.reading() as connection:
            rows = connection.execute(came).all()
        for row in rows:
            at = row.received_at.astimezone(zone)
            name = f"{_MESSAGES}/{at:%Y-%m-%d}-{_of_case(row)}-recu-{row.id}{_ending(row.media_type)}"
            _write(folder / name, bytes(row.raw))
            told = f"message reçu le {at:%d/%m/%Y à %H:%M}, {_of_case(row).replace('-', ' ', 1)}"
            yield WrittenFile(name, told, arrivals.name, row.id)
            if row.media_type == "message/rfc822":
                yield from _write_attached(bytes(row.raw), folder, name.removesuffix(".eml"), told, row.id)


def _write_attached(raw: bytes, folder: Path, stem: str, told: str, arrival_id: int) -> Iterator[WrittenFile]:
    """Write the files that came with a message beside it: not everybody can open the message as it came."""
    parts = message_from_bytes(raw, policy=policy.default).walk()
    for number, part in enumerate(part for part in parts if part.get_filename()):
        name = f"{stem}-{number + 1}-{_safe(part.get_filename() or '')}"
        octets = part.get_payload(decode=True)
        if not isinstance(octets, bytes):
            # A message that was attached as it is.
            octets = b"".join(each.as_bytes() for each in part.iter_parts())
        _write(folder / name, octets)
        yield WrittenFile(name, f"{part.get_filename()}, joint au {told}", ATTACHED, arrival_id)


def _of_case(row: Any) -> str:
    return f"dossier-{row.number}" if row.number else "sans-dossier"


def _ending(media_type: str) -> str:
    return _MARKS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


def _mails(store: Store, scope: SubjectScope) -> list[Any]:
    """Return the mails that went out, or are to, in the person's cases, and those to them in others'; notices, too."""
    found: dict[int, Any] = {}
    addresses = tuple(scope.person.addresses) if scope.person is not None else ()
    wanted = [outbox.c.case_id.in_(some) for some in slices(scope.case_ids, 20)]
    wanted += [outbox.c.to_address.in_(addresses)] if addresses else []
    for condition in wanted:
        of_mail = outbox.c
        columns = (of_mail.id, of_mail.case_id, of_mail.kind, of_mail.created_at, of_mail.raw, of_mail.message_id)
        sent = sa.select(*columns, cases.c.number).outerjoin(cases, cases.c.id == outbox.c.case_id).where(condition)
        with store.database.reading() as connection:
            found |= {mail.id: mail for mail in connection.execute(sent)}
    return list(found.values())


def _write_mails(mails: list[Any], folder: Path, zone: tzinfo) -> Iterator[WrittenFile]:
    for mail in mails:
        at = mail.created_at.astimezone(zone)
        name = f"{_SENT}/{at:%Y-%m-%d}-{_of_case(mail)}-envoye-{mail.id}.eml"
        _write(folder / name, bytes(mail.raw))
        yield WrittenFile(
            name,
            f"courriel envoyé le {at:%d/%m/%Y à %H:%M}, {_of_case(mail).replace('-', ' ', 1)}",
            outbox.name,
            mail.id,
        )


def _write_files(store: Store, scope: SubjectScope, folder: Path) -> Iterator[WrittenFile]:
    """Write what agents attached; yield what was written."""
    for some in slices(scope.case_ids):
        with store.database.reading() as connection:
            rows = connection.execute(sa.select(files.c.id, files.c.name).where(files.c.case_id.in_(some))).all()
        for row in rows:
            name = f"{_FILES}/{row.id}-{_safe(row.name)}"
            _write(folder / name, b"".join(store.files.pieces(row.id)))
            yield WrittenFile(name, f"fichier joint par un agent : {row.name}", files.name, row.id)


def _safe(name: str) -> str:
    return _NAME.sub("_", name).strip(".")[-_LONGEST_NAME:] or "piece"


def _names(settings: Settings, store: Store, in_force: SiteConfiguration | None) -> ExportNames:
    """Return how things are called, by the directory and the rules in force; by codes where these cannot be read."""
    if in_force is None:
        try:
            directory = Directory(store.directory.load())
        except NoDirectoryError:
            directory = Directory(Records())
        return ExportNames(Names(directory, {}, settings.zone))
    rules = in_force.rules
    topics = {code: topic.label for code, topic in rules.reader.topics.items()}
    queues = {each.id: each.label for each in rules.queues.values()}
    return ExportNames(Names(in_force.directory, topics, settings.zone), queues)
