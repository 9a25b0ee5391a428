"""Copies of a person's data outside of the store: the intake journal, folders of messages, rule tests, pages, logs.

Each declares how it finds what is a person's and how that goes; what nothing of ours can reach is listed for a person
to see to.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from dtm_contact.backup import backups_in
from dtm_contact.journal import erase_records, records_to_erase
from dtm_contact.log import get_log
from dtm_contact.privacy.packed_places import is_test_of
from dtm_contact.privacy.subject import SubjectScope
from dtm_contact.rules.rule_tests import TESTS_FOLDER
from dtm_contact.settings import Settings
from dtm_contact.store.restores import address_digest

_LARGEST_LOOKED_AT: Final = 512 * 1024 * 1024
_LABELS: Final = "truth.jsonl"
_log = get_log("privacy")


@dataclass(frozen=True, slots=True)
class Erasing:
    """What is looked for outside of the store.

    Attributes:
        settings: where things lie.
        scope: the person, and the numbers of their cases.
        arrival_erased: whether an arrival, by channel and external id, is one of those that go.
        message_ids: the Message-IDs of their messages, by which copies of them are found.
    """

    settings: Settings
    scope: SubjectScope
    arrival_erased: Callable[[str, str], bool]
    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyPlace:
    """A place outside of the store.

    Attributes:
        name: for plans and certificates.
        holds: what lies there, in French.
        find: returns how much of a person lies there.
        erase: erases it and returns how much; None where a person has to see to it.
    """

    name: str
    holds: str
    find: Callable[[Erasing], int]
    erase: Callable[[Erasing], int] | None


def _journal_find(erasing: Erasing) -> int:
    folder = erasing.settings.journal.dir
    return records_to_erase(folder, erasing.arrival_erased, _sent_to(erasing)) if folder else 0


def _journal_erase(erasing: Erasing) -> int:
    folder = erasing.settings.journal.dir
    return erase_records(folder, erasing.arrival_erased, _sent_to(erasing)) if folder else 0


def _sent_to(erasing: Erasing) -> Callable[[str, str], bool]:
    """Return what tells, by the digest of the address and the case number, whether something sent was sent to them."""
    person, numbers = erasing.scope.person, frozenset(erasing.scope.numbers)
    digests = frozenset(address_digest(each) for each in person.addresses) if person else frozenset()
    return lambda digest, number: digest in digests or number in numbers


def _tests(erasing: Erasing) -> Iterator[Path]:
    for path in sorted((erasing.settings.rules.dir / TESTS_FOLDER).glob("*.yaml")):
        if is_test_of(path.name, path.read_text(encoding="utf-8", errors="replace"), erasing.scope):
            yield path


def _in_folders(erasing: Erasing) -> Iterator[Path]:
    for folder in erasing.settings.privacy.folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink() and path.name != _LABELS and holds_person(path, erasing):
                yield path


def holds_person(path: Path, erasing: Erasing) -> bool:
    """Return whether a file holds one of a person's messages, or what is theirs alone."""
    person = erasing.scope.person
    sought = [*(person.needles if person else ()), *erasing.message_ids]
    if not sought or path.stat().st_size > _LARGEST_LOOKED_AT:
        return False
    content = path.read_bytes().lower()
    return any(each.lower().encode() in content for each in sought)


def _erase_in_folders(erasing: Erasing) -> int:
    gone = list(_in_folders(erasing))
    for path in gone:
        _forget_label(path)
        overwrite_and_unlink(path)
    return len(gone)


def _forget_label(path: Path) -> None:
    """Take the line of a labelled message out of its folder's labels."""
    labels = path.parent / _LABELS
    if not labels.exists():
        return
    lines = labels.read_text(encoding="utf-8").splitlines(keepends=True)
    left = [line for line in lines if f'"{path.name}"' not in line]
    if len(left) < len(lines):
        written = labels.with_name(f".{_LABELS}.new")
        written.write_text("".join(left), encoding="utf-8")
        written.replace(labels)


def overwrite_and_unlink(path: Path) -> None:
    """Delete a file whose octets are zeros before, so that none lies in the free room of a plain disk."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _erase_tests(erasing: Erasing) -> int:
    gone = list(_tests(erasing))
    for path in gone:
        overwrite_and_unlink(path)
    return len(gone)


def _in_file(path: Path | None, erasing: Erasing) -> int:
    return int(path is not None and path.is_file() and holds_person(path, replace(erasing, message_ids=())))


def _danger_pages(erasing: Erasing) -> int:
    folder = erasing.settings.danger.folder
    pages = sorted(folder.glob("*")) if folder and folder.is_dir() else ()
    return sum(_in_file(path, erasing) for path in pages)


def _logs(erasing: Erasing) -> int:
    file = erasing.settings.log.file
    pages = sorted(file.parent.glob(f"{file.name}*")) if file and file.parent.is_dir() else ()
    return sum(_in_file(path, erasing) for path in pages)


def _backups(erasing: Erasing) -> int:
    folder = erasing.settings.backup.dir
    # The backups alone, and not the notes beside them.
    return len(backups_in(folder)) if folder and folder.is_dir() else 0


def _mailbox(erasing: Erasing) -> int:
    return len(erasing.message_ids) if {"imap", "graph"} & set(erasing.settings.channels) else 0


COPIES: Final[list[CopyPlace]] = [
    CopyPlace("journal", "le journal des arrivées", _journal_find, _journal_erase),
    CopyPlace("rule tests", "les essais de règles", lambda erasing: len(list(_tests(erasing))), _erase_tests),
    CopyPlace("folders", "les dossiers de copies", lambda erasing: len(list(_in_folders(erasing))), _erase_in_folders),
    CopyPlace(
        "danger pages", "la page des urgences ouvertes : elle s’efface quand le dossier est clos", _danger_pages, None
    ),
    CopyPlace("logs", "les journaux du programme : ils ne doivent nommer personne", _logs, None),
    CopyPlace(
        "mailbox", "les originaux dans la boîte aux lettres : à supprimer par son administrateur", _mailbox, None
    ),
    CopyPlace(
        "backups", "les sauvegardes : elles partent par leur âge, et une restauration efface à nouveau", _backups, None
    ),
]
"""Every place outside of the store that may hold something of a person."""
