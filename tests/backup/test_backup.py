import errno
import fcntl
import json
import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.engine import Connection

from dtm_contact.backup import (
    BackupDamagedError,
    BackupError,
    Made,
    copy_store,
    keys_here,
    last_opening,
    make_backup,
    note_opening,
    restore,
    verify,
)
from dtm_contact.backup.archive import SETTINGS
from dtm_contact.backup.databases import body_digests, connection_of, snapshot, unpack_sqlite
from dtm_contact.backup.kept import backups_in, is_verified, mark_verified, rotate
from dtm_contact.backup.opening import Opening
from dtm_contact.backup.restoring import CannotRestoreError, take_out_files, user_named
from dtm_contact.cli import cli
from dtm_contact.errors import DaemonRunsError, DtmContactError
from dtm_contact.model import Limits, Outgoing, OutgoingKind, Priority
from dtm_contact.rules.folder_merge import SHIPPED_BEFORE
from dtm_contact.settings import HttpSettings, OidcSettings, OutboundSettings, RulesSettings, Settings
from dtm_contact.settings import rows as setting_rows
from dtm_contact.settings.common import shipped
from dtm_contact.settings.loading import load
from dtm_contact.store import Daemon, OutgoingBatch, Store, name_lock, open_store
from dtm_contact.store.database import Database
from tests.backup.conftest import RULES, at, needs
from tests.prove.program import chance
from tests.store.samples import NOW, arrival, claim, judgement, minutes, open_case

ME = user_named(os.geteuid())


def letter(name: str, kind: OutgoingKind = OutgoingKind.ANSWER) -> Outgoing:
    return Outgoing(kind, f"{kind} {name}", f"{name}@free.example", "us@x", f"{name}@us", name.encode())


def written(store: Store, external_id: str, *letters: Outgoing, priority: Priority = Priority.P3) -> str:
    """Open a case of an arrival for which something is to be sent; return its number."""
    mail = OutgoingBatch(lambda _number: letters, Limits(99, 99))
    number = store.cases.record(claim(store, external_id), judgement(priority=priority), {}, NOW, mail=mail)
    assert number is not None
    return number


def filled(store: Store) -> None:
    for number in range(12):
        open_case(store, f"a{number}", judgement())
    written(store, "answered", letter("sent"))
    claimed = store.outbox.claim("w", NOW)
    assert claimed is not None
    store.outbox.settle(claimed, "sent", "250", NOW)
    written(store, "to-answer", letter("waits"))
    store.arrivals.accept([arrival("large", raw=chance(1).randbytes(2_000_000)), arrival("waits")])


