"""A log file that grows and is rotated is read once, whole, whatever happens between two looks."""

import gzip
import json
import os
import shutil
from pathlib import Path
from random import Random

import pytest

from dtm_contact.calls.log_lines import FileLine
from dtm_contact.ingest.followed_file import FollowedFile, Mark, NotReadableError

MUCH = 1_000_000


class Log:
    """A log, its writer and its reader; the reader can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "Master.csv"
        self.path.touch()
        self.now = 0.0
        self._stamp = 2 * 10**18
        self.written: list[str] = []
        self.read: list[str] = []
        self.reader = self.started(())

    def started(self, marks: tuple[Mark, ...]) -> FollowedFile:
        return FollowedFile(self.path, marks, clock=lambda: self.now)

    def write(self, *lines: str, path: Path | None = None) -> None:
        with (path or self.path).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        self.written += lines
        self._stamped(path or self.path)

    def _stamped(self, path: Path) -> None:
        """Give a file a time of its own: the system's clock for files is coarser than a test is fast."""
        self._stamp += 1_000
        os.utime(path, ns=(self._stamp, self._stamp))

    def look(self, octets: int = MUCH) -> list[str]:
        self.reader.look()
        lines = [line.raw.decode() for line in self.reader.pull(octets)]
        self.read += lines
        return lines

    def restart(self) -> None:
        place = json.loads(json.dumps(self.reader.place()))
        self.reader = self.started(tuple(Mark(**mark) for mark in place))

    def rename(self, suffix: str = "1") -> Path:
        rotated = self.path.with_name(f"{self.path.name}.{suffix}")
        self.path.rename(rotated)
        return rotated

    def copy_and_truncate(self, suffix: str = "1") -> None:
        copy = self.path.with_name(f"{self.path.name}.{suffix}")
        shutil.copy(self.path, copy)
        self._stamped(copy)
        os.truncate(self.path, 0)
        self._stamped(self.path)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_last_line_without_its_end_waits(log: Log) -> None:
    log.path.write_bytes(b"one\ntw")
    assert log.look() == ["one"]
    with log.path.open("ab") as file:
        file.write(b"o\n")
    assert log.look() == ["two"]
    assert log.look() == []


def test_reading_goes_on_after_a_restart(log: Log) -> None:
    log.write("one", "two")
    log.look()
    log.restart()
    log.write("three")
    assert log.look() == ["three"]


def test_what_is_appended_after_a_rename_is_read_before_the_new_file(log: Log) -> None:
    log.write("one")
    log.look()
    rotated = log.rename()
    log.write("two", path=rotated)
    assert log.look() == ["two"]
    log.write("four")
    log.write("three", path=rotated)
    assert log.look() == ["three", "four"]
    log.restart()
    log.write("five", path=rotated)
    assert log.look() == ["five"]


def test_a_rotated_file_is_let_go_once_nobody_writes_to_it(log: Log) -> None:
    log.write("one")
    log.look()
    rotated = log.rename()
    log.write("two")
    with rotated.open("ab") as file:
        file.write(b"torn")
    log.look()
    log.now = 1_000.0
    assert log.look() == ["torn"]
    assert len(log.reader.marks) == 1


@pytest.mark.parametrize("again", [(), ("four",), ("four", "five", "six", "seven")])
def test_a_truncated_file_begins_anew_and_its_copy_is_read_to_the_end(log: Log, again: tuple[str, ...]) -> None:
    log.write("one", "two")
    log.look()
    log.write("three")
    log.copy_and_truncate()
    log.write(*again)
    log.restart()
    assert log.look() == ["three", *again]
    assert log.reader.lost == 0


def test_a_file_that_is_truncated_while_it_is_read_loses_nothing(log: Log) -> None:
    log.write("one", "two")
    log.reader.look()

    def cut_behind(line: FileLine) -> bool:
        if line.raw == b"two":
            log.write("three")
            log.copy_and_truncate()
        return False

    assert [line.raw for line in log.reader.pull(MUCH, cut_behind)] == [b"one", b"two"]
    log.write("four")
    log.restart()
    assert log.look() == ["three", "four"]
    log.write("five", "six", "seven")
    assert log.look() == ["five", "six", "seven"]


