"""What several groups of settings share: names of time zones, and where things lie that nobody set."""

import os
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

OWN_OF_MACHINE: Final = "own of the machine"
"""What the type of a setting is annotated with that each machine says for itself, though it is no path."""
ListenHost = Annotated[str, OWN_OF_MACHINE]
"""An address that we listen on."""
ListenPort = Annotated[int, OWN_OF_MACHINE]
"""Its port."""
WRITTEN: Final = "written to"
"""What the type of a path is annotated with at which the program writes: its user must be able to."""
WrittenPath = Annotated[Path, WRITTEN]
"""A folder that the program writes into, or a file that it makes."""
StoreUrl = Annotated[str, WRITTEN]
"""The address of a store; that of a SQLite store holds the path of its file."""


def _exists(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write a name such as Europe/Paris") from error
    return name


ZoneName = Annotated[str, AfterValidator(_exists)]
"""The name of a time zone that there is (IANA)."""


_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe_address(url: str) -> bool:
    """Return whether secrets may be sent to a web address: by TLS, or to this machine alone; no name or query in it."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    odd = parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname
    return not odd and (parts.scheme == "https" or local)


APPLICATION: Final = "dtm-contact"
FILE_NAME: Final = f"{APPLICATION}.toml"
SERVICE_CONFIG: Final = Path("/etc") / APPLICATION
SERVICE_DATA: Final = Path("/var/lib") / APPLICATION
STORE_NAME: Final = "store.db"

_PACKAGE: Final = Path(__file__).parents[1]
# What a wheel holds under another name than the source tree has for it (pyproject.toml, force-include).
_IN_THE_SOURCE: Final = {"rules": "rules", "deploy": "deploy", "sample": "fixtures"}


def shipped(name: str) -> Path:
    """Return a folder that comes with the program: `rules`, `deploy` (a service's files) or `sample` (made-up data)."""
    installed = _PACKAGE / "shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / _IN_THE_SOURCE[name]


def user_config() -> Path:
    """Return the folder for settings of whoever tries the program (XDG Base Directory Specification)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def user_data() -> Path:
    """Return the folder for data of whoever tries the program (XDG Base Directory Specification)."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def store_in(folder: Path) -> str:
    """Return the URL of the SQLite store in a folder."""
    return f"sqlite:///{folder / STORE_NAME}"


def _xdg(variable: str, below_home: str) -> Path:
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():
        return named / APPLICATION
    # A relative path counts for nothing (the same specification).
    try:
        home = Path.home()
    except RuntimeError:
        # A system's user may have none.
        home = Path("/nonexistent")
    return home / below_home / APPLICATION
