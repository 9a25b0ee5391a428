"""The rules that are and were in force, in the store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Problem
from dtm_contact.store import Store
from dtm_contact.store.rule_versions import pack, unpack

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def test_each_daemon_has_its_own_rules_in_force(store: Store) -> None:
    store.rule_versions.put_in_force("un", "aaa", b"first", NOW)
    store.rule_versions.put_in_force("deux", "bbb", b"second", LATER)
    assert [(each.daemon, each.version, each.since) for each in store.rule_versions.in_force()] == [
        ("deux", "bbb", LATER),
        ("un", "aaa", NOW),
    ]
    assert store.rule_versions.archive("aaa") == b"first"


def test_a_version_that_is_refused_leaves_the_other_in_force(store: Store) -> None:
    store.rule_versions.put_in_force("un", "aaa", b"first", NOW)
    store.rule_versions.refuse("un", "bad", [Problem("routing.yaml", 2, 1, "no")], LATER)
    (told,) = store.rule_versions.in_force()
    assert (told.version, told.refused, told.refused_at) == ("aaa", "bad", LATER)
    assert told.problems == ("routing.yaml:2:1: error: no",)
    store.rule_versions.clear_refusal("un")
    assert store.rule_versions.in_force()[0].refused is None


def test_what_was_in_force_is_told_in_its_order(store: Store) -> None:
    store.rule_versions.put_in_force("un", "aaa", b"first", NOW)
    store.rule_versions.refuse("un", "bad", [], LATER)
    store.rule_versions.put_in_force("un", "aaa", b"first", LATER)
    assert [(change.version, change.taken) for change in store.rule_versions.changes(10)] == [
        ("aaa", True),
        ("bad", False),
        ("aaa", True),
    ]


def test_the_last_good_rules_are_a_daemon_s_own_or_else_the_newest(store: Store) -> None:
    assert store.rule_versions.last_good("un") is None
    store.rule_versions.put_in_force("un", "aaa", b"first", NOW)
    store.rule_versions.put_in_force("deux", "bbb", b"second", LATER)
    assert store.rule_versions.last_good("un") == "aaa"
    assert store.rule_versions.last_good("trois") == "bbb"
    with pytest.raises(NotFoundError, match="version ccc"):
        store.rule_versions.archive("ccc")


def test_a_folder_is_packed_and_unpacked_as_it_is(tmp_path: Path) -> None:
    folder, copy = tmp_path / "rules", tmp_path / "copy"
    (folder / "answers").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in ("routing.yaml", "answers/reçu.fr.txt", "routing.yaml~", ".hidden", ".git/config"):
        (folder / name).write_bytes(b"caf\xe9")
    packed = pack(folder)
    assert packed == pack(folder)
    unpack(packed, copy)
    assert sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()) == [
        "answers/reçu.fr.txt",
        "routing.yaml",
    ]
    assert (copy / "routing.yaml").read_bytes() == b"caf\xe9"
