"""Files and folders that are named on the command line and that its user cannot come to."""

from pathlib import Path

import click
import pytest

from dtm_contact.cli.output import ReadablePath
from tests.unprivileged import unprivileged


def _refused(path: Path) -> str:
    def convert() -> str:
        with pytest.raises(click.BadParameter) as raised:
            ReadablePath(dir_okay=False).convert(str(path), None, None)
        return raised.value.message

    return unprivileged(convert)


def test_a_file_in_a_closed_folder_is_not_said_to_be_missing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "old.mbox").touch()
    closed.chmod(0)
    told = _refused(closed / "old.mbox")
    closed.chmod(0o700)
    assert told.startswith(f"{closed}/old.mbox cannot be read by ")
    assert told.endswith(f", who may not enter {closed}")


def test_a_file_that_others_alone_can_read_and_one_that_is_missing_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "old.mbox").touch(mode=0)
    assert _refused(tmp_path / "old.mbox").startswith(f"{tmp_path}/old.mbox cannot be read by ")
    assert "does not exist" in _refused(tmp_path / "new.mbox")
