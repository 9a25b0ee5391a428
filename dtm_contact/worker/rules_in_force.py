"""The rules in force: copies of the folder that admins write in, each taken whole; new ones tried before they count."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.errors import InvalidFilesError, StoreUnavailableError, described
from dtm_contact.log import get_log
from dtm_contact.model import Problem
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.rules.reader_files import FORMER_MODEL, former_model, load_model
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import Settings
from dtm_contact.store import Store, StoreThread
from dtm_contact.store.rule_versions import files_in_force, pack, unpack
from dtm_contact.worker.ipc import Child, TrialResult, TryRules

ALARM = "rules-refused"
FAULTY = "rules-faulty"
MODEL = "model"
UNREADABLE = "rules-unreadable"

_COPIES_KEPT = 3
_ATTEMPTS = 20
_MOST_FAULTS_LOGGED = 5
_log = get_log("rules")


class Copies:
    """Copies of the rules, in a folder of our own that goes when the daemon does.

    The site's own learned model, where it has one, is copied once: all that judges goes by the same one.

    Attributes:
        unusable: what is wrong with that model, so that the program's own is heard in its place; mostly nothing.
        in_force: the copy that judges load, which stays however many others are taken and refused.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Take the folder that admins write in from the settings, and the one for the copies."""
        self._settings = settings
        self._folder = folder
        self._taken: list[Path] = []
        self._count = 0
        self.in_force: Path | None = None
        self.unusable: list[Problem] = []
        self._model = settings.model and self._model_copied(settings.model)

    def version(self) -> str:
        """Return the version of what the folder holds now.

        Raises:
            OSError: a file cannot be read, or went just now.
        """
        return digest(self._settings.rules.dir)

    def take(self) -> Settings | None:
        """Return settings that point to a new copy of the folder; None where it changed meanwhile."""
        before = self.version()
        copy = self._new()
        if self._settings.rules.dir.is_dir():
            shutil.copytree(self._settings.rules.dir, copy, symlinks=True, ignore=_left_out)
        if before == digest(copy) == self.version():
            return self._pointing_to(copy)
        shutil.rmtree(copy, ignore_errors=True)
        return None

    def restore(self, archive: bytes) -> Settings:
        """Return settings that point to a copy with the files of an archive."""
        copy = self._new()
        unpack(archive, copy)
        return self._pointing_to(copy)

    def _model_copied(self, model: Path) -> Path | None:
        if load_model(model, self.unusable) is None:
            return None
        copy = self._folder / "model"
        shutil.copyfile(model, copy)
        return copy

    def _new(self) -> Path:
        # A judge that is loading one now started at most one change ago.
        for old in [path for path in self._taken[: 1 - _COPIES_KEPT] if path != self.in_force]:
            shutil.rmtree(old, ignore_errors=True)
            self._taken.remove(old)
        self._taken.append(self._folder / f"rules-{self._count}")
        self._count += 1
        return self._taken[-1]

    def _pointing_to(self, copy: Path) -> Settings:
        rules = self._settings.rules.model_copy(update={"dir": copy})
        return self._settings.model_copy(update={"rules": rules, "model": self._model})


_left_out = shutil.ignore_patterns(".*", "*~", FORMER_MODEL)


@contextmanager
def copies(settings: Settings) -> Iterator[Copies]:
    """Give copies of the rules that go when the block ends."""
    with TemporaryDirectory(prefix="dtm-contact-rules-") as folder:
        yield Copies(settings, Path(folder))


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """The rules that judge: settings that point to the copy, and the rules read from it."""

    settings: Settings
    rules: RuleSet


async def at_start(
    settings: Settings, store: Store, taken: Copies, copy: Settings, alarms: Alarms, now: datetime
) -> LoadedRules:
    """Return the rules to judge by when the daemon starts: those of the folder's copy, else the last good ones.

    New rules must pass every check and their tests; where they do not, and earlier ones were in force, those judge on.
    Rules that were in force already are used without checks, as long as they can be read: faults that a new version
    of the program finds in them are an alarm. An upgrade must not leave mail unjudged.

    Args:
        settings: the daemon's.
        store: where the rules that were in force are kept.
        taken: the copies.
        copy: the one that was taken of the folder as it is.
        alarms: who hears of a broken folder, of faults in what judges, and of a learned model that cannot be used.
        now: the time, aware.

    Raises:
        InvalidFilesError: neither the folder nor what was in force before can be read.
        StoreUnavailableError: the store cannot be read.
    """
    _tell_of_model(settings, taken, alarms)
    last = store.rule_versions.last_good(settings.name)
    try:
        found = _loaded(copy)
    except InvalidFilesError as error:
        if last is None:
            raise
        refused = TrialResult(digest(copy.rules.dir), error.problems)
        return _last_good(settings, store, taken, alarms, (last, refused), now)
    errors = found.rules.faults
    if last is not None and not _was_in_force(settings, store, found.rules.version, last):
        outcome = await try_rules(copy)
        if not outcome.is_sound:
            refused = TrialResult(found.rules.version, outcome.problems)
            # Where what was in force cannot be read any more, rules with a fault are better than none.
            with suppress(InvalidFilesError):
                return _last_good(settings, store, taken, alarms, (last, refused), now)
            errors = refused.errors
    _keep(settings, store, found, now)
    _tell_of_faults(alarms, found.rules.version, errors)
    return found


def _loaded(copy: Settings) -> LoadedRules:
    # Offices are not checked: an export that dropped one in the night must not keep mail from being judged.
    return LoadedRules(copy, load_in_force(copy.rules.dir, zone=copy.zone, model=copy.model))


def _was_in_force(settings: Settings, store: Store, version: str, last: str) -> bool:
    """Return whether rules are those that judged last; an earlier program may have given them another version."""
    with files_in_force(store.rule_versions, settings.name, settings.rules.dir) as kept:
        return version in {last, digest(kept)}


def _keep(
    settings: Settings, store: Store, rules: LoadedRules, now: datetime, refused: TrialResult | None = None
) -> None:
    kept = {rules.daemon: rules for rules in store.rule_versions.in_force()}.get(settings.name)
    version = rules.rules.version
    if kept is not None and (kept.version, kept.refused) == (version, refused.version if refused else None):
        return
    try:
        store.rule_versions.put_in_force(settings.name, version, pack(rules.settings.rules.dir), now)
        if refused is not None:
            store.rule_versions.refuse(settings.name, refused.version or "", refused.errors, now)
    except StoreUnavailableError as error:
        # Mail can be judged all the same; a restart tries again.
        _log.warning("the rules in force could not be kept", error=type(error).__name__)


async def try_rules(settings: Settings) -> TrialResult:
    """Try the rules of the settings' folder in a process of its own, as the directory is now.

    They are loaded, checked, and held to their own tests; whatever goes wrong is a problem of the result.
    """
    child = await Child.start(TryRules(settings))
    try:
        result = await child.answer(settings.rules.trial_seconds)
    except TimeoutError:
        return _failed_trial(f"they could not be tried within {settings.rules.trial_seconds:g} s")
    except (EOFError, ConnectionError):
        return _failed_trial("the process that tried them ended")
    finally:
        await child.kill()
    return result if isinstance(result, TrialResult) else _failed_trial("the process that tried them gave no result")


def _failed_trial(message: str) -> TrialResult:
    return TrialResult(None, (Problem("routing.yaml", 0, 0, message, "look at the log of the daemon"),))


async def quiet_copy(taken: Copies) -> Settings:
    """Return settings that point to a copy of the folder, taken while nobody wrote in it.

    Raises:
        InvalidFilesError: it changes all the time, or cannot be read.
    """
    for _ in range(_ATTEMPTS):
        try:
            copy = taken.take()
        except FileNotFoundError:
            copy = None
        except OSError as error:
            text = f"the folder of the rules cannot be read: {described(error)}"
            hint = "let the daemon's user read the folder DTM_RULES_DIR and all in it"
            raise InvalidFilesError([Problem("routing.yaml", 0, 0, text, hint)]) from error
        if copy is not None:
            return copy
        await asyncio.sleep(0.1)
    problem = Problem(
        "routing.yaml", 0, 0, "the folder of the rules changes all the time", "start again once it is quiet"
    )
    raise InvalidFilesError([problem])


def _last_good(
    settings: Settings, store: Store, taken: Copies, alarms: Alarms, which: tuple[str, TrialResult], now: datetime
) -> LoadedRules:
    version, refused = which
    found = _loaded(taken.restore(store.rule_versions.archive(version)))
    _keep(settings, store, found, now, refused)
    alarms.sound(ALARM, _refusal_text(refused.version or "", refused.errors, version))
    _tell_of_faults(alarms, found.rules.version, found.rules.faults)
    return found


def _tell_of_model(settings: Settings, taken: Copies, alarms: Alarms) -> None:
    for problem in former_model(settings.rules.dir):
        _log.warning(f"{problem.file} in the folder of the rules is not read any more and can be deleted")
    for problem in taken.unusable:
        alarms.sound(
            MODEL, f"The program's own learned model is heard in place of the one that DTM_MODEL names: {problem}"
        )


def _tell_of_faults(alarms: Alarms, version: str, faults: tuple[Problem, ...]) -> None:
    if not faults:
        return
    text = "; ".join(map(str, faults[:_MOST_FAULTS_LOGGED]))
    alarms.sound(
        FAULTY,
        f"The rules in force (version {version}) judge on, though new ones with their faults would be refused."
        f" Mend the folder. Errors: {len(faults)}: {text}. `dtm-contact rules check` tells all.",
    )


def _refusal_text(refused: str, problems: tuple[Problem, ...], in_force: str) -> str:
    first = str(problems[0]) if problems else "no reason was given"
    return (
        f"The rules in the folder (version {refused}) do not take effect; version {in_force} stays in force."
        f" Errors: {len(problems)}, the first: {first}. `dtm-contact rules status` tells all."
    )


class RulesWatch:
    """Looks whether the folder changed, has what changed tried, and has it take effect where it is sound."""

    def __init__(  # noqa: PLR0913 - all that a change of the rules touches
        self,
        settings: Settings,
        store: Store,
        taken: Copies,
        alarms: Alarms,
        *,
        in_force: LoadedRules,
        clock: Callable[[], datetime],
        use_rules: Callable[[LoadedRules], None],
    ) -> None:
        """Take the rules in force, and what has others judge from the next arrival on."""
        self.in_force = in_force
        self._settings = settings
        self._store = StoreThread(store)
        self._taken = taken
        self._alarms = alarms
        self._clock = clock
        self._use_rules = use_rules
        self._settling: str | None = None
        self._looking = asyncio.Lock()
        refused = next((each.refused for each in store.rule_versions.in_force() if each.daemon == settings.name), None)
        self._done: str | None = refused or in_force.rules.version
        taken.in_force = in_force.settings.rules.dir

    def rules_now(self) -> RuleSet:
        """Return the rules that judge now."""
        return self.in_force.rules

    async def run(self) -> None:
        """Look on until cancelled; no trouble ends it."""
        await repeat(self.look, self._settings.rules.poll_seconds, self._trouble, at_once=False)

    @staticmethod
    def _trouble(error: Exception) -> None:
        _log.warning("the folder of the rules cannot be followed", error=described(error))

    async def look(self) -> None:
        """Look once: what changed is tried once two looks have seen the same."""
        async with self._looking:
            await self._look()

    async def reload(self) -> None:
        """Try what the folder holds at once, and what was refused once more: somebody says that it is whole.

        Raises:
            OSError, StoreUnavailableError: it could not be tried; a later look tries it again.
        """
        async with self._looking:
            self._done, self._settling = None, await self._version()
            await self._look()

    async def _look(self) -> None:
        version = await self._version()
        if version is None:
            return
        if version == self._done:
            self._settling = None
            return
        if version != self._settling:
            self._settling = version
            return
        if version == self.in_force.rules.version:
            await self._back(version)
            return
        copy = await asyncio.to_thread(self._taken.take)
        if copy is None:
            return
        outcome = await try_rules(copy)
        if outcome.is_sound:
            await self._swap(copy, outcome)
        else:
            await self._refuse(version, outcome.errors)
        # Only now: what could not be kept in the store is tried again.
        self._done, self._settling = version, None

    async def _version(self) -> str | None:
        """Return the version of what the folder holds; None where it cannot be read, which is an alarm."""
        try:
            version = await asyncio.to_thread(self._taken.version)
        except FileNotFoundError:
            # Went between the look at the folder and the look at the file: the next look sees what is there.
            return None
        except OSError as error:
            text = f"The folder of the rules cannot be read ({described(error)}): changes in it do not take effect."
            self._alarms.sound(UNREADABLE, text)
            return None
        self._alarms.over(UNREADABLE)
        return version

    async def _swap(self, copy: Settings, outcome: TrialResult) -> None:
        found = await asyncio.to_thread(_loaded, copy)
        archive, now, name = pack(copy.rules.dir), self._clock(), self._settings.name
        await self._store.run(lambda store: store.rule_versions.put_in_force(name, found.rules.version, archive, now))
        self.in_force = found
        self._taken.in_force = found.settings.rules.dir
        self._use_rules(found)
        self._alarms.over(ALARM)
        self._alarms.over(FAULTY)
        _log.info("new rules are in force", version=found.rules.version, warnings=len(outcome.problems))

    async def _refuse(self, version: str, errors: tuple[Problem, ...]) -> None:
        now, name = self._clock(), self._settings.name
        await self._store.run(lambda store: store.rule_versions.refuse(name, version, errors, now))
        self._alarms.sound(ALARM, _refusal_text(version, errors, self.in_force.rules.version))
        _log.warning("rules are refused", version=version, errors=len(errors))

    async def _back(self, version: str) -> None:
        """What the folder holds is in force already: somebody took a broken change back."""
        name = self._settings.name
        await self._store.run(lambda store: store.rule_versions.clear_refusal(name))
        self._done, self._settling = version, None
        self._alarms.over(ALARM)

    def close(self) -> None:
        """Return once what was begun in the store is done."""
        self._store.close()


@asynccontextmanager
async def rules_watch_lifespan(watch: RulesWatch) -> AsyncIterator[RulesWatch]:
    """Follow the folder until the block ends."""
    try:
        async with beside(watch.run(), "rules"):
            yield watch
    finally:
        watch.close()
