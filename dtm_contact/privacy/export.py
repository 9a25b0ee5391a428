"""One person's data to take along (GDPR articles 15 and 20): a page in French, JSON, the messages as they came."""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from dtm_contact.errors import DtmContactError
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import Channel, CodedText
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.subject import DataSubject, SubjectScope, rows_of, slices
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.schema import arrival_bodies, arrivals, outbox
from dtm_contact.store.writing_schema import files
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
_DECIDED: Final = ("kind", "queue", "priority", "due", "topics", "rule", "rules_version")
"""What of a decision is the person's; whom else it might have been about is not."""
_OF_OTHERS: Final = frozenset({"tenant_id", "dwelling_id", "residence_id", "concerned", "who"})
_STAFF_WHO: Final = frozenset({"events", "alarm_labels", "audit_trail"})
"""Tables whose `who` is one of us; elsewhere it is the person."""
_MARKS: Final = {"message/rfc822": ".eml", "application/json": ".json", "text/plain": ".txt", "text/csv": ".csv"}


class ExportError(DtmContactError):
    """The export cannot be written."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export: its folder and zip file, the rows in it, and the messages and files beside."""

    folder: Path
    archive: Path
    rows: int
    files: int


def export_person(settings: Settings, store: Store, person: DataSubject, folder: Path, now: datetime) -> Exported:
    """Write all that is kept of a person into a new folder, and a zip file of it beside.

    What others wrote is left out, and which of the staff did what.

    Args:
        settings: the offices' zone and the controller.
        store: read alone.
        person: whose data.
        folder: where to; it must not be there yet.
        now: the time, aware.

    Raises:
        ExportError: the folder is there already, or cannot be written.
        StoreUnavailableError: the store cannot be read.
    """
    archive = folder.with_name(f"{folder.name}.zip")
    if archive.exists():
        raise ExportError(worded("{path} is there already: name a new folder", path=f"{archive}"))
    try:
        folder.mkdir(parents=True, mode=0o700)
        found = collected(store, person)
        written = [*_write_messages(store, found.scope, folder), *_write_files(store, found.scope, folder)]
        _write(folder / _DATA, json.dumps(found.contents, ensure_ascii=False, indent=1, default=_plain).encode())
        _write(folder / _PAGE, page(settings, found, written, now).encode())
        archive.touch(0o600, exist_ok=False)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as to:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    to.write(path, f"{folder.name}/{path.relative_to(folder)}")
    except FileExistsError:
        raise ExportError(worded("{path} is there already: name a new folder", path=f"{folder}")) from None
    except OSError as error:
        raise ExportError(f"{folder}: {error.strerror}") from None
    return Exported(folder, archive, found.rows, len(written))


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found of a person: the rows by place, and all of their scope."""

    person: DataSubject
    scope: SubjectScope
    contents: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return sum(len(each["lignes"]) for each in self.contents["donnees"].values())


def collected(store: Store, person: DataSubject) -> Collected:
    """Return all rows of a person, those of open and held cases, too.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    with store.database.reading() as connection:
        scope = rows_of(connection, person, to_read=True).whole
        found: dict[str, Any] = {}
        for place in PLACES:
            rows = [row for part in scope.parts() for row in place.export(connection, part)]
            own_rows = (_of_the_person(place.name, row) for row in rows)
            kept = {json.dumps(row, sort_keys=True, default=_plain): row for row in own_rows}
            if kept:
                found[place.name] = {"contenu": place.holds, "lignes": list(kept.values())}
    told = {
        "personne": {
            "locataire": sorted(person.tenants),
            "adresses": sorted(person.addresses),
            "numeros": sorted(person.numbers),
        },
        "donnees": found,
    }
    return Collected(person, scope, told)


