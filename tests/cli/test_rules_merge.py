"""`rules merge` as an operator types it: what is sound is taken, what conflicts waits, and nothing is ever lost."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.cli.test_rules import change

BEFORE = Path(__file__).parents[1] / "rules" / "good"


@pytest.fixture
def own(program: Program, tmp_path: Path) -> Path:
    """A site's rules that say what they began with."""
    assert program("store", "migrate").returncode == 0
    folder = tmp_path / "rules"
    shutil.copytree(BEFORE, folder)
    shutil.copytree(BEFORE, folder / ".shipped")
    change(folder, "label: Agence, comptes", "label: Agence, comptes et loyers", "queues.yaml")
    return folder


@pytest.fixture
def today(tmp_path: Path) -> Path:
    folder = tmp_path / "today"
    shutil.copytree(BEFORE, folder)
    return folder


def kept(own: Path) -> list[Path]:
    return list(own.parent.glob("rules.before-*"))


def test_what_does_not_conflict_is_taken_and_the_folder_before_is_kept(
    program: Program, own: Path, today: Path
) -> None:
    before = (own / "queues.yaml").read_text()
    change(today, "label: Bureau sud", "label: Bureau du sud", "queues.yaml")
    tried = program("rules", "merge", str(own), "--shipped", str(today), "--dry-run")
    assert (tried.returncode, tried.stdout.splitlines()) == (0, ["queues.yaml: changed queues / sud"])
    assert (own / "queues.yaml").read_text() == before
    done = program("rules", "merge", str(own), "--shipped", str(today))
    assert done.returncode == 0, done.stderr
    merged = (own / "queues.yaml").read_text()
    assert "label: Agence, comptes et loyers" in merged
    assert "label: Bureau du sud" in merged
    assert [(folder / "queues.yaml").read_text() for folder in kept(own)] == [before]
    again = program("rules", "merge", str(own), "--shipped", str(today))
    assert again.stdout == "nothing that is shipped has changed since, or you have it already\n"
    assert len(kept(own)) == 1


def test_a_conflict_is_told_and_kept_out_until_it_is_settled(program: Program, own: Path, today: Path) -> None:
    change(today, "label: Agence, comptes", "label: Agence, comptabilité", "queues.yaml")
    before = (own / "queues.yaml").read_text()
    done = program("rules", "merge", str(own), "--shipped", str(today))
    assert done.returncode == 1
    assert "comptes et loyers; shipped before Agence, comptes; shipped now Agence, comptabilité" in done.stderr
    assert (own / "queues.yaml").read_text() == before
    work = own.with_name("rules.merged")
    refused = program("rules", "check", str(work))
    assert (refused.returncode, "a conflict of `rules merge` stands here" in refused.stderr) == (1, True)
    assert program("rules", "merge", str(own), "--shipped", str(today)).returncode == 1
    assert program("rules", "merge", str(own), "--adopt").returncode == 1
    assert (own / "queues.yaml").read_text() == before
    (work / "queues.yaml").write_text(before)
    settled = program("rules", "merge", str(own), "--adopt")
    assert settled.returncode == 0, settled.stderr
    assert (len(kept(own)), work.exists()) == (1, False)


def test_merged_rules_whose_tests_fail_replace_nothing(program: Program, own: Path, today: Path) -> None:
    change(today, 'text: "Mon loyer", holds: false', 'text: "Mon loyer", holds: true')
    done = program("rules", "merge", str(own), "--shipped", str(today))
    assert done.returncode == 1
    assert "nothing was replaced" in done.stderr
    assert kept(own) == []


def test_without_what_it_began_with_nothing_is_merged(program: Program, own: Path, today: Path) -> None:
    shutil.rmtree(own / ".shipped")
    done = program("rules", "merge", str(own), "--shipped", str(today))
    assert (done.returncode, "name them by --base" in done.stderr) == (1, True)
    assert program("rules", "merge", str(own), "--shipped", str(today), "--base", str(BEFORE)).returncode == 0


def test_rules_of_a_newer_format_are_refused_with_words(program: Program, own: Path) -> None:
    path = own / "queues.yaml"
    path.write_text(f"format: 9\n{path.read_text()}")
    done = program("rules", "check", str(own))
    assert done.returncode == 1
    assert "these rules are of format 9, and this program reads formats up to 1" in done.stderr
