"""What verbs look things up in: the directory, the rules and the settings in force."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from dtm_contact.directory import Directory
from dtm_contact.errors import DtmContactError
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.rule_versions import files_in_force


class Knowledge(Protocol):
    """Directory, rules and settings; `pipeline.Grounds` is one."""

    @property
    def directory(self) -> Directory:
        """The estate and its people."""
        ...

    @property
    def rules(self) -> RuleSet:
        """The rules."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings."""
        ...


KnowledgeSource = Callable[[], Knowledge] | None
"""Gives what is known; None where nothing does."""


@dataclass(frozen=True, slots=True)
class SiteConfiguration:
    """Directory, rules and settings, made ready."""

    directory: Directory
    rules: RuleSet
    settings: Settings


def configuration_or_none(store: Store, settings: Settings) -> SiteConfiguration | None:
    """Return the directory and the rules that judge, for what goes on without them; None where one cannot be read.

    Args:
        store: holds the directory, and the rules that judge.
        settings: say where the rules are where none judged yet.
    """
    try:
        return ConfigurationProvider(store, settings)()
    except (DtmContactError, OSError):
        return None


class ConfigurationProvider:
    """Gives what is in force, loaded when it is first asked for; a directory imported since is taken up."""

    def __init__(self, store: Store, settings: Settings, rules: Callable[[], RuleSet] | None = None) -> None:
        """Take the store that holds the directory, and the settings.

        Args:
            store: holds the directory.
            settings: say where the rules are.
            rules: gives the rules that judge; without it, those that the daemon of the settings' name judges by are
                read from the store, once, and those of the folder where none judged yet.
        """
        self._store = store
        self._settings = settings
        self._rules = rules or cache(self._kept)

    def __call__(self) -> SiteConfiguration:
        """Return what is in force.

        Raises:
            NoDirectoryError: none has been imported.
            InvalidFilesError: the rules hold errors.
        """
        return SiteConfiguration(self._store.directory.in_force(), self._rules(), self._settings)

    def _kept(self) -> RuleSet:
        # A slip in the folder, which the daemon does not take up, must not keep anybody from reading a danger.
        settings = self._settings
        with files_in_force(self._store.rule_versions, settings.name, settings.rules.dir) as folder:
            return load_in_force(folder, zone=settings.zone, model=settings.model)
