"""The errors of the engine: a class's docstring is its message, and it says whether trying again may help."""

import errno
import os
import pwd
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from dtm_contact.model import Problem, errors_first
from dtm_contact.wording import Translatable, joined, worded


class DtmContactError(Exception):
    """Something went wrong."""

    retry: ClassVar[bool] = False

    def __init__(self, detail: str = "") -> None:
        """Build the message from the class's docstring; `detail` says where or which, never a person's data."""
        summary = (type(self).__doc__ or "").strip().splitlines()[0]
        # The docstrings are of the catalogue, too: `make catalogue` reads them.
        said = worded("{summary}: {detail}", summary=Translatable(summary.rstrip(".")), detail=detail)
        super().__init__(said if detail else worded("{summary}.", summary=Translatable(summary.rstrip("."))))

    @property
    def wording(self) -> Translatable:
        """The message, which can be told in another language where it is of the catalogue."""
        message = self.args[0]
        return message if isinstance(message, Translatable) else Translatable("{message}", {"message": message})


class InvalidFilesError(DtmContactError):
    """The files hold errors and do not take effect."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of their places; the message tells the errors first, then the warnings."""
        self.problems = tuple(problems)
        lines = joined((problem.wording for problem in errors_first(self.problems)), "\n")
        super().__init__(Translatable("\n{lines}", {"lines": lines}))


class WrongSettingError(DtmContactError):
    """A setting does not hold (docs/settings.md lists them)."""


class CannotOpenError(DtmContactError):
    """What the daemon listens on cannot be opened."""


class AwaitsRecognitionError(DtmContactError):
    """A scanned letter waits to be recognised."""

    def __init__(self, digests: Iterable[str]) -> None:
        """Take the digests (SHA-256) of the files that nobody has recognised yet."""
        self.digests = tuple(digests)
        super().__init__()


def described(error: BaseException) -> str:
    """Return what went wrong in words fit for the log and for admins, never a person's data.

    Of our own errors that is their message, of the system's what it says of its cause, of a certificate why it is
    refused. Any other error may quote what it was about: of it the class is told, and nothing more.
    """
    for each in _with_causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is refused: {each.verify_message.rstrip('.')}"
    if isinstance(error, DtmContactError):
        return str(error)
    for each in _with_causes(error):
        if isinstance(each, ssl.SSLError):
            return f"TLS fails: {each.reason or type(each).__name__}"
        if isinstance(each, TimeoutError):
            return "no answer in time"
        if isinstance(each, OSError) and (told := _of_the_system(each)):
            return told
    return type(error).__name__


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, as far as that goes."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _of_the_system(error: OSError) -> str:
    """Return what the system says of an error, with the file where it names one; empty where it says nothing."""
    if error.errno is None:
        return "none of its addresses answers" if str(error).startswith("Multiple exceptions") else ""
    # Beyond the system's own numbers are those of the look-up of names, which bring their words along.
    told = os.strerror(error.errno) if error.errno > 0 else error.strerror or type(error).__name__
    if not isinstance(error.filename, str):
        return told
    # Of whatever lies behind a closed door the system only says that it is forbidden.
    return (error.errno == errno.EACCES and shut_out(Path(error.filename))) or f"{told}: {error.filename}"


def closed_folder(path: Path) -> Path | None:
    """Return the first folder on the way to a path that this user cannot enter; None where there is none."""
    above = reversed(path.absolute().parents)
    return next((folder for folder in above if folder.is_dir() and not os.access(folder, os.X_OK)), None)


def shut_out(path: Path) -> str | None:
    """Return which folder keeps this user from a path, in words; None where none does."""
    folder = closed_folder(path)
    return f"{folder} cannot be entered by {user_name(os.geteuid())}" if folder is not None else None


def user_name(number: int) -> str:
    """Return what a user of the system is called; the number of one whom it does not know."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@contextmanager
def translate_open_errors(what: str, settings: str) -> Iterator[None]:
    """Tell what could not be opened, and which settings say where, in place of what the system says of it alone.

    Raises:
        CannotOpenError: its address is taken or not ours, or a file that it needs cannot be read.
    """
    try:
        yield
    except OSError as error:
        told = f"{what}: {error.strerror or error} (is another daemon running? {settings} say where)"
        raise CannotOpenError(told) from error


class NoDirectoryError(DtmContactError):
    """No directory has been imported yet. Run: dtm-contact directory import DIR."""


class StoreUnavailableError(DtmContactError):
    """The store cannot be used at the moment."""

    retry = True


class LeaseLostError(StoreUnavailableError):
    """This daemon has no lease at the moment, so it takes nothing and what it held is others' to take."""


class DaemonRunsError(DtmContactError):
    """Another daemon runs already."""


class HeldError(DtmContactError):
    """A daemon that lives holds it."""


class CommitUnknownError(StoreUnavailableError):
    """The store broke off while it committed: whether the change is stored cannot be told.

    Whoever hands something over must be told nothing, neither yes nor no, so that they try again.
    """


class UnknownSchemaError(DtmContactError):
    """The store's tables are not those that this version knows."""


class UnreadableArrivalError(DtmContactError):
    """The arrival cannot be read."""


class JudgeDiedError(DtmContactError):
    """The process that judged the arrival ended before it answered."""

    retry = True


class JudgeTimeoutError(DtmContactError):
    """Judging the arrival took longer than allowed."""


class ConcurrentUpdateError(DtmContactError):
    """What the judgement rested on has changed meanwhile; it is to be judged again."""

    retry = True


class UnusableModelError(DtmContactError):
    """The file is no model that this program can read."""


class ProgramFaultError(DtmContactError):
    """Le programme a une faute : rien n'a été changé, et réessayer n'y fera rien. Dites-le à l'administrateur."""


class NotFoundError(DtmContactError):
    """There is no such thing in the store."""