def made(site: Settings, folder: Path, **options: bool) -> Made:
    with open_store(site.store.url, read_only=True) as store:
        return make_backup(site, store, folder, NOW, keep=14, **{"secrets": False, "check": False, **options})


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a store holds, but for what a restore itself writes."""
    database = Database(url)
    with database.reading() as connection:
        names = sorted(set(sa.inspect(connection).get_table_names()) - {"restores", "unsure_arrivals", "case_numbers"})
        found = {}
        for name in names:
            columns = [
                each["name"] for each in sa.inspect(connection).get_columns(name) if each["name"] != "held_since"
            ]
            table = sa.table(name, *map(sa.column, columns))
            found[name] = sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
    database.close()
    return found


def test_a_backup_of_a_store_at_work_is_sound_and_comes_back(
    site: Settings, store: Store, tmp_path: Path, new_url: Callable[[], str]
) -> None:
    filled(store)
    backup = made(site, tmp_path / "backups", check=True)
    assert backup.path.stat().st_mode & 0o777 == 0o600
    assert is_verified(backup.path)
    found = verify(site, backup.path)
    assert (found.faults, found.loaded, found.arrivals) == ((), True, 16)
    assert found.manifest.counts["cases"] == 14
    restored = at(site, new_url())
    done = restore(restored, backup.path, minutes(60))
    assert rows(restored.store.url) == rows(site.store.url)
    assert [each.to for each in done.held] == ["waits@free.example"]


def test_two_backups_in_one_second_are_two_files(sqlite_site: Settings, sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    names = {made(sqlite_site, tmp_path).path for _ in range(3)}
    assert len(names) == 3
    assert set(backups_in(tmp_path)) == names
    assert [path.name for path in tmp_path.glob(".dtm-contact-partial*")] == []


def flipped(path: Path, place: int) -> Path:
    octets = bytearray(path.read_bytes())
    octets[place] ^= 1 << place % 8
    changed = path.with_name(f"{path.name.partition('.')[0]}-flipped{''.join(path.suffixes)}")
    changed.write_bytes(octets)
    return changed


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, object]:
    """Settings by which backups are encrypted by age, and opened again."""
    needs("age-keygen")
    identity = tmp_path / "identity"
    made = subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True, text=True)
    return {"age_recipient": made.stderr.split()[-1], "age_identity": identity}


def test_that_a_backup_was_opened_with_its_key_is_noted_until_the_key_is_gone(
    sqlite_url: str, keys: dict[str, object], tmp_path: Path
) -> None:
    site = at(Settings.defaults(), sqlite_url, **keys)
    with open_store(sqlite_url) as store:
        open_case(store, "one", judgement())
    path = made(site, tmp_path / "backups").path
    assert last_opening(path.parent) is None
    note_opening(site, path, verify(site, path).manifest, NOW)
    opening = last_opening(path.parent)
    identity = tmp_path / "identity"
    assert opening == Opening(NOW, path.name, str(keys["age_recipient"]), str(identity))
    assert keys_here(at(site, sqlite_url, age_identity=None), opening) == [str(identity)]
    identity.unlink()
    assert keys_here(site, opening) == []
    plain = made(at(site, sqlite_url, age_recipient=""), tmp_path / "plain").path
    assert note_opening(site, plain, verify(site, plain).manifest, NOW) is None


def test_a_secret_key_in_the_keyring_lies_on_this_machine(sqlite_url: str, gpg_key: str) -> None:
    site = at(Settings.defaults(), sqlite_url, gpg_key=gpg_key)
    assert keys_here(site, None) == ["the keyring of gpg"]
    assert keys_here(at(site, sqlite_url, gpg_key="nobody@site.example"), None) == []


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "age"])
def test_a_flipped_bit_anywhere_is_found(
    sqlite_url: str, request: pytest.FixtureRequest, tmp_path: Path, *, encrypted: bool
) -> None:
    key: dict[str, object] = request.getfixturevalue("keys") if encrypted else {}
    site = at(Settings.defaults(), sqlite_url, **key)
    with open_store(sqlite_url) as store:
        open_case(store, "one", judgement())
    path = made(site, tmp_path).path
    size = path.stat().st_size
    random = chance(7)
    # The first and last octets, where what is about the file itself stands, and others by chance.
    for place in {0, 1, 60, 300, 512, size - 1, size - 40, size - 90, *(random.randrange(size) for _ in range(30))}:
        with pytest.raises(BackupDamagedError):
            verify(site, flipped(path, place)).raise_faults()
    for end in (0, 10, size // 2, size - 1):
        cut = path.with_name(f"cut{''.join(path.suffixes[-2:])}")
        cut.write_bytes(path.read_bytes()[:end])
        with pytest.raises(BackupDamagedError):
            verify(site, cut).raise_faults()
    assert verify(site, path).faults == ()


def test_what_was_wrong_in_the_store_already_is_found(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path
) -> None:
    filled(sqlite_store)
    with sqlite_store.database.writing() as connection:
        connection.execute(sa.text("UPDATE arrivals SET state = 'judged' WHERE external_id = 'waits'"))
        connection.execute(sa.text("UPDATE case_numbers SET last = 3"))
    faults = verify(sqlite_site, made(sqlite_site, tmp_path).path).faults
    assert [fault.partition(" ")[0] for fault in faults] == ["1", "11"]
    with pytest.raises(BackupDamagedError, match="have no contact"):
        made(sqlite_site, tmp_path, check=True)


def test_octets_that_are_not_those_that_were_taken_out_are_found(sqlite_store: Store, tmp_path: Path) -> None:
    """A dump that loads otherwise than it was read: what the archive's own digests cannot see."""
    filled(sqlite_store)
    (tmp_path / "work").mkdir()
    taken = snapshot(sqlite_store.database, tmp_path / "work")
    copy = tmp_path / "copy.db"
    unpack_sqlite(taken.file, copy)
    with closing(sqlite3.connect(copy)) as driver, driver:
        driver.execute("UPDATE arrival_bodies SET raw = x'00' || substr(raw, 2) WHERE arrival_id = 3")
    with open_store(f"sqlite:///{copy}") as store, store.database.reading() as connection:
        found = b"".join(body_digests(connection)).splitlines()
    before = taken.bodies.splitlines()
    assert len(before) == 16
    assert [number for number, line in enumerate(found, 1) if line not in before] == [3]


