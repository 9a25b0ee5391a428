"""What is read of mailboxes, and that nothing hostile in them hides a mail or makes one of two."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dtm_contact.ingest.imap_client import Login
from dtm_contact.takeover.folders import ImapFolder, MaildirFolder, MboxFile
from dtm_contact.takeover.give_back import Item, MboxTarget
from dtm_contact.takeover.mail import GONE, TOO_LARGE, MailSource, SourceError, same_mail
from tests.ingest.mailbox.conftest import server
from tests.ingest.mailbox.dovecot import PASSWORD, USER, Dovecot, imap
from tests.takeover.mails import NOW, mail

PARIS = ZoneInfo("Europe/Paris")
LIMIT = 1_000_000
SEPARATOR = b"From nadia@free.example Tue Nov 24 09:30:00 2026\n"

__all__ = ["server"]


def mbox(path: Path, *messages: bytes) -> MboxFile:
    path.write_bytes(b"".join(SEPARATOR + message + b"\n" for message in messages))
    return MboxFile(path, LIMIT, PARIS)


async def all_of(source: MailSource, since: datetime | None = None) -> list[bytes]:
    heads = (await source.contents(since)).heads
    found = await source.read(heads)
    return [found[head.place] for head in heads]


async def test_an_mbox_gives_each_mail_as_it_was(tmp_path: Path) -> None:
    first = mail(1, ">From en bas aussi.\n>>From deux fois.\nFromage.")
    second = mail(2, "Fin sans ligne vide")
    assert await all_of(mbox(tmp_path / "old", first, second)) == [
        first.replace(b">From en", b"From en").replace(b">>From", b">From"),
        second,
    ]


async def test_a_line_that_begins_with_from_makes_no_mail_of_its_own(tmp_path: Path) -> None:
    bare = mail(1, "From là-haut on entend tout, en 2026\nFrom nadia@free.example Tue Nov 24 09:30:00 2026")
    assert len(await all_of(mbox(tmp_path / "old", bare, mail(2, "Fuite")))) == 2


@pytest.mark.parametrize("octets", [b"", b"Subject: x\n\ny\n"], ids=["empty", "no separator"])
async def test_what_is_no_mbox_is_told(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "old").write_bytes(octets)
    with pytest.raises(SourceError, match="old"):
        await MboxFile(tmp_path / "old", LIMIT, PARIS).contents(None)


async def test_since_counts_when_it_reached_the_mailbox_and_not_what_it_says_of_itself(tmp_path: Path) -> None:
    old, new = NOW - timedelta(days=40), NOW
    received = "from a by mx; Tue, 24 Nov 2026 10:30:00 +0100"
    source = mbox(
        tmp_path / "old",
        mail(1, "daté d'hier, reçu il y a longtemps", new, Received="from a by mx; Thu, 15 Oct 2026 10:30:00 +0200"),
        mail(2, "daté d'il y a longtemps, reçu aujourd'hui", old, Received=received),
    )
    (head,) = (await source.contents(NOW - timedelta(days=1))).heads
    assert (head.message_id, head.reached_at) == ("2@free.example", datetime(2026, 11, 24, 9, 30, tzinfo=UTC))


async def test_a_date_in_the_future_counts_as_now(tmp_path: Path) -> None:
    (head,) = (await mbox(tmp_path / "old", mail(1, "x", datetime(2099, 1, 1, tzinfo=UTC))).contents(None)).heads
    assert head.reached_at <= datetime.now(UTC)


async def test_what_is_too_large_stays_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "old"
    mbox(path, mail(1, "x" * 5_000), mail(2, "y"))
    contents = await MboxFile(path, 2_000, PARIS).contents(None)
    assert [head.message_id for head in contents.heads] == ["2@free.example"]
    assert [each.reason for each in contents.unread] == [TOO_LARGE]


async def test_a_maildir_is_read_and_what_is_no_plain_file_is_told(tmp_path: Path) -> None:
    for each in ("cur", "new", "tmp"):
        (tmp_path / each).mkdir()
    (tmp_path / "cur" / "1764000000.M1.host:2,RS").write_bytes(mail(1, "déjà répondu"))
    (tmp_path / "new" / "1764000001.M2.host").write_bytes(mail(2, "neuf"))
    (tmp_path / "tmp" / "1764000002.M3.host").write_bytes(mail(3, "à moitié"))
    (tmp_path / "new" / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "new" / "pipe")
    contents = await MaildirFolder(tmp_path, LIMIT, PARIS).contents(None)
    assert [head.message_id for head in contents.heads] == ["1@free.example", "2@free.example"]
    assert {each.place for each in contents.unread} == {"new/link", "new/pipe"}
    unanswered = await MaildirFolder(tmp_path, LIMIT, PARIS, unanswered=True).contents(None)
    assert [head.message_id for head in unanswered.heads] == ["2@free.example"]


async def test_a_mail_that_is_moved_meanwhile_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1764000001.M2.host").write_bytes(mail(2, "neuf"))
    source = MaildirFolder(tmp_path, LIMIT, PARIS)
    heads = (await source.contents(None)).heads
    (tmp_path / "new" / "1764000001.M2.host").unlink()
    assert (await source.read(heads), GONE) == ({}, GONE)


async def test_a_folder_by_imap_is_read_and_stays_as_it_is(server: Dovecot) -> None:
    for number in range(3):
        server.append(mail(number, f"Fuite {number}").replace(b"\n", b"\r\n"))

    async def login() -> Login:
        return Login("127.0.0.1", server.port, USER, password=PASSWORD)

    source = ImapFolder(login, "here", "INBOX", LIMIT, PARIS)
    found = await all_of(source)
    assert sorted(same_mail(raw) for raw in found) == sorted(
        same_mail(mail(number, f"Fuite {number}")) for number in range(3)
    )
    assert not any("\\Seen" in flags for flags in flags_of(server))


def flags_of(server: Dovecot) -> list[str]:
    with imap(server) as client:
        client.select("INBOX", readonly=True)
        return [str(line) for line in client.fetch("1:*", "(FLAGS)")[1]]


def test_two_copies_are_one_mail_whatever_servers_wrote_above_them() -> None:
    raw = mail(1, "Fuite")
    by_alias = b"Delivered-To: accueil@parishabitat.fr\nReceived: from x\n" + raw.replace(b"\n", b"\r\n") + b"\r\n\r\n"
    assert same_mail(by_alias) == same_mail(raw)
    assert same_mail(mail(1, "Fuite !")) != same_mail(raw)
    assert same_mail(raw.replace(b"<1@", b"<2@")) != same_mail(raw)


@pytest.mark.parametrize(
    "raw",
    [b"a\n", b"a\n\n\n", b"a\r\n", b"a", b"", b"From x\n>From y\n\nFrom z Tue Nov 24 09:30:00 2026\n", b"a\r\n\r\n"],
    ids=repr,
)
async def test_what_is_given_back_as_mbox_is_read_as_it_was(tmp_path: Path, raw: bytes) -> None:
    target = MboxTarget(tmp_path / "back", PARIS)
    items = [Item("2026-000001", "message", each, NOW) for each in (raw, b"Subject: x\n\ny\n", raw)]
    wanted = await target.put("nord", iter(items))
    assert sorted((await target.digests_of("nord")).elements()) == sorted(digest for _case, digest in wanted)
    await target.finish()
    assert (tmp_path / "back" / "contenu.csv").read_text().count("\n") == 4
