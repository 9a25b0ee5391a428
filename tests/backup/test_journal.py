import os
import subprocess
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from dtm_contact.journal import (
    MAGIC,
    Journal,
    JournalError,
    SentRecord,
    arrivals_of,
    contents_of,
    files_of,
)
from dtm_contact.model import Arrival, Envelope
from tests.store.samples import NOW, arrival, minutes

SENT = SentRecord("a@b", "0" * 64, "answer", "recu", "2026-000042", NOW, (("smtp", "one"),))


def keep(folder: Path, *arrivals: Arrival) -> Path:
    """Write arrivals as records of their own, and return the one file of the journal."""
    journal = Journal(folder, 14, lambda: NOW)
    for each in arrivals:
        journal.append_arrivals([each])
    journal.close()
    (file,) = files_of(folder)
    return file


def kept(folder: Path) -> list[Arrival]:
    return list(arrivals_of(folder, lambda _channel, _key, _at: True))


def test_what_came_in_is_read_as_it_was(tmp_path: Path) -> None:
    envelope = Envelope("\udcff@x", ("a@b", "c@d"), "192.0.2.1", backlog=True)
    hostile = Arrival(
        "imap", "\ud800" * 300, minutes(3), "message/rfc822", envelope, bytes(range(256)) * 9, in_turn=True
    )
    at_rest = Arrival("asterisk_cdr", "call", NOW, "application/x-asterisk-call", None, b"")
    keep(tmp_path, arrival(), hostile, at_rest)
    assert kept(tmp_path) == [arrival(), hostile, at_rest]


def test_what_is_filled_ahead_costs_no_record(tmp_path: Path) -> None:
    """A daemon that is killed leaves zeros; one larger than these goes beyond them, and what follows goes behind it."""
    journal = Journal(tmp_path, 14, lambda: NOW)
    sizes = (0, 10, 3_000_000, 3_000_000, 5_000_000, 20, 9_000_000, 4_000_000, 1)
    arrivals = [arrival(f"a{number}", raw=bytes(size)) for number, size in enumerate(sizes)]
    for each in arrivals:
        journal.append_arrivals([each])
        found = contents_of(tmp_path)
        assert (found.torn, found.damaged) == (0, 0)
    assert kept(tmp_path) == arrivals
    journal.close()
    assert kept(tmp_path) == arrivals
    (file,) = files_of(tmp_path)
    assert file.stat().st_size < sum(sizes) + 5_000


def test_what_was_sent_and_the_numbers_are_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 14, lambda: NOW)
    journal.append_sent(SENT)
    journal.append_numbers({2025: 7, 2026: 9})
    journal.append_numbers({2026: 12})
    journal.append_arrivals([arrival()])
    found = contents_of(tmp_path)
    assert (found.sent, found.torn, found.damaged, found.gaps) == ([SENT], 0, 0, [])
    assert found.numbers == {2025: 7, 2026: 42}, "a case that something was sent for has a number, too"
    assert found.arrived == {("smtp", "one"): NOW}


def test_a_last_record_that_is_torn_anywhere_costs_nothing_else(tmp_path: Path) -> None:
    file = keep(tmp_path, arrival("one"), arrival("two", raw=b"x" * 40))
    whole = file.read_bytes()
    last = whole.rindex(MAGIC)
    for end in range(last + 1, len(whole)):
        file.write_bytes(whole[:end])
        assert [each.external_id for each in kept(tmp_path)] == ["one"]
        assert (contents_of(tmp_path).torn, contents_of(tmp_path).damaged) == (1, 0)


def test_a_flipped_bit_anywhere_costs_its_record_alone(tmp_path: Path) -> None:
    file = keep(tmp_path, arrival("one"), arrival("two"), arrival("three"))
    whole = file.read_bytes()
    expected = kept(tmp_path)
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        found = kept(tmp_path)
        told = contents_of(tmp_path)
        assert len(found) >= 2
        assert all(each in expected for each in found), place
        assert told.damaged + told.torn == 1, place


