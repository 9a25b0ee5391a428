"""The file that keeps alarms over a restart: beside the store and not in it, since the store may be what is down."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from dtm_contact.alerting.episodes import Episode
from dtm_contact.durable_file import replace_file
from dtm_contact.log import get_log
from dtm_contact.settings import Settings

_EPISODES: Final = TypeAdapter(list[Episode])
_LARGEST: Final = 4 * 1024 * 1024
_log = get_log("alarm")


class Kept:
    """One file, written whole or not at all; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        """Take where it is."""
        self._path = path

    def keeps(self) -> bool:
        """Return whether alarms outlast a restart: whether a file keeps them."""
        return self._path is not None

    def load(self) -> list[Episode]:
        """Return what was kept; nothing where there is no file, or none that can be read, which the log tells."""
        if self._path is None:
            return []
        try:
            with self._path.open("rb") as file:
                return _EPISODES.validate_json(file.read(_LARGEST))
        except FileNotFoundError:
            return []
        except (OSError, ValidationError, ValueError) as error:
            _log.warning("the alarms kept cannot be read", file=str(self._path), error=type(error).__name__)
            return []

    def save(self, episodes: Sequence[Episode]) -> bool:
        """Keep these in place of those before; return whether that worked: a full disk may be the alarm itself."""
        if self._path is None:
            return True
        content = _EPISODES.dump_python(list(episodes), mode="json", by_alias=True)
        try:
            replace_file(self._path, json.dumps(content, indent=1).encode("ascii"), mode=0o600)
        except OSError as error:
            _log.warning("the alarms cannot be kept", file=str(self._path), error=error.strerror)
            return False
        return True


def kept_in(settings: Settings) -> Kept:
    """Return the file of this daemon: in the folder of the settings, else beside a SQLite store."""
    folder = settings.state_folder
    if folder is None:
        _log.warning("a restart forgets alarms that were not told: DTM_ALARM_FOLDER is not set")
    return Kept(None if folder is None else folder / f"alarms-{quote(settings.name, safe='')}.json")