def test_rotation_keeps_the_newest_and_the_last_that_was_verified(tmp_path: Path) -> None:
    paths = [tmp_path / f"dtm-contact-202611{day:02}T030000Z{more}.tar" for day in (1, 2, 3, 4) for more in ("", "-2")]
    for path in paths:
        path.write_bytes(b"backup")
    (tmp_path / "somebody-elses.tar").touch()
    mark_verified(paths[1])
    mark_verified(paths[2])
    assert stat.S_IMODE(paths[2].with_name(f"{paths[2].name}.verified").stat().st_mode) == 0o600
    # One that was cut since counts as not verified.
    mark_verified(paths[3])
    paths[3].write_bytes(b"back")
    erased = rotate(tmp_path, 2)
    assert set(backups_in(tmp_path)) == {paths[2], *paths[-2:]}
    assert len(erased) == 5
    assert (tmp_path / "somebody-elses.tar").exists()
    assert not (tmp_path / f"{paths[1].name}.verified").exists()


def test_a_store_that_lies_there_is_moved_aside_only_where_asked(
    site: Settings, store: Store, tmp_path: Path, new_url: Callable[[], str]
) -> None:
    filled(store)
    path = made(site, tmp_path / "backups").path
    restored = at(site, new_url())
    restore(restored, path, minutes(60))
    with open_store(restored.store.url) as later:
        later.arrivals.accept([arrival("since")])
    with pytest.raises(BackupError, match="--replace"):
        restore(restored, path, minutes(60))
    done = restore(restored, path, minutes(60), replace=True)
    assert done.moved
    with open_store(restored.store.url) as back:
        assert "since" not in {line.external_id for line in back.arrivals.listing()}


