"""The open P1 on disk: fresh, whole, readable by whom it is for alone, and with nothing in it that is not needed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.alarms import Alarms
from dtm_contact.backup import take_journal_as_lost
from dtm_contact.cases import Command, apply
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.danger_page import HTML, TEXT, Keeper
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.model import EntryKind
from dtm_contact.settings import DangerSettings
from dtm_contact.store.restores import mark_restored
from tests.heard import Heard
from tests.outbound.engine import Engine, engine
from tests.store.samples import entered
from tests.vouched import vouched

AT = datetime(2026, 11, 24, 14, 5, 7, tzinfo=UTC)
CLOCK = "15:05:07"
GAS = (
    "From: Marc Petit <marc@free.example>\r\nTo: metropole@parishabitat.fr\r\nSubject: {subject}\r\n"
    "Message-ID: <{number}@free.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
)


@dataclass
class Scene:
    """A keeper with what it writes from and into."""

    running: Engine
    folder: Path
    heard: Heard
    now: datetime = AT

    def __post_init__(self) -> None:
        grounds = self.running.grounds
        known = SiteConfiguration(grounds.directory, grounds.rules, self.running.settings)
        alarms = Alarms(self.heard, lambda: 0.0)
        self.settings = DangerSettings(folder=self.folder)
        self.keeper = Keeper(self.settings, self.running.store, lambda: known, alarms, lambda: self.now)

    def take(self, number: int, text: str, subject: str = "Odeur de gaz") -> str:
        raw = GAS.format(number=number, text=text, subject=subject).encode()
        case = self.running.take(raw, "marc@free.example", self.now)
        assert case is not None
        return case

    def html(self) -> str:
        return (self.folder / HTML).read_text(encoding="utf-8")

    def text(self) -> str:
        return (self.folder / TEXT).read_text(encoding="utf-8")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with engine(tmp_path) as running:
        (folder := tmp_path / "danger").mkdir()
        yield Scene(running, folder, Heard())


def test_the_page_tells_what_whoever_is_on_call_needs(scene: Scene) -> None:
    number = scene.take(
        1, "Ça sent très fort le gaz, 14 rue du 11-Novembre-1918 à Bagnolet. Mon numéro : 06 12 34 56 78"
    )
    assert scene.keeper.look()
    for page in (scene.html(), scene.text()):
        for told in (number, CLOCK, "24/11/2026", "Ça sent très fort le gaz", "06 12 34 56 78", "marc@free.example"):
            assert told in page
        assert "Personne ne l’a pris." in page
        assert "appelez Urgence Sécurité Gaz au 0 800 47 33 33" in page, "what the people there are to do"
        assert "Astreinte, dans l’ordre" in page
        assert "1 urgence P1 ouverte" in page
    assert "Bagnolet" in scene.text().split("Où :")[1].split("Qui :")[0]


def test_an_address_without_a_dwelling_stands_there_as_it_was_written(scene: Scene) -> None:
    scene.take(1, "Ça sent très fort le gaz, 14 rue du 11-Novembre-1918, bât. A, à Bagnolet.")
    scene.keeper.look()
    where = scene.text().split("Où :")[1].split("Qui :")[0]
    assert "« 14 rue du 11-Novembre-1918, bât. A" in where
    assert "La Maladrerie" in where


def test_what_a_restore_left_out_is_told_until_a_journal_closes_it(scene: Scene) -> None:
    since, until = scene.now - timedelta(hours=3), scene.now - timedelta(minutes=5)
    with scene.running.store.database.writing() as connection:
        mark_restored(connection, since, until, 0)
    scene.keeper.look()
    here = scene.running.settings.zone
    for page in (scene.html(), scene.text()):
        assert f"comme c’était le {since.astimezone(here):%d/%m à %H:%M}" in page
        assert f"jusqu’au {until.astimezone(here):%d/%m à %H:%M}" in page
    take_journal_as_lost(scene.running.store)
    scene.now += timedelta(minutes=2)
    scene.keeper.look()
    assert "comme c’était" not in scene.text()


def test_only_open_p1_stand_there_and_it_says_when_there_is_none(scene: Scene) -> None:
    scene.keeper.look()
    assert "Aucune urgence P1" in scene.text()
    scene.take(1, "Le robinet goutte un peu", "Robinet")
    number = scene.take(2, "Odeur de gaz dans l'escalier, vite")
    scene.keeper.look()
    assert "Robinet" not in scene.html()
    assert scene.text().count("===") == 2
    scene.now += timedelta(seconds=5)
    done = Command("done", "paul", number, {"reason": "rien", "danger_over": "made_safe"})
    _close(scene, done)
    assert scene.keeper.look()
    assert "Aucune urgence P1" in scene.html()
    assert number not in scene.html()


def _close(scene: Scene, command: Command) -> None:
    grounds = scene.running.grounds
    known = SiteConfiguration(grounds.directory, grounds.rules, scene.running.settings)
    apply(scene.running.store, command, scene.now, lambda: known)


def test_it_is_written_each_minute_and_at_each_change_of_a_p1_and_not_else(scene: Scene) -> None:
    assert scene.keeper.look()
    assert not scene.keeper.look()
    scene.take(1, "Le robinet goutte un peu", "Robinet")
    assert not scene.keeper.look(), "no P1"
    number = scene.take(2, "Odeur de gaz dans l'escalier, vite")
    assert scene.keeper.look()
    _close(scene, Command("take", "paul", number))
    assert scene.keeper.look()
    assert "Pris par paul." in scene.text()
    assert not scene.keeper.look()
    scene.now += timedelta(seconds=60)
    assert scene.keeper.look()
    assert "15:06:07" in scene.html()
    scene.now -= timedelta(hours=1)
    assert scene.keeper.look(), "a clock that was set back leaves no page with a time to come"


def test_with_the_store_down_the_page_stays_with_its_time(scene: Scene) -> None:
    number = scene.take(1, "Odeur de gaz dans l'escalier, vite")
    scene.keeper.look()
    (scene.folder.parent / "store.db").rename(scene.folder.parent / "away.db")
    scene.running.store.database.close()
    scene.now += timedelta(minutes=10)
    with pytest.raises(StoreUnavailableError):
        scene.keeper.look()
    assert number in scene.html()
    assert CLOCK in scene.html()
    assert "Si cette heure date de plus de 5 minutes" in scene.html()


@pytest.mark.parametrize(("group_reads", "mode"), [(False, 0o600), (True, 0o640)])
def test_nobody_else_may_read_it(scene: Scene, *, group_reads: bool, mode: int) -> None:
    scene.keeper._settings = scene.settings.model_copy(update={"group_reads": group_reads})
    scene.keeper.look()
    assert {path.name: path.stat().st_mode & 0o777 for path in scene.folder.iterdir()} == {HTML: mode, TEXT: mode}


def test_a_folder_that_cannot_be_written_is_an_alarm_until_it_can(scene: Scene) -> None:
    scene.folder.rmdir()
    scene.keeper.look()
    ((cause, told),) = scene.heard.told
    assert cause == "danger-page"
    assert f"DTM_DANGER_FOLDER, {scene.folder}: No such file or directory" in told
    scene.folder.mkdir()
    scene.now += timedelta(minutes=1)
    scene.keeper.look()
    assert scene.heard.ended == ["danger-page"]


def test_what_a_stranger_wrote_is_no_markup_no_script_and_no_command_to_a_terminal(scene: Scene) -> None:
    scene.take(1, "Odeur de gaz <script>alert(1)</script> </dd><img src=x onerror=y> \x1b[2J\x07 {{ 7*7 }}")
    scene.keeper.look()
    assert "<script" not in scene.html()
    assert "<img" not in scene.html()
    assert "&lt;script&gt;" in scene.html()
    assert "49" not in scene.text().split("Écrit ou dit :")[1].split("À dire")[0]
    assert "\x1b" not in scene.text()
    assert "\x07" not in scene.text()


def test_it_needs_no_other_file_and_no_network(scene: Scene) -> None:
    scene.take(1, "Odeur de gaz, voir http://free.example/x")
    scene.keeper.look()
    assert re.findall(r"(?:src|href)=|url\(", scene.html()) == []
    assert "default-src 'none'" in scene.html()


def test_who_does_not_want_to_be_named_is_said_so(scene: Scene) -> None:
    scene.take(1, "Odeur de gaz au 14 rue du 11-Novembre-1918. Je souhaite rester anonyme, ne donnez pas mon nom.")
    scene.keeper.look()
    assert "ne dites à personne de qui cela vient" in scene.text()


def test_what_the_register_says_first_stands_there_and_no_number_that_must_never_be_called(scene: Scene) -> None:
    entered(scene.running.store, "T000001", EntryKind.PROTECTION, "order", reference="RG 24/01234")
    entered(scene.running.store, "T000001", EntryKind.NEVER, "+33616733185")
    text = "Gaz ! Huguette Joly, 14 rue du 11-Novembre-1918 à Bagnolet, bâtiment A, appartement F"
    raw = GAS.format(number=1, text=text, subject="Odeur de gaz").encode()
    raw = raw.replace(b"marc@free.example", b"huguette.joly@courriel.example")
    assert scene.running.take(vouched(raw), "huguette.joly@courriel.example", scene.now)
    scene.keeper.look()
    for page in (scene.html(), scene.text()):
        assert "ne révélez pas l’adresse ; n’appelez pas le 06 16 73 31 85." in page
        assert page.count("06 16 73 31 85") == 1
        assert "06 44 60 23 14" in page
        assert "24/01234" not in page
