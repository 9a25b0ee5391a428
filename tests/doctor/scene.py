"""A sound installation in a folder, and what is done to it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.access import Role, new_account
from dtm_contact.directory import read_export
from dtm_contact.doctor import CheckResult, examine
from dtm_contact.settings.common import shipped
from dtm_contact.store import Store, open_store
from tests.store.fresh import fresh_store

ROOT = Path(__file__).parents[2]
ADDRESS = "metropole@bailleur.example"


def made_store(path: Path) -> None:
    """Make a store that has a directory exported now and an account that may come in."""
    fresh_store(f"sqlite:///{path}")
    now = datetime.now(UTC)
    with open_store(f"sqlite:///{path}") as store:
        records, _warnings = read_export(ROOT / "tests" / "directory" / "good")
        store.directory.save(records, "test", now)
        store.accounts.add(new_account("claire", "Claire", Role.HEAD, None, None), now)


@dataclass
class Scene:
    """One installation.

    Attributes:
        folder: all of it lies there.
        patch: for the environment.
        values: its settings file.
        running: what is to be stopped with the test.
        config: the settings file, once it was written.
    """

    folder: Path
    patch: pytest.MonkeyPatch
    values: dict[str, Any]
    running: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def sound(cls, folder: Path, template: Path, patch: pytest.MonkeyPatch) -> "Scene":
        """Lay one out in which nothing is wrong."""
        for name in [name for name in os.environ if name.startswith("DTM_")]:
            patch.delenv(name)
        # A machine under load is no fault of the installation.
        for bound in ("links.SECONDS", "links._DNS_SECONDS", "local.SECONDS", "machine.SECONDS", "postfix.SECONDS"):
            patch.setattr(f"dtm_contact.doctor.{bound}", 300.0)
        for bound in ("database._PATIENCE", "registry._PATIENCE"):
            patch.setattr(f"dtm_contact.doctor.{bound}", 300.0)
        # So is a clock that nothing keeps, as in a container.
        patch.setattr("dtm_contact.doctor.database.is_kept", lambda: True)
        data = folder / "data"
        data.mkdir(mode=0o700)
        shutil.copyfile(template, data / "store.db")
        (data / "store.db").chmod(0o600)
        shutil.copytree(shipped("rules"), folder / "rules")
        values: dict[str, Any] = {
            "channels": ["smtp"],
            "store": {"url": f"sqlite:///{data}/store.db", "reserve": 0},
            "rules": {"dir": str(folder / "rules"), "observe": True},
            "smtp": {"recipients": [ADDRESS], "port": 18025},
            "desk": {"open": True, "port": 18027, "secure_cookies": False},
            "monitor": {"port": 0, "free_octets": 0},
            "alarm": {"command": ["true"]},
            "outbound": {"sender": ADDRESS, "connect_seconds": 300.0, "seconds": 300.0},
            "imap": {"seconds": 300.0},
        }
        return cls(folder, patch, values)

    def set(self, **groups: Mapping[str, Any] | list[str] | str) -> None:
        """Change settings, a group each; what is no group is replaced."""
        for name, value in groups.items():
            known = self.values.get(name)
            self.values[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value

    @property
    def config(self) -> Path:
        return self.folder / "dtm-contact.toml"

    def write(self, *lines: str, mode: int = 0o600) -> None:
        """Write the settings file, with some lines more at its end."""
        tops = {name: value for name, value in self.values.items() if not isinstance(value, dict)}
        text = _assigned(tops)
        for name, group in self.values.items():
            if isinstance(group, dict):
                text += [f"[{name}]", *_assigned(group)]
        self.config.write_text("\n".join([*text, *lines]) + "\n", encoding="utf-8")
        self.config.chmod(mode)

    def found(self, check: str, *, offline: bool = False) -> list[CheckResult]:
        """Return what a check finds."""
        if not self.config.exists():
            self.write()
        return list(examine(self.config, only=[check], offline=offline))

    def store(self) -> Store:
        """Open the store for changes; it is closed with the scene."""
        return self.running.enter_context(open_store(self.values["store"]["url"]))

    def file(self, name: str, content: str = "", mode: int = 0o600) -> Path:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)
        return path

    def postfix(self, main: str, master: str = "lmtp unix - - n - - lmtp") -> None:
        """Set up Postfix in a folder of its own, which postconf and postmap then speak of."""
        if shutil.which("postconf", path=f"{os.environ['PATH']}:/usr/sbin") is None:
            if os.environ.get("CI") == "true":
                pytest.fail("Postfix is not installed, and CI must test with it")
            pytest.skip("Postfix is not installed")
        folder = self.folder / "postfix"
        folder.mkdir()
        (folder / "main.cf").write_text(f"compatibility_level = 3.6\n{main}\n")
        (folder / "master.cf").write_text(f"{master}\n")
        self.patch.setenv("MAIL_CONFIG", str(folder))


def _assigned(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in values.items()]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def mounted(folder: Path, stack: ExitStack, options: str) -> bool:
    """Mount a disk in memory over a folder; return whether we may."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode == 0:
        stack.callback(subprocess.run, ["umount", str(folder)], check=True)
    return done.returncode == 0
