"""Files that are dropped in folders: taken once they are whole, once, and put away."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.ingest.drop_folder import FolderReceiver, WatchedFolder, clock_of, start_folder
from dtm_contact.ingest.request_message import IntakeRequest, arrival_of
from dtm_contact.model import Channel, NoHistory, Priority, Unread
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import read
from dtm_contact.rules import load_rules
from dtm_contact.settings import DropFolder, FolderSettings, Settings
from tests.ingest.conftest import NOON
from tests.ingest.inbox import FakeInbox
from tests.rules.cast import DIRECTORY

ROOT = Path(__file__).parents[2]
PDF = b"%PDF-1.4\n%%EOF\n"
MAIL = (
    b"From: Alice <a@b.example>\r\nX-DTM-Source: autre\r\nX-DTM-Channel: letter\r\nSubject: Fuite\r\n\r\nUne fuite.\r\n"
)
REQUEST = {"number": "AN-1", "demande": "Plus de chauffage"}


def settings(path: Path, **more: Any) -> Settings:
    sources = {"agence": DropFolder(path=path)}
    return Settings(folder=FolderSettings(sources=sources, quiet_seconds=0, poll_seconds=0.01, **more))


class Folder:
    """One drop folder, watched without a daemon."""

    def __init__(self, path: Path, inbox: FakeInbox) -> None:
        self.path, self.inbox = path, inbox
        self.ahead = 0

    def drop(self, name: str, content: bytes) -> Path:
        path = self.path / name
        path.write_bytes(content)
        return path

    def watched(self, **more: Any) -> WatchedFolder:
        return WatchedFolder(
            "agence",
            DropFolder(path=self.path),
            settings(self.path, **more),
            lambda: NOON,
            lambda folder: clock_of(folder) + self.ahead * 1_000_000_000,
        )

    async def look(self, **more: Any) -> None:
        """Look once, as the daemon does again and again."""
        receiver = FolderReceiver([self.watched(**more)], settings(self.path, **more).folder, self.inbox)
        # Before its own task has run.
        receiver._stopped.set()
        await receiver._step()
        await receiver.stop()

    def lying(self, name: str = "") -> list[str]:
        return sorted(each.name for each in (self.path / name).iterdir() if each.is_file() and each.name[0] != ".")


@pytest.fixture
def folder(tmp_path: Path, inbox: FakeInbox) -> Folder:
    return Folder(tmp_path, inbox)


async def test_mail_requests_and_letters(folder: Folder, inbox: FakeInbox) -> None:
    folder.drop("a.eml", MAIL)
    folder.drop("b.json", json.dumps(REQUEST).encode())
    folder.drop("c.PDF", PDF)
    folder.drop("d.tiff", b"II*\x00" + bytes(20))
    folder.drop("e.jpeg", b"\xff\xd8\xff" + bytes(20))
    await folder.look()
    assert folder.lying() == []
    assert folder.lying("done") == ["a.eml", "b.json", "c.PDF", "d.tiff", "e.jpeg"]
    contacts = [read(each) for each in inbox.arrivals]
    letter = Channel.LETTER
    assert [each.channel for each in contacts] == [Channel.EMAIL, Channel.FORM, letter, letter, letter]
    assert (contacts[0].sender.address, contacts[0].new_text) == ("a@b.example", "Une fuite.")
    assert contacts[1].new_text == "Demande : Plus de chauffage"
    assert [(each.new_text, each.sender.address) for each in contacts[2:]] == [("", "")] * 3
    assert [[file.name for file in each.attachments] for each in contacts[2:]] == [["c.PDF"], ["d.tiff"], ["e.jpeg"]]
    assert all(each.by_own_intake for each in inbox.arrivals)
    named = [message_from_bytes(each.raw, policy=policy.default) for each in inbox.arrivals]
    assert {each["X-DTM-Source"] for each in named} == {"agence"}
    # What the mail itself forged stands below ours.
    assert named[0].get_all("X-DTM-Channel") == ["email", "letter"]


@pytest.mark.parametrize("start", [b"From a@b Mon Nov 30 10:00:00 2026\n", b"\xef\xbb\xbf", b"\r\n\r\n"])
async def test_what_programs_put_before_a_mail(folder: Folder, inbox: FakeInbox, start: bytes) -> None:
    folder.drop("a.eml", start + MAIL)
    await folder.look()
    assert read(inbox.arrivals[0]).subject == "Fuite"


REFUSED = {
    "empty.pdf": (b"", "is empty"),
    "words.docx": (b"PK\x03\x04", "of no kind"),
    "none": (b"x", "of no kind"),
    "cut.pdf": (b"not a PDF", "does not begin as application/pdf"),
    "large.eml": (b"x" * 5_001, "more than 5,000 octets"),
    "half.json": (b'{"number": "1"', "no JSON"),
    "deep.json": (b'{"number": {}, "a": "b"}', "(field /number)"),
    "silent.json": (b'{"number": "1"}', "(field the whole)"),
    f"{'é' * 120}.pdf": (b"x", "does not begin"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_lies_there_with_the_reason(folder: Folder, inbox: FakeInbox, name: str) -> None:
    content, told = REFUSED[name]
    folder.drop(name, content)
    folder.drop("good.pdf", PDF)
    await folder.look(size_limit=5_000)
    file, reason = folder.lying("refused")
    assert told in (folder.path / "refused" / reason).read_text(encoding="utf-8")
    assert (folder.path / "refused" / file).read_bytes() == content
    assert folder.lying("done") == ["good.pdf"]
    assert len(inbox.arrivals) == 1
    assert inbox.troubles["folder-refused"].startswith("1 files in ")


async def test_the_same_number_with_other_content_is_refused(folder: Folder, inbox: FakeInbox) -> None:
    by_http = IntakeRequest("agence", "AN-1", Channel.FORM, REQUEST)
    inbox.arrivals.append(arrival_of(by_http, NOON))
    folder.drop("same.json", json.dumps(REQUEST).encode())
    folder.drop("other.json", json.dumps({**REQUEST, "demande": "Autre"}).encode())
    await folder.look()
    assert (folder.lying("done"), len(inbox.arrivals)) == (["same.json"], 1)
    assert "other content" in (folder.path / "refused" / "other.json.reason.txt").read_text()


async def test_a_file_is_whole_once_it_was_quiet_by_the_folders_clock(folder: Folder) -> None:
    path = folder.drop("a.pdf", PDF)
    # What a client says of its age tells nothing.
    os.utime(path, (0, 0))
    watched = folder.watched()
    watched._settings = watched._settings.model_copy(update={"quiet_seconds": 30.0})
    assert watched.take() == []
    folder.ahead = 29
    assert watched.take() == []
    folder.ahead = 31
    assert [found.path for found in watched.take()] == [path]


async def test_a_file_that_is_open_for_writing_is_left(folder: Folder, inbox: FakeInbox) -> None:
    with folder.drop("a.pdf", PDF).open("ab"):
        await folder.look()
        assert (folder.lying(), inbox.arrivals) == (["a.pdf"], [])
    await folder.look()
    assert folder.lying("done") == ["a.pdf"]


async def test_unfinished_names_folders_and_links_are_left(folder: Folder, inbox: FakeInbox, tmp_path: Path) -> None:
    for name in ("a.pdf.part", "b.pdf.FILEPART", ".hidden.pdf", "~$c.pdf", "d.tmp"):
        folder.drop(name, PDF)
    (tmp_path / "sub.pdf").mkdir()
    (tmp_path / "link.pdf").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.pdf")
    await folder.look()
    assert inbox.arrivals == []
    (tmp_path / "a.pdf.part").rename(tmp_path / "a.pdf")
    await folder.look()
    assert folder.lying("done") == ["a.pdf"]


async def test_the_same_file_again_is_one_arrival_and_one_of_that_name_another(
    folder: Folder, inbox: FakeInbox
) -> None:
    for content in (PDF, PDF, PDF + b"2"):
        folder.drop("scan.pdf", content)
        await folder.look()
    assert len(inbox.arrivals) == 2
    assert len(folder.lying("done")) == 3


async def test_nothing_is_put_away_before_it_is_durable(folder: Folder, inbox: FakeInbox) -> None:
    folder.drop("a.pdf", PDF)
    inbox.fault = StoreUnavailableError("full")
    with pytest.raises(StoreUnavailableError):
        await folder.look()
    assert folder.lying() == ["a.pdf"]
    inbox.fault = None
    await folder.look()
    assert (folder.lying("done"), len(inbox.arrivals)) == (["a.pdf"], 1)


async def test_what_is_done_is_erased_by_its_age_and_what_is_refused_stays(folder: Folder) -> None:
    folder.drop("a.pdf", PDF)
    folder.drop("b.pdf", b"x")
    await folder.look(done_days=30)
    folder.ahead = 29 * 86_400
    await folder.look(done_days=30)
    assert folder.lying("done") == ["a.pdf"]
    folder.ahead = 31 * 86_400
    await folder.look(done_days=30)
    assert (folder.lying("done"), folder.lying("refused")) == ([], ["b.pdf", "b.pdf.reason.txt"])


@pytest_asyncio.fixture
async def watching(inbox: FakeInbox) -> AsyncIterator[Callable[[Settings], Any]]:
    running = []

    async def watch(chosen: Settings) -> None:
        running.append(await start_folder(chosen, inbox, lambda: NOON))

    yield watch
    for each in running:
        await each.stop()


async def test_a_folder_that_is_away_keeps_no_other_from_being_read(
    inbox: FakeInbox, tmp_path: Path, watching: Callable[[Settings], Any]
) -> None:
    away, there = tmp_path / "away", tmp_path / "there"
    there.mkdir()
    (there / "a.pdf").write_bytes(PDF)
    sources = {"agence": DropFolder(path=away), "scans": DropFolder(path=there)}
    await watching(Settings(folder=FolderSettings(sources=sources, quiet_seconds=0, poll_seconds=0.01)))
    await inbox.kept.wait()
    while "folder" not in inbox.troubles:
        await asyncio.sleep(0.01)
    assert f"{away}: No such file or directory" in inbox.troubles["folder"]
    away.mkdir()
    (away / "b.pdf").write_bytes(PDF)
    while len(inbox.arrivals) < 2 or "folder" in inbox.troubles:
        await asyncio.sleep(0.01)


async def test_a_daemon_that_does_not_follow_takes_nothing(folder: Folder, inbox: FakeInbox) -> None:
    folder.drop("a.pdf", PDF)
    inbox.ours = False
    await folder.look()
    assert (folder.lying(), inbox.arrivals) == (["a.pdf"], [])


@pytest.mark.parametrize("other", ["", "/within"])
def test_two_sources_may_not_share_a_folder(tmp_path: Path, other: str) -> None:
    sources = {"a": {"path": tmp_path}, "b": {"path": f"{tmp_path}{other}"}}
    with pytest.raises(ValueError, match="give each its own"):
        FolderSettings.model_validate({"sources": sources})


async def test_a_letter_of_which_no_word_was_read_is_known_for_that(folder: Folder, inbox: FakeInbox) -> None:
    folder.drop("bail Dupont plus de chauffage.pdf", PDF)
    await folder.look()
    at = inbox.arrivals[0].received_at
    judgement = judge(
        inbox.arrivals[0], at, Grounds.build(DIRECTORY, load_rules(ROOT / "rules"), Settings()), NoHistory()
    )
    assert (judgement.understanding.unread, judgement.contact.channel) == (Unread.SCAN, Channel.LETTER)
    assert judgement.decision.priority <= Priority.P3