def test_a_record_within_a_message_is_none(tmp_path: Path) -> None:
    forged_folder = tmp_path / "forged"
    forged = keep(forged_folder, arrival("forged")).read_bytes()
    file = keep(tmp_path / "own", arrival("outer", raw=forged), arrival("next"))
    whole = bytearray(file.read_bytes())
    whole[whole.index(b"outer")] ^= 1
    file.write_bytes(whole)
    assert [each.external_id for each in kept(tmp_path / "own")] == ["next"]


def test_a_day_and_a_start_have_files_of_their_own_and_old_ones_go(tmp_path: Path) -> None:
    now = NOW
    journal = Journal(tmp_path, 3, lambda: now)
    for day in range(6):
        now = NOW + timedelta(days=day)
        journal.append_arrivals([arrival(f"day{day}")])
    Journal(tmp_path, 3, lambda: now).append_arrivals([arrival("again")])
    assert len(files_of(tmp_path)) == 7
    assert journal.erase_old() == 2
    assert {each.external_id for each in kept(tmp_path)} == {"day2", "day3", "day4", "day5", "again"}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files_of(tmp_path))


def test_what_could_not_be_written_is_a_gap_in_the_next_file(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.write_text("in its way")
    journal = Journal(folder, 14, lambda: NOW)
    with pytest.raises(OSError, match=r"exists|directory"):
        journal.append_arrivals([arrival("lost")])
    folder.unlink()
    journal.append_arrivals([arrival("kept")])
    assert contents_of(folder).gaps == [NOW]
    assert [each.external_id for each in kept(folder)] == ["kept"]


def test_a_file_that_is_taken_away_is_noticed_and_another_is_begun(tmp_path: Path) -> None:
    folder, vanished = tmp_path / "journal", count()
    journal = Journal(folder, 14, lambda: NOW)
    journal.on_vanished = partial(next, vanished)
    journal.look()
    assert files_of(folder) == [], "nothing is begun before there is anything to write"
    journal.append_arrivals([arrival("before")])
    folder.rename(tmp_path / "moved")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            journal.append_arrivals([arrival("meanwhile")])
        with pytest.raises(FileNotFoundError):
            journal.look()
    assert not folder.exists(), "it would lie on the disk below"
    folder.mkdir()
    journal.look()
    journal.append_arrivals([arrival("after")])
    assert [each.external_id for each in kept(folder)] == ["after"]
    assert contents_of(folder).gaps == [NOW]
    assert [each.external_id for each in kept(tmp_path / "moved")] == ["before"]
    assert next(vanished) == 1, "told once"


def test_a_file_that_is_removed_under_the_daemon_costs_nothing_that_comes_after(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 14, lambda: NOW)
    keep(tmp_path, arrival("of another start"))
    journal.append_arrivals([arrival("before")])
    for file in files_of(tmp_path):
        file.unlink()
    journal.append_arrivals([arrival("after")])
    assert [each.external_id for each in kept(tmp_path)] == ["after"]


def test_a_disk_that_goes_away_and_comes_back_is_not_written_below(tmp_path: Path) -> None:
    folder, disk = tmp_path / "journal", tmp_path / "disk"
    for each in (folder, disk):
        each.mkdir()

    def mount(*arguments: str) -> bool:
        return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode == 0

    def unmount() -> None:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

    if not (os.geteuid() == 0 and mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk))):
        reason = "only root may mount a disk"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    try:
        assert mount("--bind", str(disk), str(folder))
        journal = Journal(folder, 14, lambda: NOW)
        journal.append_arrivals([arrival("before")])
        unmount()
        with pytest.raises(OSError, match="not mounted"):
            journal.append_arrivals([arrival("meanwhile")])
        assert list(folder.iterdir()) == []
        assert mount("--bind", str(disk), str(folder))
        journal.append_arrivals([arrival("after")])
        assert {each.external_id for each in kept(folder)} == {"before", "after"}
        unmount()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_folder_without_a_journal_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no file of a journal"):
        contents_of(tmp_path)
