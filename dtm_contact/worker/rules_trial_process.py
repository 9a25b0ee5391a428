"""The process that tries rules: settings come in on standard input, what came of it goes out on standard output."""

import sys

from dtm_contact import log
from dtm_contact.directory import Directory
from dtm_contact.errors import InvalidFilesError, NoDirectoryError
from dtm_contact.rules import load_rules, run_rule_tests
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.worker.frames import pack, read_frame
from dtm_contact.worker.rules_trial import Tried


def _try(settings: Settings) -> Tried:
    directory = _directory(settings)
    try:
        rules = load_rules(
            settings.rules.dir,
            directory.offices if directory else None,
            residences=directory.residences.values() if directory else (),
            zone=settings.zone,
            model=settings.model,
        )
    except InvalidFilesError as error:
        return Tried(None, error.problems)
    return Tried(rules.version, (*rules.problems, *run_rule_tests(rules, settings.rules.dir).problems))


def _directory(settings: Settings) -> Directory | None:
    try:
        with open_store(settings.store.url, read_only=True) as store:
            return Directory(store.directory.load())
    except NoDirectoryError:
        return None


def main() -> None:
    """Read the settings, try the rules, tell what came of it."""
    told = sys.stdout.buffer
    # A stray print would break the frame.
    sys.stdout = sys.stderr
    settings: Settings = read_frame(sys.stdin.buffer)
    log.configure(settings.log)
    told.write(pack(_try(settings)))
    told.flush()


if __name__ == "__main__":
    main()
