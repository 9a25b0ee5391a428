"""What `restore` and `arrivals replay` print: the lines that somebody acts by on the day when the machine is gone."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtm_contact.backup import JournalReplay, Manifest, Restored
from dtm_contact.cli import cli
from dtm_contact.model import Urgency
from dtm_contact.store.lost_store import LostReply
from dtm_contact.store.restores import HeldOutgoing
from tests.store.fresh import fresh_store

MADE = datetime(2026, 11, 24, 2, 40, 12, tzinfo=UTC)
NOW = MADE + timedelta(hours=8)
KEY = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
Run = Callable[..., list[str]]


class Clock(datetime):
    """Time stands still for the commands."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        del tz
        return NOW


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for module in ("arrivals", "backup"):
        monkeypatch.setattr(f"dtm_contact.cli.{module}.datetime", Clock)
    for name, value in {
        "DTM_STORE_URL": f"sqlite:///{tmp_path}/store.db", "DTM_CONFIG": "", "COLUMNS": "160",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    fresh_store(f"sqlite:///{tmp_path}/store.db")
    (tmp_path / "journal").mkdir()
    (tmp_path / "b.tar.age").touch()

    def printed(*arguments: str) -> list[str]:
        result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return [line.rstrip() for line in result.output.replace(str(tmp_path), "FOLDER").splitlines()]

    return printed


MANIFEST = Manifest(1, "0.9", "0036", "sqlite", MADE, "daemon", {}, {}, ())
DONE = Restored(MANIFEST, 1_000, (), "", None, ())
HELD = HeldOutgoing(7, "2026-000012", "answer", "ack", "a@free.example", Urgency.ANSWER, MADE, NOW)
FIRST = "restored: the store as it was at 2026-11-24 02:40:12 UTC"
GAP = "case numbers go on behind a gap of 1,000 or more"
NEXT = (
    "next: dtm-contact arrivals replay JOURNAL (if one is kept), then danger (what is to be told by hand until the "
    "start), then outbox list --status held, then start the daemon"
)

RULES_BACK = "the rules are back in /tmp/rules, as they were then: look in its queues.yaml who is on call now"
OWN = "DTM_RULES_DIR, DTM_SMTP_PORT, DTM_BACKUP_AGE_IDENTITY"
PUT_BACK = "  put them back before the start: dtm-contact restore FOLDER/b.tar.age --files FOLDER; FOLDER/settings.env"
BEHIND = (
    " 25/11/2026 11:40:12, and this machine's clock says 24/11/2026 11:40:12: it is behind. Set it before the daemon "
    "starts (timedatectl): due times and the next on call go by it"
)
AGAIN = (
    "of 2026-000201, 2026-000207 those on call were notified; what lay in it waits to be judged. Of a danger (P1) they "
    "are notified again then, by a new number (case show finds it by the old one, too, from then on)"
)
REPLIES = (
    "2 replies were sent after the backup, and their text is gone; the cases say so (case show finds them by these "
    "numbers):"
)


@pytest.mark.parametrize(
    ("done", "observes", "lines"),
    [
        pytest.param(DONE, False, [FIRST, GAP, NEXT], id="store alone"),
        pytest.param(
            replace(DONE, moved="/var/store.db.before-20261124", margin=2_500),
            False,
            [
                FIRST,
                "what lay there is kept as /var/store.db.before-20261124",
                "case numbers go on behind a gap of 2,500 or more",
                NEXT,
            ],
            id="another store moved aside",
        ),
        pytest.param(
            replace(DONE, rules=Path("/tmp/rules")),  # noqa: S108 - no file is made of it
            False,
            [FIRST, GAP, RULES_BACK, NEXT],
            id="rules put back",
        ),
        pytest.param(
            replace(DONE, held=(HELD,)),
            False,
            [
                FIRST,
                GAP,
                "1 e-mails waited, and nobody knows whether they were sent since; they are held:",
                "outgoing  urgency  kind    case         to              written           why",
                "7         answer   answer  2026-000012  a@free.example  24/11/2026 03:40  ack",
                NEXT,
            ],
            id="something held",
        ),
        pytest.param(
            replace(DONE, not_in_force=("DTM_OUTBOUND_HOST", "DTM_RULES_OBSERVE")),
            True,
            [
                FIRST,
                GAP,
                "settings of the backup that say otherwise on this machine: DTM_OUTBOUND_HOST, DTM_RULES_OBSERVE",
                PUT_BACK,
                "DTM_RULES_OBSERVE is true here: started like this, the daemon tells nobody of danger",
                NEXT,
            ],
            id="another machine's settings",
        ),
        pytest.param(
            replace(DONE, not_in_force=(*OWN.split(", "), "DTM_OUTBOUND_PORT")),
            False,
            [
                FIRST,
                GAP,
                f"places that are others on this machine, as they may have to be: {OWN}",
                "settings of the backup that say otherwise on this machine: DTM_OUTBOUND_PORT",
                PUT_BACK,
                NEXT,
            ],
            id="places of another machine",
        ),
        pytest.param(
            replace(DONE, manifest=replace(MANIFEST, made_at=NOW + timedelta(days=1))),
            False,
            [
                "restored: the store as it was at 2026-11-25 10:40:12 UTC",
                GAP,
                f"the backup was made at{BEHIND}",
                NEXT,
            ],
            id="clock behind",
        ),
    ],
)
def test_a_restore_says_what_it_did_and_what_is_next(
    run: Run, monkeypatch: pytest.MonkeyPatch, done: Restored, lines: list[str], *, observes: bool, tmp_path: Path
) -> None:
    monkeypatch.setenv("DTM_RULES_OBSERVE", str(observes).lower())
    monkeypatch.setattr("dtm_contact.cli.backup.restore_backup", lambda *_, **__: done)
    monkeypatch.setattr("dtm_contact.cli.backup.is_verified", lambda _path: True)
    noted = "opened with its secret key: noted in FOLDER/opened-with-the-key.json; copy that note into "
    noted += "DTM_BACKUP_DIR of the machine that makes the backups, whose doctor reads it"
    printed = run("restore", f"{tmp_path}/b.tar.age")
    assert noted in printed
    printed.remove(noted)
    assert printed == lines


REPLAYED = JournalReplay(
    files=1, held=55, taken_in=0, marks=0, settled=0, sure=0, called=(), replies=(), gaps=(), torn=0, damaged=0,
    newest=MADE,
)  # fmt: skip
NONE_NEW = "0 of 55 arrivals were not in the store and are taken in"
NONE_SENT = "0 e-mails were sent that the store did not know, none of them waited in it; they are not sent again"


@pytest.mark.parametrize(
    ("done", "lines"),
    [
        pytest.param(REPLAYED, [NONE_NEW, NONE_SENT], id="nothing new"),
        pytest.param(
            replace(REPLAYED, taken_in=55, marks=1_060, settled=2),
            [
                "55 of 55 arrivals were not in the store and are taken in",
                "1,060 e-mails were sent that the store did not know, 2 of them waited in it; they are not sent again",
            ],
            id="taken in and sent",
        ),
        pytest.param(
            replace(REPLAYED, called=("2026-000201", "2026-000207")),
            [
                NONE_NEW,
                NONE_SENT,
                AGAIN,
            ],
            id="those on call",
        ),
        pytest.param(
            replace(REPLAYED, replies=(LostReply("2026-000012", NOW), LostReply("2026-000207", NOW))),
            [
                NONE_NEW,
                NONE_SENT,
                REPLIES,
                "  to case 2026-000012 at 24/11/2026 11:40:12",
                "  to case 2026-000207 at 24/11/2026 11:40:12",
            ],
            id="replies lost",
        ),
        pytest.param(
            replace(REPLAYED, gaps=(NOW,), damaged=2, newest=NOW + timedelta(days=1)),
            [
                NONE_NEW,
                NONE_SENT,
                f"the journal's last record is of{BEHIND}",
                "before 24/11/2026 11:40:12 the journal could not be written for a while",
                "in 2 places the journal is damaged: what stood there is not taken in",
            ],
            id="gap, damage, clock",
        ),
    ],
)
def test_a_replay_says_what_it_brought_and_what_is_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch, done: JournalReplay, lines: list[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("dtm_contact.cli.arrivals.replay_journal", lambda *_, **__: done)
    assert run("arrivals", "replay", f"{tmp_path}/journal") == lines
    (told,) = run("arrivals", "replay", f"{tmp_path}/journal", "--json")
    assert len(json.loads(told)["replies"]) == len(done.replies)


def test_a_backup_says_which_key_opens_it_and_when_it_last_did(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DTM_BACKUP_AGE_RECIPIENT", KEY)
    monkeypatch.setattr("dtm_contact.backup.making._encryption", lambda _settings: ([], ".age"))
    never = [
        f"encrypted for {KEY}: nobody restores it without the secret key that belongs to that",
        "  Keep that key in two places off this machine: what burns with it opens nothing.",
        "  A backup here was last opened with it: never (dtm-contact verify FILE --identity KEY)",
    ]
    _file, *lines = run("backup", "--to", f"{tmp_path}/backups")
    assert lines == never
    identity = tmp_path / "key.txt"
    identity.touch()
    opened = {"opened_at": NOW.isoformat(), "backup": "b", "encrypted_for": KEY, "identity": str(identity)}
    (tmp_path / "backups" / "opened-with-the-key.json").write_text(json.dumps(opened))
    _file, *lines = run("backup", "--to", f"{tmp_path}/backups")
    assert lines == [
        *never[:2],
        never[2].replace("never", "24/11/2026"),
        "  It lies on this machine: FOLDER/key.txt",
    ]
