"""The settings of a backup on a machine whose paths are others."""

import os
import stat
from pathlib import Path

import click
import pytest

from dtm_contact.backup.archive import SETTINGS
from dtm_contact.backup.moving import CannotMoveError, Move, moved_settings, parsed
from dtm_contact.backup.restoring import take_out_files
from dtm_contact.settings import JournalSettings, Settings
from tests.backup.conftest import at
from tests.backup.test_backup import made

SAID = """\
# The settings of a site.
# DTM_ALARM_WEBHOOK: it holds a secret, and was left out
DTM_STORE_URL=sqlite:///@/data/store.db
DTM_IMAP_FOLDER=@/inbox
DTM_JOURNAL_DIR=@/journal
DTM_LOG_FILE=@er/daemon.log
DTM_PRIVACY_FOLDERS='["@/it'\\''s done", "/srv/elsewhere"]'
DTM_FOLDER_SOURCES='{"courrier": {"path": "@/data/letters", "number": "number"}}'
DTM_ACCESS_KEY_FILE=credential:@
"""


def said(folder: Path) -> str:
    return SAID.replace("@er", f"{folder}/older").replace("@", f"{folder}/old")


def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    found = tmp_path / "old", tmp_path / "new", tmp_path / "data"
    for each in found[1:]:
        each.mkdir()
    return found


def test_paths_alone_are_rewritten_by_the_longest_that_fits(tmp_path: Path) -> None:
    old, new, data = places(tmp_path)
    before = said(tmp_path)
    found = moved_settings(before, [Move(old, new), Move(old / "data", data)])
    assert dict(found.changed) == {
        3: f"DTM_STORE_URL=sqlite:///{data}/store.db",
        5: f"DTM_JOURNAL_DIR={new}/journal",
        7: f"""DTM_PRIVACY_FOLDERS='["{new}/it'\\''s done", "/srv/elsewhere"]'""",
        8: f"""DTM_FOLDER_SOURCES='{{"courrier": {{"path": "{data}/letters", "number": "number"}}}}'""",
    }
    lines = before.split("\n")
    rest = [(at, line) for at, line in enumerate(found.text.split("\n"), 1) if at not in dict(found.changed)]
    assert rest == [(at, line) for at, line in enumerate(lines, 1) if at not in dict(found.changed)]
    assert moved_settings(before, []).text == before
    absent = [(place.line, str(place.path)) for place in found.absent()]
    folder = f"{tmp_path}/older/daemon.log"
    assert absent == [(6, folder), (7, f"{new}/it's done"), (7, "/srv/elsewhere")], "what the program makes is no lack"


def test_a_move_of_nothing_or_to_nowhere_is_refused_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, _data = places(tmp_path)
    with pytest.raises(CannotMoveError, match=rf"lies at or below /srv/none; its paths are: .*JOURNAL_DIR \({old}"):
        moved_settings(said(tmp_path), [Move(Path("/srv/none"), new)])
    with pytest.raises(CannotMoveError, match=f"{new}/lost: it is not there.* install -d -o "):
        moved_settings(said(tmp_path), [Move(old, new / "lost")])
    looked = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK and looked(path, mode))
    with pytest.raises(CannotMoveError, match=f"DTM_STORE_URL would be .*may not write into {new}.*chown "):
        moved_settings(said(tmp_path), [Move(old, new)])
    (new / "key").touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "key")
    with pytest.raises(CannotMoveError, match=f"DTM_ACCESS_KEY_FILE would be {new}/key.*may not read {new}/key"):
        moved_settings(f"DTM_ACCESS_KEY_FILE={old}/key\n", [Move(old, new)])


@pytest.mark.parametrize("written", ["/a", "a=/b", "/a=b", "=/b"])
def test_a_move_is_two_whole_paths(written: str) -> None:
    with pytest.raises(click.BadParameter, match="write OLD=NEW, two whole paths"):
        list(parsed([written], click.BadParameter))


def test_each_old_path_is_said_once() -> None:
    assert list(parsed(["/a/=/b/../c"], ValueError)) == [Move(Path("/a"), Path("/c"))]
    with pytest.raises(ValueError, match="/a is named twice"):
        list(parsed(["/a=/b", "/a/=/c"], ValueError))


def test_a_backup_whose_move_is_refused_leaves_nothing(sqlite_url: str, tmp_path: Path) -> None:
    old, new, _data = places(tmp_path)
    site = at(Settings.defaults(), sqlite_url).model_copy(update={"journal": JournalSettings(dir=old)})
    path = made(site, tmp_path / "backups").path
    with pytest.raises(CannotMoveError):
        take_out_files(site, path, tmp_path / "out", [Move(old, new / "lost")])
    assert not (tmp_path / "out").exists()
    _names, moved = take_out_files(site, path, tmp_path / "out", [Move(old, new)])
    file = tmp_path / "out" / SETTINGS
    assert f"DTM_JOURNAL_DIR={new}\n" in file.read_text()
    assert (moved.text, stat.S_IMODE(file.stat().st_mode)) == (file.read_text(), 0o640)
