"""`dtm-contact danger`: from the store, and where that is down as the daemon last wrote it."""

import re
from pathlib import Path

import pytest

from dtm_contact.danger_page import HTML, TEXT
from tests.cli.conftest import Program
from tests.outbound.engine import ROOT, Engine, engine
from tests.test_danger_page import AT, GAS


@pytest.fixture
def filled(tmp_path: Path) -> str:
    """Make a store with an open P1; return its number."""
    with engine(tmp_path) as running:
        running.store.directory.save(running.grounds.directory.records, "import", AT)
        return taken(running)


def taken(running: Engine) -> str:
    raw = GAS.format(number=1, subject="Odeur", text="Odeur de gaz \x1b[2J dans l'escalier").encode()
    number = running.take(raw, "marc@free.example", AT)
    assert number is not None
    return number


def test_it_prints_the_open_p1_from_the_store(program: Program, filled: str) -> None:
    done = program("danger", DTM_RULES_DIR=str(ROOT / "rules"))
    assert (done.returncode, done.stderr) == (0, "")
    assert filled in done.stdout
    assert "\x1b" not in done.stdout
    assert "<h2>" in program("danger", "--html", DTM_RULES_DIR=str(ROOT / "rules")).stdout


def test_with_the_store_down_it_prints_what_was_kept_and_says_so(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "danger"
    folder.mkdir()
    (folder / TEXT).write_text("kept text\n")
    (folder / HTML).write_text("<p>kept page\n")
    more = {"DTM_DANGER_FOLDER": str(folder), "DTM_STORE_URL": "postgresql://us:hush@127.0.0.1:1/dtm"}
    done = program("danger", **more)
    assert (done.returncode, done.stdout) == (0, "kept text\n")
    assert "connection refused): PostgreSQL at 127.0.0.1:1/dtm" in done.stderr
    assert f"{folder}/danger.txt was written 0 min ago" in done.stderr
    assert "hush" not in done.stderr
    assert program("danger", "--kept", "--html", **more).stdout == "<p>kept page\n"


@pytest.mark.parametrize(
    ("folder", "told"), [("", "set DTM_DANGER_FOLDER"), ("nowhere", "No such file or directory: .*nowhere/danger.txt")]
)
def test_without_a_page_it_says_why(program: Program, tmp_path: Path, folder: str, told: str) -> None:
    more = {"DTM_DANGER_FOLDER": str(tmp_path / folder)} if folder else {}
    done = program("danger", "--kept", **more)
    assert (done.returncode, done.stdout) == (1, "")
    assert "dtm-contact: There is no page of the open P1 on disk: " in done.stderr

    assert re.search(told, done.stderr)