def _of_the_person(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the person may have it: agents are unnamed, and what concerns other people is left out.

    Args:
        table: which table it is of.
        row: its columns by their names.
    """
    kept: dict[str, Any] = {}
    for name, value in row.items():
        staff = name in _STAFF_COLUMNS and (name != "who" or table in _STAFF_WHO)
        told = _in_words(value)
        kept[name] = ("le système" if told in _ENGINE else "un agent") if staff and told else told
    if table == "judgements":
        kept["judgement"] = {name: kept["judgement"].get(name) for name in _OWN_PARTS}
        kept["decision"] = {name: kept["decision"][name] for name in _DECIDED if name in kept["decision"]}
    elif table == "outbox":
        kept.pop("reason")
    elif table == "events":
        kept["data"] = {name: _own_changes(value) for name, value in kept["data"].items() if name not in _OF_OTHERS}
    return kept


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


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _write(path: Path, octets: bytes) -> None:
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.write_bytes(octets)
    path.chmod(0o600)


def _write_messages(store: Store, scope: SubjectScope, folder: Path) -> Iterator[tuple[str, str]]:
    """Write the messages as they came and as they were sent; yield the name of each file and what it is."""
    for some in slices(scope.arrival_ids, 20):
        came = sa.select(arrivals.c.id, arrivals.c.received_at, arrivals.c.media_type, arrival_bodies.c.raw)
        came = came.join(arrival_bodies).where(arrivals.c.id.in_(some))
        with store.database.reading() as connection:
            rows = connection.execute(came).all()
        for row in rows:
            name = f"{_MESSAGES}/{row.received_at:%Y-%m-%d}-{row.id}{_MARKS.get(row.media_type, '.bin')}"
            _write(folder / name, bytes(row.raw))
            yield name, f"message reçu le {row.received_at:%d/%m/%Y}"
    for some in slices(scope.case_ids, 20):
        sent = sa.select(outbox.c.id, outbox.c.created_at, outbox.c.raw).where(
            outbox.c.case_id.in_(some), outbox.c.kind != "notice"
        )
        with store.database.reading() as connection:
            letters = connection.execute(sent).all()
        for letter in letters:
            name = f"{_SENT}/{letter.created_at:%Y-%m-%d}-{letter.id}.eml"
            _write(folder / name, bytes(letter.raw))
            yield name, f"courriel envoyé le {letter.created_at:%d/%m/%Y}"


def _write_files(store: Store, scope: SubjectScope, folder: Path) -> Iterator[tuple[str, str]]:
    """Write what agents attached; yield the name of each file and what it is."""
    for some in slices(scope.case_ids):
        with store.database.reading() as connection:
            rows = connection.execute(sa.select(files.c.id, files.c.name).where(files.c.case_id.in_(some))).all()
        for row in rows:
            safe = _NAME.sub("_", row.name).strip(".")[-_LONGEST_NAME:] or "piece"
            name = f"{_FILES}/{row.id}-{safe}"
            _write(folder / name, b"".join(store.files.pieces(row.id)))
            yield name, "pièce jointe"


def page(settings: Settings, collected: Collected, written: Iterable[tuple[str, str]], now: datetime) -> str:
    """Return the page that a layman reads: who asked, what is kept, where each message lies."""
    zone = settings.zone

    def when(value: Any) -> str:
        return f"{value.astimezone(zone):%d/%m/%Y à %H:%M}" if isinstance(value, datetime) else ""

    def rows(name: str) -> list[dict[str, Any]]:
        return list(collected.contents["donnees"].get(name, {}).get("lignes", ()))

    title = "Vos données personnelles"
    parts = [
        f"<h1>{title}</h1>",
        f"<p>Copie établie le {now.astimezone(zone):%d/%m/%Y} au titre du droit d’accès (RGPD, articles 15 et 20)"
        + (f" par {escape(settings.privacy.controller)}" if settings.privacy.controller else "")
        + ". Ce que d’autres personnes ont écrit, et le nom des agents, n’y figurent pas.</p>",
        "<h2>Qui vous êtes pour nous</h2>",
        _list(
            [
                *(f"Locataire {each}" for each in sorted(collected.person.tenants)),
                *(f"Adresse électronique {each}" for each in sorted(collected.person.addresses)),
                *(f"Téléphone {each}" for each in sorted(collected.person.numbers)),
            ]
        ),
        "<h2>Vos dossiers</h2>",
        _table(
            ("Numéro", "Ouvert", "Clos", "Objet"),
            (
                (each["number"], when(each["opened_at"]), when(each["closed_at"]), each["subject"])
                for each in rows("cases")
            ),
        ),
        "<h2>Vos messages et appels</h2>",
        _table(
            ("Date", "Par", "Objet"),
            ((when(each["at"]), Channel(each["channel"]).label, each["subject"]) for each in rows("contacts")),
        ),
        "<h2>Les fichiers joints à cette copie</h2>",
        "<ul>"
        + "".join(f'<li><a href="{escape(name)}">{escape(name)}</a> : {escape(what)}</li>' for name, what in written)
        + "</ul>",
        "<h2>Tout ce qui est conservé</h2>",
        f'<p>Chaque ligne est dans <a href="{_DATA}">{_DATA}</a>.</p>',
        _table(
            ("Ce que c’est", "Lignes"),
            ((each["contenu"], str(len(each["lignes"]))) for each in collected.contents["donnees"].values()),
        ),
        "<h2>Vos droits</h2>",
        "<p>Vous pouvez demander de corriger ou d’effacer ces données, d’en limiter l’usage, ou vous y opposer"
        + (f", auprès de {escape(settings.privacy.officer)}" if settings.privacy.officer else "")
        + ". Vous pouvez saisir la CNIL (cnil.fr).</p>",
    ]
    style = (
        "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}"
    )
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head><body>\n{body}\n</body></html>\n"
    )


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>" if body else "<p>Rien.</p>"
