"""The settings of a backup on a machine whose paths are others: `restore --files DIR --moved OLD=NEW`.

What is rewritten is known by the types of settings: a path, a list of them, a path within a group of a list, the file
of a SQLite store. Nothing else of a line, and no comment, is touched.
"""

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dtm_contact.backup.archive import BackupError
from dtm_contact.backup.making import written_value
from dtm_contact.errors import shut_out, user_name
from dtm_contact.settings import Settings
from dtm_contact.settings.places import settings_of_places

_SQLITE: Final = re.compile(r"(sqlite(?:\+\w+)?:///)(/[^?]*)(.*)", re.DOTALL)
_RUN: Final = Path("/run")
_LINE: Final = re.compile(r"(DTM_[A-Z0-9_]+)=(.*)")


class CannotMoveError(BackupError):
    """The settings were not rewritten, and nothing was put in place."""


@dataclass(frozen=True, slots=True)
class Move:
    """What lay at or below one path lies at or below another now; both are absolute."""

    old: Path
    new: Path

    def __str__(self) -> str:
        return f"--moved {self.old}={self.new}"


@dataclass(frozen=True, slots=True)
class NamedPath:
    """A path that the settings of a backup name.

    Attributes:
        line: where it stands in them, from 1.
        setting: its variable.
        path: where it is on this machine, moved or not.
        before: where it was; the same where nothing moved it.
        written: whether the program writes there.
    """

    line: int
    setting: str
    path: Path
    before: Path
    written: bool

    @property
    def is_there(self) -> bool:
        """Whether it is there, or the program itself makes it where it is to be."""
        # What lies below /run systemd makes with the start of the service.
        made = self.written and (_is_there(self.path.parent) or self.path.is_relative_to(_RUN))
        return made or _is_there(self.path)


@dataclass(frozen=True, slots=True)
class MovedSettings:
    """The settings of a backup, rewritten.

    Attributes:
        text: all of them.
        changed: the number of each line that was rewritten, from 1, and what it says now.
        places: every path that they name.
    """

    text: str
    changed: tuple[tuple[int, str], ...]
    places: tuple[NamedPath, ...]

    def absent(self) -> tuple[NamedPath, ...]:
        """Return the places that are not there on this machine, as far as this user may look."""
        return tuple(each for each in self.places if not each.is_there)


def moved_settings(text: str, moves: Sequence[Move]) -> MovedSettings:
    """Rewrite the paths of a backup's settings.

    Args:
        text: the settings, a variable a line.
        moves: what lies elsewhere; of two that fit a path the longer goes before, and none is applied to what
            another has rewritten.

    Raises:
        CannotMoveError: no path is below the old one of a move, its new one is not there, or this user may not do there
            what the program does.
    """
    kinds = settings_of_places(Settings)
    # "\n" alone ends a line: a value may hold any other end of line.
    lines, changed, places = text.split("\n"), [], []
    for at, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        if found is None or found[1] not in kinds:
            continue
        name, value, within = found[1], _value(found[2]), _Within(moves)
        said = within.rewritten(value)
        places += [NamedPath(at + 1, name, now, before, kinds[name]) for now, before in within.paths]
        if said != value:
            lines[at] = f"{name}={written_value(said)}"
            changed.append((at + 1, lines[at]))
    for move in moves:
        _check(move, places)
    return MovedSettings("\n".join(lines), tuple(changed), tuple(places))


def _value(written: str) -> Any:
    """Return what stands behind the sign of a line: a text, or what its JSON holds."""
    try:
        text = "".join(shlex.split(written))
        return json.loads(text) if text[:1] in ("[", "{") else text
    except ValueError:
        # Not as a backup writes it: no path of ours.
        return written


class _Within:
    """Looks through a value for paths, and rewrites them."""

    def __init__(self, moves: Sequence[Move]) -> None:
        self._moves = sorted(moves, key=lambda move: len(move.old.parts), reverse=True)
        self.paths: list[tuple[Path, Path]] = []

    def rewritten(self, value: Any) -> Any:
        """Return a value as it is to be said on this machine."""
        if isinstance(value, dict):
            return {key: self.rewritten(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.rewritten(each) for each in value]
        if not isinstance(value, str):
            return value
        if store := _SQLITE.fullmatch(value):
            return f"{store[1]}{self._moved(store[2])}{store[3]}"
        return self._moved(value) if value.startswith("/") else value

    def _moved(self, written: str) -> str:
        path = Path(written)
        move = next((each for each in self._moves if path.is_relative_to(each.old)), None)
        if move is None:
            self.paths.append((path, path))
            return written
        now = move.new / path.relative_to(move.old)
        self.paths.append((now, path))
        return str(now)


def _check(move: Move, places: Sequence[NamedPath]) -> None:
    """Make sure that a move does something, and leads to where the program can work.

    Raises:
        CannotMoveError: it does not.
    """
    moved = [each for each in places if each.before.is_relative_to(move.old) and each.path.is_relative_to(move.new)]
    if not moved:
        there = ", ".join(sorted({f"{each.setting} ({each.before})" for each in places})) or "none"
        raise CannotMoveError(f"{move}: no setting of the backup lies at or below {move.old}; its paths are: {there}")
    user = user_name(os.geteuid())
    if not _is_there(move.new):
        why = shut_out(move.new) or "it is not there"
        told = f"{move}: {move.new}: {why}, so the settings would lead nowhere"
        raise CannotMoveError(f"{told}; first, as root: mount it, or install -d -o {user} -m 700 {move.new}")
    for place in moved:
        _check_rights(move, place, user)


def _check_rights(move: Move, place: NamedPath, user: str) -> None:
    """Make sure that this user may do at a place what the program does there.

    Raises:
        CannotMoveError: they may not; the message says which setting needs it, and what mends it.
    """
    there = next(each for each in (place.path, *place.path.parents) if _is_there(each))
    if there.is_dir():
        needed, what = os.R_OK | os.X_OK, "may not look into"
        if place.written:
            needed, what = needed | os.W_OK, "may not write into"
    else:
        needed, what = (os.R_OK | os.W_OK, "may not write") if place.written else (os.R_OK, "may not read")
    if os.access(there, needed):
        return
    owner = user_name(there.stat().st_uid)
    told = (
        f"{move}: {place.setting} would be {place.path}, and {user}, who restores, {what} {there}, which is {owner}'s"
    )
    mend = f"chown {user} {there}" if place.written else f"let {user} read it: chgrp, chmod g+rX {there}"
    raise CannotMoveError(f"{told}; first, as root: {mend}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # A folder above it is closed to this user.
        return False


def parsed(written: Sequence[str], fault: Callable[[str], Exception]) -> Iterator[Move]:
    """Yield the moves that somebody has written as OLD=NEW; `fault` makes an error of what is wrong with one."""
    seen: set[Path] = set()
    for each in written:
        old, sign, new = each.partition("=")
        if not sign or not old.startswith("/") or not new.startswith("/"):
            raise fault(f"{each!r}: write OLD=NEW, two whole paths: --moved /srv/journal=/mnt/journal")
        move = Move(Path(os.path.normpath(old)), Path(os.path.normpath(new)))
        if move.old in seen:
            raise fault(f"{move.old} is named twice: say once where it lies now")
        seen.add(move.old)
        yield move
