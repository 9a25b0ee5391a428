"""The rules that the daemon judges by, followed from the store: labels, queues, and what each rule sees."""

from pathlib import Path
from tempfile import TemporaryDirectory

from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.rule_versions import unpack


class RulesInForce:
    """Gives the rules in force, loaded anew when the daemon has taken up others."""

    def __init__(self, store: Store, settings: Settings) -> None:
        """Take the store that keeps every version, and the settings that name the daemon and its folder."""
        self._store = store
        self._settings = settings
        self._version: str | None = None
        self._rules: RuleSet | None = None

    def __call__(self) -> RuleSet:
        """Return the rules in force; those of the folder where the store knows of none.

        Raises:
            InvalidFilesError: the folder holds errors.
        """
        version = self._store.rule_versions.last_good(self._settings.name)
        if self._rules is None or version != self._version:
            self._rules = self._load(version)
            self._version = version
        return self._rules

    def _load(self, version: str | None) -> RuleSet:
        if version is None:
            return load_in_force(self._settings.rules.dir, zone=self._settings.zone, model=self._settings.model)
        with TemporaryDirectory(prefix="dtm-rules-") as folder:
            unpack(self._store.rule_versions.archive(version), Path(folder))
            return load_in_force(Path(folder), zone=self._settings.zone, model=self._settings.model)
