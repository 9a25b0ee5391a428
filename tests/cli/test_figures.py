"""`dtm-contact figures` and `board`, as they are started by hand."""

import json
from pathlib import Path

from dtm_contact.store import open_store
from tests.cli.conftest import ROOT, Program
from tests.store.fresh import fresh_store
from tests.store.samples import NOW, judgement, open_case


def filled(folder: Path, program: Program) -> None:
    fresh_store(f"sqlite:///{folder}/store.db")
    assert program("directory", "import", str(ROOT / "tests" / "directory" / "good")).returncode == 0
    with open_store(f"sqlite:///{folder}/store.db") as store:
        open_case(store, "one", judgement(), NOW)


def test_days_are_counted_and_shown(tmp_path: Path, program: Program) -> None:
    filled(tmp_path, program)
    told = program("figures", "rebuild", "--all")
    assert "Counted" in told.stdout
    assert told.returncode == 0
    shown = program("figures", "show", "--day", NOW.date().isoformat(), "--json")
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    rows = rows[0] if isinstance(rows[0], list) else rows
    assert [row["valeur"] for row in rows if row["chiffre"] == "opened" and row["bureau"] == "ensemble"] == [1]
    file = program("figures", "show", "--day", NOW.date().isoformat(), "--csv")
    assert file.stdout.startswith("\ufeff")


def test_a_day_that_is_none_is_told(tmp_path: Path, program: Program) -> None:
    filled(tmp_path, program)
    told = program("figures", "rebuild", "--since", "hier")
    assert told.returncode == 2
    assert "is no day; write for instance 2026-11-24" in told.stderr


def test_a_board_is_made_once_listed_and_revoked(tmp_path: Path, program: Program) -> None:
    fresh_store(f"sqlite:///{tmp_path}/store.db")
    made = program("board", "add", "hall")
    assert made.stdout.startswith("/tableau/")
    assert "already" in program("board", "add", "hall").stderr
    assert "hall" in program("board", "list").stdout
    assert program("board", "revoke", "hall").returncode == 0
    assert "no board" in program("board", "revoke", "hall").stderr
