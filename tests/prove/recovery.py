"""A daemon that is killed while mail comes in, and whose database is destroyed then: what the commands bring back.

The machine is laid out by `init`; the backup is made while mail comes in; nothing but that and the intake journal is
left. The mail servers go on as they would: what had no 250 they hand over again, to the daemon that was set up anew.
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import psycopg
import sqlalchemy as sa

from tests.prove.audit import Audit, audit
from tests.prove.database import ROOT, Database, Place, PostgreSQL, Sqlite, on_sqlite
from tests.prove.fire import _settings_of
from tests.prove.kills import settled
from tests.prove.program import Program
from tests.prove.senders import Ledger, Senders, digest

_SESSIONS: Final = 4
_PAUSE: Final = 0.25
_SECONDS: Final = 600.0
_BODIES: Final = "SELECT raw FROM arrival_bodies"
_OF_ONE_CASE: Final = "SELECT count(*) FROM contacts WHERE case_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        before: mails whose 250 was seen before the kill; `after`: since the daemon was set up anew.
        window: of those before, how many the backup does not have.
        underway: mails that were handed over at least in part, and had no 250 when it was killed.
        audit: the restored store, held against all that the senders saw.
        in_cases: messages that lie in a case.
    """

    before: int
    after: int
    window: int
    underway: int
    audit: Audit
    in_cases: int

    @property
    def sound(self) -> bool:
        """Whether each mail whose 250 was seen is there once, and the trial was one."""
        return self.audit.sound and self.window > 0 and self.after > 0

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield "killed while mail comes in, the database destroyed, restored by the commands"
        for name in ("before", "window", "underway", "after", "in_cases"):
            yield f"  {name.replace('_', ' '):28}{getattr(self, name):8,}"
        yield from self.audit.lines()


async def prove_recovery(
    folder: Path, mails: int, random: Random, place: Place = on_sqlite, *, journal: bool = True
) -> Outcome:
    """Set up, take in so many mails and more, kill, destroy, restore, go on, and hold all of it against the senders.

    Without `journal` it is not taken in: the control, which must lose what came after the backup.
    """
    site, disk, mount = folder / "site", folder / "disk", folder / "mount"
    (folder / "backups").mkdir()
    disk.mkdir()
    with place(folder) as database:
        await _typed({}, "init", str(site))
        _set(site / "dtm-contact.toml", database.url, disk)
        program = _at(database, {"DTM_CONFIG": str(site / "dtm-contact.toml")})
        try:
            await program.started()
            async with Senders(program, random, _SESSIONS, _PAUSE) as senders:
                await _answered(senders.ledger, mails // 4)
                await _typed(program.environment, "backup", "--to", str(folder / "backups"), "--verify")
                await _answered(senders.ledger, max(mails, len(senders.ledger.answered) + mails // 4))
                await program.kill()
                seen, sent = set(senders.ledger.answered), set(senders.ledger.sent)
                shutil.rmtree(site)
                disk.rename(mount)
                with _destroyed(database, folder) as restored:
                    environment = await _restored(restored, folder)
                    window = seen - {digest(bytes(row[0])) for row in restored.rows(_BODIES)}
                    if journal:
                        await _typed(environment, "arrivals", "replay", str(mount))
                    # The same address for the senders, another daemon.
                    program.database, program.environment = restored, environment
                    await program.launch()
                    await program.started()
                    await senders.finish()
                    await settled(restored)
                    await program.kill()
                    return Outcome(
                        before=len(seen),
                        after=len(senders.ledger.answered - seen),
                        window=len(window),
                        underway=len(sent - seen),
                        audit=audit(senders.ledger, restored),
                        in_cases=int(restored.rows(_OF_ONE_CASE)[0][0]),
                    )
        finally:
            await program.kill()


def _set(file: Path, url: str, disk: Path) -> None:
    """Write into a settings file of `init` what an operator writes: where the store is, ports, the journal's disk."""
    text = file.read_text(encoding="utf-8")
    store = next(line for line in text.splitlines() if line.startswith('url = "sqlite:'))
    text = text.replace(store, f'url = "{url}"')
    for port in ("8025", "8026"):
        text = text.replace(f"\nport = {port}", "\nport = 0")
    text = text.replace("[desk]\nopen = true", "[desk]\nopen = false")
    file.write_text(f'{text}\n[journal]\ndir = "{disk}"\n', encoding="utf-8")


def _at(database: Database, own: Mapping[str, str]) -> Program:
    """Return the daemon of a machine whose settings file says all but what a trial needs of every daemon."""
    program = Program(database, environment=own)
    for name in ("DTM_STORE_URL", "DTM_RULES_DIR", "DTM_SMTP_PORT", "DTM_MONITOR_PORT"):
        del program.environment[name]
    return program


async def _restored(restored: Database, folder: Path) -> dict[str, str]:
    """Restore the backup by the commands of the manual, on a machine whose paths are others; return its settings."""
    (backup,) = (folder / "backups").glob("*.tar")
    new = folder / "new"
    new.mkdir()
    bare = Program(restored).environment
    moved = [f"{folder / 'site'}={new}", f"{folder / 'disk'}={folder / 'mount'}"]
    options = [word for each in moved for word in ("--moved", each)]
    await _typed(bare, "restore", str(backup), "--files", str(folder / "out"), *options)
    said = _settings_of(folder / "out" / "settings.env")
    environment = bare | said | {"DTM_STORE_URL": restored.url}
    await _typed(environment, "restore", str(backup))
    return environment


async def _typed(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a command as an operator types it.

    Raises:
        RuntimeError: it ended with a status other than 0.
    """
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "dtm_contact", *arguments],
        cwd=ROOT,
        env={"DTM_CONFIG": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")


async def _answered(ledger: Ledger, count: int) -> None:
    """Return once so many mails had their 250."""
    async with asyncio.timeout(_SECONDS):
        while len(ledger.answered) < count:
            await asyncio.sleep(0.005)


@contextmanager
def _destroyed(database: Database, folder: Path) -> Iterator[Database]:
    """Destroy a database for ever, and give an empty place of the same kind."""
    if isinstance(database, Sqlite):
        for each in folder.glob("store.db*"):
            each.unlink()
        yield Sqlite(folder / "new" / "data" / "store.db")
        return
    lost = sa.make_url(database.url)
    admin_url = lost.set(database="template1").render_as_string(hide_password=False)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{lost.database}" WITH (FORCE)'.encode())
        admin.execute(b"CREATE DATABASE recovered TEMPLATE template0")
    recovered = PostgreSQL(lost.set(database="recovered").render_as_string(hide_password=False))
    try:
        yield recovered
    finally:
        recovered.close()
