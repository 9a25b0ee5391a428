"""Taking a mailbox over as an operator types it: no daemon, dangers asked for at a terminal, and the way back."""

import os
import pty
import select
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.directory import read_export
from dtm_contact.model import IMPORTED, Priority
from dtm_contact.store import open_store
from dtm_contact.store.imports import ImportedMail
from tests.cli.conftest import ROOT, Program
from tests.outbound.engine import engine
from tests.takeover.mails import mail
from tests.takeover.test_folders import mbox

TRAPPED = "Je suis bloquée dans l'ascenseur, venez vite !"
_SECONDS = 120.0


@pytest.fixture
def store_url(environment: dict[str, str], tmp_path: Path) -> str:
    """A store into which an import has brought two dangers of the last hours, and something else."""
    now = datetime.now(UTC)
    with engine(tmp_path) as running:
        running.store.directory.save(read_export(ROOT / "tests" / "directory" / "good")[0], "test", now)
        begun = running.store.imports.begin("mbox old", "anne", now)
        for number, text in enumerate((TRAPPED, f"{TRAPPED} Au 4e.", "Mon robinet goutte un peu.")):
            raw = mail(number, text, now - timedelta(hours=3), Subject=f"Message {number}")
            case = running.take(raw, "nadia@free.example", now, channel=IMPORTED)
            assert case is not None
            arrival = running.store.arrivals.get(running.store.cases.get(case).contacts[0].arrival_id)
            running.store.imports.accept(begun.id, [ImportedMail(arrival, now - timedelta(hours=3))])
    return environment["DTM_STORE_URL"]


def at_a_terminal(environment: dict[str, str], answers: str, *arguments: str) -> tuple[int, str]:
    """Run a command that reads what somebody types; return its exit status and all that the terminal showed."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "dtm_contact", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    os.write(leader, answers.encode())
    shown = b""
    while select.select([leader], [], [], _SECONDS)[0]:
        try:
            shown += os.read(leader, 65536)
        except OSError:
            # The other end is closed: it has ended.
            break
    os.close(leader)
    return process.wait(_SECONDS), shown.decode()


def test_without_a_daemon_nothing_is_taken_over(program: Program, store_url: str, tmp_path: Path) -> None:
    mbox(tmp_path / "old", mail(7, "Fuite"))
    done = program("mailbox", "import", "--mbox", str(tmp_path / "old"))
    assert (done.returncode, "No daemon runs on this store" in done.stderr) == (1, True)
    with open_store(store_url) as store:
        assert len(store.arrivals.listing()) == 3


def test_one_mailbox_is_named(program: Program, store_url: str, tmp_path: Path) -> None:
    del store_url
    mbox(tmp_path / "old", mail(7, "Fuite"))
    done = program("mailbox", "import", "--mbox", str(tmp_path / "old"), "--folder", "INBOX")
    assert (done.returncode, "name one of" in done.stderr) == (2, True)


def test_dangers_are_asked_for_one_by_one(environment: dict[str, str], store_url: str) -> None:
    sending = {**environment, "DTM_OUTBOUND_HOST": "relay.example", "DTM_RULES_OBSERVE": "false"}
    status, shown = at_a_terminal(sending, "confirm\nno\nsortie hier soir\n", "mailbox", "dangers", "--as", "claire")
    assert status == 0, shown
    assert "Danger 1 of 2" in shown
    assert "subject  Message 0" in shown
    assert "The import of mbox old is ended." in shown
    with open_store(store_url) as store:
        first, second = (store.cases.get(f"{datetime.now(UTC).year}-00000{number}") for number in (1, 2))
    confirmed = next(each for each in reversed(first.events) if each.who == "claire")
    assert (first.case.priority, confirmed.data["told"] != []) == (Priority.P1, True)
    assert (second.case.priority, second.events[-1].data["reason"]) == (Priority.P2, "sortie hier soir")


def test_without_a_terminal_they_are_listed_and_the_exit_status_says_so(program: Program, store_url: str) -> None:
    del store_url
    listed = program("mailbox", "dangers")
    assert (listed.returncode, listed.stdout.count("Message")) == (1, 2)
    number = f"{datetime.now(UTC).year}-000001"
    assert "--no wants --why" in program("mailbox", "dangers", "--no", number).stderr
    assert "no danger waits in 2020-000001" in program("mailbox", "dangers", "--confirm", "2020-000001").stderr
    declined = program("mailbox", "dangers", "--no", number, "--why", "vu hier")
    assert (declined.returncode, declined.stdout.count("Message")) == (1, 1)


def test_open_cases_are_given_back_and_classes_of_data_left_out(
    program: Program, store_url: str, tmp_path: Path
) -> None:
    del store_url
    number = f"{datetime.now(UTC).year}-000003"
    assert program("case", "note", number, "vu avec le plombier", "--as", "anne").returncode == 0
    given = program("mailbox", "give-back", "--mbox", str(tmp_path / "back"))
    assert given.returncode == 0, given.stderr
    assert "all 3 cases are there, read again: 3 messages, and a summary of each case" in given.stdout
    whole = b"".join(path.read_bytes() for path in (tmp_path / "back").glob("*.mbox"))
    assert b"vu avec le plombier" in whole
    assert "is there already" in program("mailbox", "give-back", "--mbox", str(tmp_path / "back")).stderr
    (tmp_path / "file").touch()
    nowhere = program("mailbox", "give-back", "--mbox", str(tmp_path / "file" / "back"))
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (1, 1)
    assert nowhere.stderr.startswith(f"dtm-contact: Not a directory: {tmp_path}/file/")
    bare = program(
        "mailbox", "give-back", "--mbox", str(tmp_path / "bare"), "--leave-out", "content", "--leave-out", "staff"
    )
    assert bare.returncode == 0, bare.stderr
    without = b"".join(path.read_bytes() for path in (tmp_path / "bare").glob("*.mbox"))
    assert b"vu avec le plombier" not in without
    assert b"anne" not in without
