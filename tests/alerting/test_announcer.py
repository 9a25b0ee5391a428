"""Alarms that reach somebody, by a clock that is set by hand."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.alarms import CAUSES, Alarms
from dtm_contact.alerting import AlarmNotice, Announcer, Kept, NoticeFailedError, NoticeState, Notifier, kept_in
from dtm_contact.settings import AlarmSettings, Settings, StoreSettings

NOW = datetime(2026, 11, 30, 10, 16, 19, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass
class FakeNotifier:
    """Tells while it works; `told` is what."""

    name: str = "mail"
    works: bool = True
    tried: int = 0
    told: list[AlarmNotice] = field(default_factory=list)

    async def send(self, notice: AlarmNotice) -> None:
        self.tried += 1
        if not self.works:
            raise NoticeFailedError("it does not work")
        self.told.append(notice)

    @property
    def said(self) -> list[tuple[str, NoticeState]]:
        return [(each.episode.cause, each.state) for each in self.told]


class Scene:
    """An announcer, its ways, its clock."""

    def __init__(self, folder: Path, ways: list[Notifier], **settings: float) -> None:
        self.now = NOW
        self.ways = ways
        self.kept = Kept(folder / "alarms.json")
        self.settings = Settings(name="dtm1", alarm=AlarmSettings(**settings))
        self.start()

    def start(self) -> None:
        """Start, or start again after a stop that was none."""
        self.announcer = Announcer(self.settings, self.ways, self.kept, lambda: self.now)
        self.alarms = Alarms(self.announcer, lambda: self.now.timestamp())  # noqa: PLW0108 - the clock moves

    async def after(self, span: timedelta, step: timedelta = 10 * SECOND) -> None:
        """Let time pass, with a look each `step`."""
        end = self.now + span
        await self.announcer.tick()
        while self.now < end:
            self.now = min(end, self.now + step)
            await self.announcer.tick()


@pytest.fixture
def way() -> FakeNotifier:
    return FakeNotifier()


@pytest.fixture
def scene(tmp_path: Path, way: FakeNotifier) -> Scene:
    return Scene(tmp_path, [way], settle_seconds=300, repeat_hours=6)


async def test_an_alarm_is_told_at_once_and_again_while_it_lasts_and_its_end_once(
    scene: Scene, way: FakeNotifier
) -> None:
    scene.alarms.sound("relay", "The mail server is away.")
    await scene.after(timedelta(0))
    assert way.said == [("relay", NoticeState.SOUNDS)]
    await scene.after(13 * HOUR, MINUTE)
    assert way.said[1:] == [("relay", NoticeState.LASTS)] * 2
    scene.alarms.over("relay")
    await scene.after(HOUR)
    assert way.said[3:] == [("relay", NoticeState.OVER)]
    assert way.told[-1].at - scene.now.astimezone() == -HOUR + timedelta(seconds=300)
    await scene.after(24 * HOUR, MINUTE)
    assert len(way.told) == 4


async def test_what_flaps_is_one_alarm(scene: Scene, way: FakeNotifier) -> None:
    for _ in range(100):
        scene.alarms.sound("imap_sent", "The folder Sent cannot be opened.")
        await scene.after(10 * SECOND)
        scene.alarms.over("imap_sent")
        await scene.after(200 * SECOND)
    assert way.said == [("imap_sent", NoticeState.SOUNDS)]
    await scene.after(HOUR)
    assert way.said[1:] == [("imap_sent", NoticeState.OVER)]
    assert way.told[-1].episode.returns == 99
    assert "Came back: 99 times" in way.told[-1].text
    scene.alarms.sound("imap_sent", "anew")
    await scene.after(timedelta(0))
    assert way.said[2:] == [("imap_sent", NoticeState.SOUNDS)]


async def test_what_cannot_be_told_is_kept_and_told_once_that_works(scene: Scene, way: FakeNotifier) -> None:
    way.works = False
    scene.alarms.sound("relay", "The mail server is away.")
    scene.alarms.happened("parked-X", "Arrival 5 could not be judged.")
    await scene.after(HOUR)
    assert way.told == []
    # Pauses of 10, 20, 40, … 300 seconds, and no two alarms that both wait for a server that is away.
    assert way.tried <= 20
    way.works = True
    await scene.after(timedelta(seconds=310))
    assert way.said == [("relay", NoticeState.SOUNDS), ("parked-X", NoticeState.HAPPENED)]
    assert way.told[0].episode.since == NOW
    assert "nobody could be told before" in way.told[0].text


async def test_what_was_told_to_nobody_and_is_over_is_told_once(scene: Scene, way: FakeNotifier) -> None:
    way.works = False
    scene.alarms.sound("relay", "away")
    await scene.after(HOUR)
    scene.alarms.over("relay")
    await scene.after(HOUR)
    way.works = True
    await scene.after(HOUR)
    assert way.said == [("relay", NoticeState.OVER)]
    assert "2026-11-30 11:16:19 CET (1 h 00 min)" in way.told[0].text


async def test_a_new_alarm_is_tried_at_once_while_others_wait(scene: Scene, way: FakeNotifier) -> None:
    way.works = False
    scene.alarms.sound("relay", "away")
    await scene.after(HOUR)
    way.works = True
    tried = way.tried
    scene.alarms.sound("intake", "full")
    await scene.after(timedelta(0))
    assert way.tried > tried
    assert way.said == [("relay", NoticeState.SOUNDS), ("intake", NoticeState.SOUNDS)]


async def test_the_next_way_tells_where_the_first_does_not(tmp_path: Path) -> None:
    mail, web, command = (
        FakeNotifier("mail", works=False),
        FakeNotifier("webhook", works=False),
        FakeNotifier("command"),
    )
    scene = Scene(tmp_path, [mail, web, command])
    for cause in ("relay", "intake", "disk"):
        scene.alarms.sound(cause, "wrong")
    await scene.after(timedelta(0))
    assert [cause for cause, _ in command.said] == ["relay", "intake", "disk"]
    # A way that does not work is tried once for all that is told together: each attempt may take its time.
    assert (mail.tried, web.tried) == (1, 1)
    await scene.after(HOUR)
    assert len(command.told) == 3


async def test_an_alarm_outlasts_a_restart(scene: Scene, way: FakeNotifier) -> None:
    way.works = False
    scene.alarms.sound("intake", "The disk is full.")
    scene.alarms.happened("not-notified", "Case 2026-000001: nobody could be told.")
    await scene.after(timedelta(0))
    scene.start()
    way.works = True
    await scene.after(timedelta(0))
    assert way.said == [("intake", NoticeState.SOUNDS), ("not-notified", NoticeState.HAPPENED)]
    assert way.told[0].episode.sentence == "The disk is full."
    scene.start()
    scene.alarms.sound("intake", "The disk is full.")
    await scene.after(HOUR)
    assert len(way.told) == 2, "it lasts over the restart, and was told"
    scene.start()
    await scene.after(HOUR)
    assert way.said[2:] == [("intake", NoticeState.OVER)], "after the restart it did not sound again"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'[{"cause": "x"}]', b"\xff", b'[{"cause":"x","told":"y","since":"2026-01-01T00:00:00"}]'],
)
async def test_a_file_that_nobody_can_read_keeps_nobody_from_being_told(
    scene: Scene, way: FakeNotifier, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "alarms.json").write_bytes(content)
    scene.start()
    scene.alarms.sound("relay", "away")
    await scene.after(timedelta(0))
    assert way.said == [("relay", NoticeState.SOUNDS)]
    assert (tmp_path / "alarms.json").stat().st_mode & 0o777 == 0o600


async def test_a_folder_that_cannot_be_written_keeps_nobody_from_being_told(way: FakeNotifier, tmp_path: Path) -> None:
    scene = Scene(tmp_path / "nowhere", [way])
    scene.alarms.sound("intake", "full")
    await scene.after(HOUR)
    assert way.said == [("intake", NoticeState.SOUNDS)]


async def test_a_clock_that_is_set_back_silences_nothing(scene: Scene, way: FakeNotifier) -> None:
    scene.alarms.sound("relay", "away")
    await scene.after(timedelta(0))
    scene.now -= 24 * HOUR
    await scene.after(timedelta(0))
    scene.alarms.over("relay")
    scene.now -= 24 * HOUR
    await scene.after(timedelta(0))
    assert way.said == [("relay", NoticeState.SOUNDS), ("relay", NoticeState.LASTS), ("relay", NoticeState.OVER)]


async def test_it_is_said_that_nobody_can_be_told(scene: Scene, way: FakeNotifier) -> None:
    way.works = False
    scene.alarms.sound("relay", "away")
    await scene.after(9 * MINUTE)
    assert scene.announcer.unheard() is None
    await scene.after(2 * MINUTE)
    assert scene.announcer.unheard() == "1 alarms could be told to nobody, the first relay"


async def test_without_a_way_nothing_gathers(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [])
    for number in range(50):
        scene.alarms.happened(f"parked-{number}", "x")
    await scene.after(HOUR)
    assert (scene.announcer.unheard(), scene.kept.load()) == (None, [])


async def test_what_is_told_is_in_english_and_says_where_and_what_to_do(scene: Scene, way: FakeNotifier) -> None:
    scene.alarms.sound("intake", "No mail is taken in.\nThe disk of /var/lib/dtm is full, 0 octets are free.")
    await scene.after(timedelta(0))
    (notice,) = way.told
    assert notice.subject.startswith("[dtm-contact] ALARM intake (dtm1 on ")
    assert "\n" not in notice.subject
    assert len(notice.subject) <= 150
    assert CAUSES["intake"].remedy in notice.text
    assert "0 octets are free" in notice.text
    told = json.loads(notice.json)
    assert (told["state"], told["cause"], told["daemon"], told["ended"]) == ("sounds", "intake", "dtm1", None)
    assert told["since"] == "2026-11-30T10:16:19+00:00"
    assert told["remedy"] == CAUSES["intake"].remedy


async def test_the_latest_sentence_is_told(scene: Scene, way: FakeNotifier) -> None:
    scene.alarms.sound("relay", "connection refused")
    await scene.after(timedelta(0))
    scene.alarms.sound("relay", "its certificate is refused")
    await scene.after(7 * HOUR, MINUTE)
    assert [each.text.partition("\n")[0] for each in way.told] == [
        "connection refused",
        "its certificate is refused",
    ]
    assert way.said == [("relay", NoticeState.SOUNDS), ("relay", NoticeState.LASTS)]


def test_alarms_are_kept_beside_a_sqlite_store_each_daemons_apart(tmp_path: Path) -> None:
    settings = Settings(name="a/b", store=StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    kept = kept_in(settings)
    assert kept.save([])
    assert [path.name for path in tmp_path.iterdir()] == ["alarms-a%2Fb.json"]
    postgresql = Settings(store=StoreSettings(url="postgresql://dtm@db.example/dtm"))
    assert kept_in(postgresql).load() == []


def test_alarms_are_kept_under_the_names_of_earlier_versions(tmp_path: Path) -> None:
    path = tmp_path / "alarms.json"
    times = {"since": "2026-11-30T10:16:19Z", "ended": None, "told_at": "2026-11-30T10:17:00Z"}
    earlier = {"cause": "intake", "told": "the disk is full", "lasts": True, "returns": 0, "tellings": 2, **times}
    path.write_text(json.dumps([earlier]), "utf-8")
    kept = Kept(path)
    (episode,) = kept.load()
    assert (episode.sentence, episode.notifications, episode.is_new()) == ("the disk is full", 2, False)
    assert kept.save([episode])
    assert json.loads(path.read_text("utf-8")) == [earlier]