def disk_is_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_went_wrong_is_told_in_the_words_of_the_act(
    sqlite_url: str, keys: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = at(Settings.defaults(), sqlite_url, **keys)
    with open_store(sqlite_url) as store:
        open_case(store, "one", judgement())
    path = made(site, tmp_path / "backups").path
    place = at(site, f"sqlite:///{tmp_path}/new/store.db")
    keyless = at(place, place.store.url, age_identity=None)
    for act in (lambda: restore(keyless, path, minutes(60)), lambda: verify(keyless, path)):
        with pytest.raises(BackupError, match=r"^The backup cannot be used: dtm-contact-.* is encrypted by age"):
            act()
    with monkeypatch.context() as patch:
        patch.setattr("dtm_contact.backup.restoring.unpack_sqlite", disk_is_full)
        with pytest.raises(BackupError, match=r"^The restore broke off: the disk: No space left on device"):
            restore(place, path, minutes(60))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(BackupError, match=r"^The backup cannot be used: .* needs a program that is not installed: age"):
        restore(place, path, minutes(60))
    assert not (tmp_path / "new" / "store.db").exists()


def test_a_running_daemon_keeps_a_restore_away(site: Settings, store: Store, tmp_path: Path) -> None:
    filled(store)
    path = made(site, tmp_path / "backups").path
    lock = name_lock(store.database, Daemon.here(site.name))
    assert lock.acquire()
    with pytest.raises(DaemonRunsError, match="stop it first"):
        restore(site, path, minutes(60), replace=True)
    lock.release()


def test_a_damaged_backup_changes_nothing(sqlite_site: Settings, sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    path = made(sqlite_site, tmp_path / "backups").path
    before = rows(sqlite_site.store.url)
    with pytest.raises(BackupDamagedError):
        restore(sqlite_site, flipped(path, path.stat().st_size // 2), minutes(60), replace=True)
    assert rows(sqlite_site.store.url) == before


def refused_to_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system say that a folder may not be written, which root always may."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder and allowed(path, mode))


def with_rules(site: Settings, folder: Path) -> Settings:
    return site.model_copy(update={"rules": RulesSettings(dir=folder)})


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_of_rules_that_cannot_be_written_stops_the_restore_before_it_begins(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    filled(sqlite_store)
    path = made(sqlite_site, tmp_path / "backups").path
    rules, store = tmp_path / "etc" / "rules", tmp_path / "new" / "store.db"
    (rules if there else rules.parent).mkdir(parents=True)
    site = with_rules(at(sqlite_site, f"sqlite:///{store}"), rules)
    refused_to_write(rules if there else rules.parent, monkeypatch)
    told = f"belongs to {ME}, where {ME}, who restores, may not write; first, as root: install -d -o {ME} {rules}$"
    with pytest.raises(CannotRestoreError, match=told):
        restore(site, path, minutes(60))
    assert not store.parent.exists()


def test_a_disk_that_is_full_is_told_as_such(
    sqlite_site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtm_contact.backup.making.snapshot", disk_is_full)
    with pytest.raises(BackupError, match="No space left on device; free space there"):
        made(sqlite_site, tmp_path / "backups")


def test_a_folder_of_the_store_that_cannot_be_written_is_told_with_its_owner(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sqlite_store)
    path = made(sqlite_site, tmp_path / "backups").path
    folder = tmp_path / "new"
    folder.mkdir()
    refused_to_write(folder, monkeypatch)
    with pytest.raises(CannotRestoreError, match=f"install -d -o {ME} -m 700 {folder}$"):
        restore(at(sqlite_site, f"sqlite:///{folder}/store.db"), path, minutes(60))


def test_rules_come_back_for_all_to_read_with_what_they_were_merged_from(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path
) -> None:
    filled(sqlite_store)
    before, after = tmp_path / "rules", tmp_path / "later" / "rules"
    shutil.copytree(RULES, before)
    (before / SHIPPED_BEFORE / "answers").mkdir(parents=True)
    (before / SHIPPED_BEFORE / "answers" / "gaz.txt").write_text("as shipped")
    (before / ".git").mkdir()
    (before / ".git" / "config").write_text("an admin's")
    path = made(with_rules(sqlite_site, before), tmp_path / "backups").path
    site = with_rules(at(sqlite_site, f"sqlite:///{tmp_path}/new/store.db"), after)
    assert restore(site, path, minutes(60)).rules == after
    assert (after / SHIPPED_BEFORE / "answers" / "gaz.txt").read_text() == "as shipped"
    assert not (after / ".git").exists()
    modes = {stat.S_IMODE(each.stat().st_mode) for each in after.rglob("*") if each.is_dir()}
    assert (modes, stat.S_IMODE((after / "routing.yaml").stat().st_mode)) == ({0o755}, 0o644)


def test_a_restore_that_fails_takes_the_rules_away_again(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path
) -> None:
    filled(sqlite_store)
    path = made(sqlite_site, tmp_path / "backups").path
    (tmp_path / "rules").mkdir()
    site = with_rules(at(sqlite_site, f"sqlite:///{tmp_path}/new/store.db"), tmp_path / "rules")

    def fail(_connection: Connection, _at: datetime) -> None:
        raise BackupError("the record of erasures cannot be read")

    with pytest.raises(BackupError, match="record of erasures"):
        restore(site, path, minutes(60), done_again=fail)
    assert not list((tmp_path / "rules").iterdir())
    assert not (tmp_path / "new" / "store.db").exists()


def test_files_taken_out_can_be_read_by_the_service_once_they_are_copied(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sqlite_store)
    path = made(sqlite_site, tmp_path / "backups").path
    take_out_files(sqlite_site, path, tmp_path / "out")
    modes = {name: stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in ("rules/routing.yaml", SETTINGS)}
    assert modes == {"rules/routing.yaml": 0o644, SETTINGS: 0o640}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    with pytest.raises(CannotRestoreError, match="is there already"):
        take_out_files(sqlite_site, path, tmp_path / "out")
    refused_to_write(tmp_path, monkeypatch)
    with pytest.raises(CannotRestoreError, match=f"the files: {tmp_path} belongs to {ME}"):
        take_out_files(sqlite_site, path, tmp_path / "elsewhere")


def test_secrets_stay_out_unless_asked_for(sqlite_url: str, tmp_path: Path) -> None:
    secret = tmp_path / "smtp.password"
    secret.write_text("hunter2\n")
    outbound = OutboundSettings(host="smtp.example", password_file=secret, sender_name="L'office")
    site = at(Settings.defaults(), sqlite_url).model_copy(update={"outbound": outbound})
    plain = made(site, tmp_path / "without")
    assert plain.manifest.left_out == ("DTM_OUTBOUND_PASSWORD_FILE",)
    assert b"hunter2" not in plain.path.read_bytes()
    assert b"DTM_OUTBOUND_SENDER_NAME='L'\\''office'" in plain.path.read_bytes()
    full = made(site, tmp_path / "with", secrets=True)
    assert (full.manifest.left_out, b"hunter2" in full.path.read_bytes()) == ((), True)


def test_what_the_site_set_holds_on_a_machine_that_is_laid_out_anew(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default that the site had goes before what the file of a new machine says, and so does what it wrote."""
    monkeypatch.setenv("DTM_CONFIG", "")
    monkeypatch.setenv("DTM_STORE_URL", sqlite_url)
    monkeypatch.setenv("DTM_HTTP_SOURCES", json.dumps({"agence": {"tokens": str(tmp_path / "tokens")}}))
    monkeypatch.setenv("DTM_TIMEZONE", "Europe/Paris")
    before = load().settings
    take_out_files(before, made(before, tmp_path / "backups").path, tmp_path / "out")
    said = shlex.split((tmp_path / "out" / SETTINGS).read_text(), comments=True)
    assert "DTM_TIMEZONE=Europe/Paris" in said, "it was written, though as the default has it"
    monkeypatch.setenv("DTM_CONFIG", str(shipped("deploy") / "dtm-contact.toml"))
    assert load().settings.rules.observe
    for name, _, value in (line.partition("=") for line in said):
        monkeypatch.setenv(name, value)
    after = load().settings
    pairs = zip(setting_rows(before), setting_rows(after), strict=True)
    unlike = [name for (name, _, old, _), (_, _, new, _) in pairs if old != new]
    assert unlike == ["DTM_DESK_SOCKET", "DTM_BACKUP_DIR"], "a path that is unset cannot be said in an environment"


def test_every_file_of_a_secret_is_taken_in_by_the_name_of_its_setting(sqlite_url: str, tmp_path: Path) -> None:
    for name in ("provider", "tokens"):
        (tmp_path / name).write_text(f"secret-of-{name}\n")
    oidc = OidcSettings(secret_file=tmp_path / "provider")
    http = HttpSettings(sources={"agence": {"tokens": tmp_path / "tokens"}})
    site = at(Settings.defaults(), sqlite_url).model_copy(update={"oidc": oidc, "http": http})
    names = {"secrets/DTM_OIDC_SECRET_FILE": "provider", "secrets/DTM_HTTP_SOURCES_AGENCE_TOKENS": "tokens"}
    assert set(made(site, tmp_path / "without").manifest.left_out) == {Path(name).name for name in names}
    full = made(site, tmp_path / "with", secrets=True)
    assert names.keys() <= full.manifest.members.keys()
    assert all(f"secret-of-{told}".encode() in full.path.read_bytes() for told in names.values())


def test_a_password_in_an_address_is_a_secret(sqlite_url: str, tmp_path: Path) -> None:
    site = at(Settings.defaults(), sqlite_url, scratch_url="postgresql://me:hunter2@db/scratch")
    backup = made(site, tmp_path)
    assert b"hunter2" not in backup.path.read_bytes()
    assert backup.manifest.left_out == ("DTM_BACKUP_SCRATCH_URL",)


def test_a_program_that_is_not_there_is_named(
    sqlite_url: str, keys: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(BackupError, match=r"^The backup was not made: it needs a program that is not installed: age"):
        made(at(Settings.defaults(), sqlite_url, **keys), tmp_path / "backups")
    assert backups_in(tmp_path / "backups") == []


def test_a_recipient_that_is_none_makes_no_backup(sqlite_url: str, tmp_path: Path) -> None:
    site = at(Settings.defaults(), sqlite_url, age_recipient="age1nobody")
    with pytest.raises(BackupError, match=r"^The backup was not made: age failed"):
        made(site, tmp_path / "backups")
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [".dtm-contact.lock"]


@pytest.fixture
def gpg_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    needs("gpg")
    # The socket of its agent must have a short path.
    home = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    monkeypatch.setenv("GNUPGHOME", str(home))
    generate = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "backup@site.example", "default"]
    subprocess.run([*generate, "default", "never"], check=True, capture_output=True)
    yield "backup@site.example"
    subprocess.run(["gpgconf", "--kill", "all"], check=False)
    subprocess.run(["rm", "-rf", home], check=True)


def test_gpg_encrypts_and_finds_what_changed(sqlite_url: str, gpg_key: str, tmp_path: Path) -> None:
    site = at(Settings.defaults(), sqlite_url, gpg_key=gpg_key)
    path = made(site, tmp_path).path
    assert path.name.endswith(".tar.gpg")
    assert b"manifest" not in path.read_bytes()
    assert verify(site, path).faults == ()
    with pytest.raises(BackupDamagedError):
        verify(site, flipped(path, path.stat().st_size // 2))


def test_another_backup_at_work_is_told(sqlite_site: Settings, sqlite_store: Store, tmp_path: Path) -> None:
    filled(sqlite_store)
    with (tmp_path / ".dtm-contact.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another one is being made"):
            made(sqlite_site, tmp_path)


def test_a_manifest_of_another_program_is_told(sqlite_url: str, tmp_path: Path) -> None:
    site = at(Settings.defaults(), sqlite_url)
    with open_store(sqlite_url) as store, store.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database = Database(sqlite_url, read_only=True)
    backup = make_backup(site, Store(database), tmp_path, NOW, keep=3, secrets=False, check=False)
    database.close()
    with pytest.raises(BackupError, match="tables are of version 9999"):
        verify(site, backup.path)


def test_a_password_is_not_on_the_command_line() -> None:
    for told in ("postgresql://me:hunter2@db:5433/dtm?sslmode=require", "postgresql://me@db/dtm?password=hunter2"):
        uri, environment = connection_of(sa.make_url(told))
        assert "hunter2" not in uri
        assert environment["PGPASSWORD"] == "hunter2"


def test_a_store_is_copied_to_postgresql_with_its_sequences(sqlite_url: str, postgresql_url: str) -> None:
    with open_store(sqlite_url) as store:
        filled(store)
        key = store.outbox.signing_key()
        with store.database.writing() as connection:
            connection.execute(sa.text("DELETE FROM events WHERE id = (SELECT max(id) FROM events)"))
            last = connection.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")).scalar_one()
    counts = copy_store(sqlite_url, postgresql_url)
    assert counts["arrivals"] == 16
    with open_store(postgresql_url) as copied, open_store(sqlite_url) as original:
        assert copied.outbox.signing_key() == key
        assert [line.external_id for line in copied.arrivals.listing()] == [
            line.external_id for line in original.arrivals.listing()
        ]
        assert copied.arrivals.get(15) == original.arrivals.get(15)
        assert copied.cases.get("2026-000014") == original.cases.get("2026-000014")
        assert open_case(copied, "new", judgement()) == "2026-000015"
        with copied.database.reading() as connection:
            newest = connection.execute(sa.text("SELECT max(id) FROM events")).scalar_one()
        assert newest > last, "a number that readers have seen is not given again"
    with pytest.raises(DtmContactError, match="name an empty database"):
        copy_store(sqlite_url, postgresql_url)


def test_a_backup_does_not_hold_those_who_write(sqlite_url: str, tmp_path: Path) -> None:
    """The reader that copies sees one moment; writers go on beside it, on this very store."""
    with open_store(sqlite_url) as store:
        filled(store)
        site = at(Settings.defaults(), sqlite_url)
        before = time.monotonic()
        with open_store(sqlite_url, read_only=True) as reader, reader.database.reading() as connection:
            connection.execute(sa.text("SELECT count(*) FROM cases")).scalar_one()
            store.arrivals.accept([arrival("beside")])
            backup = made(site, tmp_path)
        assert time.monotonic() >= before
    assert backup.manifest.counts["arrivals"] == 17
    assert json.loads(backup.manifest.as_json())["daemon"] == "daemon"


def test_a_damaged_backup_leads_to_the_newest_sound_one_beside_it(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(sqlite_store)
    sound = made(sqlite_site, tmp_path / "b", check=True).path
    changed = made(sqlite_site, tmp_path / "b", check=True).path
    newest = made(sqlite_site, tmp_path / "b").path
    for path in (changed, newest):
        octets = bytearray(path.read_bytes())
        octets[len(octets) // 2] ^= 1
        path.write_bytes(octets)
    monkeypatch.setenv("DTM_STORE_URL", f"sqlite:///{tmp_path}/new/store.db")
    monkeypatch.setenv("DTM_JOURNAL_DIR", "/srv/journal")
    for command in ("verify", "restore"):
        error = CliRunner().invoke(cli, [command, str(newest)]).exception
        assert isinstance(error, BackupDamagedError)
        assert f"dtm-contact restore {sound}\n" in str(error)
        assert "arrivals replay /srv/journal" in str(error)


@pytest.mark.parametrize("checked", [True, False])
def test_a_backup_that_was_never_verified_is_looked_through_before_it_is_restored(
    sqlite_site: Settings, sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, checked: bool
) -> None:
    filled(sqlite_store)
    path = made(sqlite_site, tmp_path / "b", check=checked).path
    monkeypatch.setenv("DTM_STORE_URL", f"sqlite:///{tmp_path}/new/store.db")
    result = CliRunner().invoke(cli, ["restore", str(path)])
    assert result.exit_code == 0, result.output
    assert ("was never verified" in result.output) is not checked
    assert ("sound: " in result.output) is not checked