def test_a_file_that_is_rotated_before_it_is_opened_loses_nothing(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write("one")
    log.look()
    log.write("two")
    where = FollowedFile._where

    def rotated_since(self: FollowedFile, mark: Mark) -> Path | None:
        path = where(self, mark)
        log.rename()
        log.write("three", "four", "five")
        return path

    with monkeypatch.context() as patch:
        patch.setattr(FollowedFile, "_where", rotated_since)
        assert log.look() == []
    assert log.look() == ["two", "three", "four", "five"]


def test_a_file_that_was_truncated_and_is_longer_by_now_is_told_by_its_last_line(log: Log) -> None:
    log.write("one")
    log.look()
    os.truncate(log.path, 0)
    log.write("two", "three", "four")
    assert log.look() == ["two", "three", "four"]


def test_a_week_of_rotations_is_found_again(log: Log) -> None:
    log.write("mon 1")
    log.look()
    log.write("mon 2")
    days = ("tue", "wed", "thu")
    for number, day in enumerate(days):
        for older in range(number, 0, -1):
            log.path.with_name(f"Master.csv.{older}").rename(log.path.with_name(f"Master.csv.{older + 1}"))
        log.rename("1")
        log.write(day)
    compressed = log.path.with_name("Master.csv.3")
    modified = compressed.stat()
    with gzip.open(f"{compressed}.gz", "wb") as file:
        file.write(compressed.read_bytes())
    os.utime(f"{compressed}.gz", ns=(modified.st_atime_ns, modified.st_mtime_ns))
    compressed.unlink()
    log.restart()
    log.look()
    assert log.read == log.written


def test_a_rotated_file_that_is_gone_is_told(log: Log) -> None:
    log.write("one")
    log.look()
    gone = log.rename()
    log.write("two")
    gone.unlink()
    assert log.look() == ["two"]
    assert log.reader.lost == 1


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_every_line_is_read_once(log: Log, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    log.look()
    for number in range(40):
        match random.randrange(8):
            case 0:
                log.rename(str(number))
                log.write()
            case 1:
                log.copy_and_truncate(str(number))
            case 2:
                log.restart()
            case 3 | 4:
                log.look(random.choice([1, 50, MUCH]))
            case _:
                log.write(*(f"{seed} {number} {line}" for line in range(random.randrange(1, 9))))
    log.look()
    log.look()
    assert sorted(log.read) == sorted(log.written)


def test_a_long_line_costs_no_other(log: Log) -> None:
    log.write("one", "x" * 10_000_000, "three")
    log.reader.look()
    lines = log.reader.pull(100)
    lines += log.reader.pull(100)
    lines += log.reader.pull(100)
    assert [line.size for line in lines] == [4, 10_000_001, 6]
    assert lines[1].too_long


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 131_073])
def test_what_was_read_is_told_again_wherever_the_file_was_cut_into_chunks(log: Log, size: int) -> None:
    log.write("x" * (size - 1))
    with log.path.open("a", encoding="utf-8") as file:
        file.write("y" * 200_000)
    assert len(log.look()) == 1
    log.restart()
    assert log.look() == []
    log.write("")
    assert len(log.look()) == 1
    log.restart()
    log.write("z")
    assert log.look() == ["z"]


def test_there_must_be_a_file_once(tmp_path: Path) -> None:
    with pytest.raises(NotReadableError, match="no such file"):
        FollowedFile(tmp_path / "none").look()
    with pytest.raises(NotReadableError, match="it is no file"):
        FollowedFile(tmp_path).look()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all files")
def test_a_file_that_may_not_be_read_is_told(log: Log) -> None:
    log.path.chmod(0)
    log.reader.look()
    with pytest.raises(NotReadableError, match="ermission"):
        log.reader.pull(MUCH)


def test_reading_may_begin_at_the_end(log: Log) -> None:
    log.write("old", "older")
    reader = FollowedFile(log.path, from_end=True)
    reader.look()
    assert reader.pull(MUCH) == []
    log.write("new")
    reader.look()
    assert [line.raw for line in reader.pull(MUCH)] == [b"new"]


def test_a_log_that_must_go_on_and_does_not_is_told(log: Log) -> None:
    log.reader = FollowedFile(log.path, may_be_missing=False, clock=lambda: log.now)
    log.write("one")
    log.look()
    log.rename()
    assert log.look() == []
    log.now = 61.0
    with pytest.raises(NotReadableError, match="no such file"):
        log.look()
