"""The judge process: tasks come in on standard input, answers go out on standard output; it ends when its input does.

It holds its own directory and rules and reads the store by itself, read-only; a new directory and new rules are taken
up between two arrivals.
"""

import signal
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from dtm_contact import log
from dtm_contact.directory import Directory
from dtm_contact.errors import DtmContactError
from dtm_contact.model import Arrival
from dtm_contact.pdf.reader import PdfReader
from dtm_contact.pipeline import Grounds
from dtm_contact.reading import texts_at_a_glance
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import Glance, Store, open_store
from dtm_contact.topics import danger_score
from dtm_contact.worker import bounds
from dtm_contact.worker.bounds import Bounds, CpuSpentError
from dtm_contact.worker.frames import pack, read_frame
from dtm_contact.worker.kinds import Judges
from dtm_contact.worker.mailing import tokens_of
from dtm_contact.worker.messages import Answer, Judged, Look, Looked, Ready, Refused, TakeUp, Task

_MESSAGE = "message/rfc822"
_ANY_MESSAGE = (
    b"From: Quelqu'un <quelquun@exemple.example>\r\nSubject: Fuite sous l'evier\r\n\r\n"
    b"Bonjour, il y a une fuite sous mon evier depuis ce matin, 12 rue de la Paix, batiment B.\r\nMme Martin\r\n"
)


class Bench:
    """What a judge process judges with: the store for look-ups, the rules, and the directory last imported."""

    def __init__(self, settings: Settings) -> None:
        """Open the store, load the rules and the directory.

        Raises:
            NoDirectoryError: none has been imported.
            InvalidFilesError: the rules hold errors.
        """
        self._settings = settings
        self._bounds = Bounds(settings.judge)
        self._store: Store = open_store(settings.store.url, read_only=True)
        self._rules: RuleSet = load_in_force(settings.rules.dir, zone=settings.zone, model=settings.model)
        self._tokens = tokens_of(settings, self._store)
        self._pdfs = PdfReader(settings.pdf)
        self._version = self._store.directory.version()
        self._grounds = self._load_grounds()
        self._judges = Judges(self._grounds)
        self._warm_up()

    def _warm_up(self) -> None:
        """Judge something without bounds: what libraries make for themselves the first time is no message's fault."""
        now = datetime.now(UTC)
        arrival = Arrival("none", "none", now, "message/rfc822", None, _ANY_MESSAGE)
        self._judges.of(arrival.media_type)(Task(arrival, now), self._store)

    def _load_grounds(self) -> Grounds:
        directory = Directory(self._store.directory.load())
        return Grounds.build(directory, self._rules, self._settings, self._tokens, self._pdfs)

    def take_up(self, folder: Path) -> Answer:
        """Judge by the rules of a folder from now on; where they cannot be loaded, those from before stay."""
        try:
            self._rules = load_in_force(folder, zone=self._settings.zone, model=self._settings.model)
        except Exception as error:  # noqa: BLE001 - a process that ended would take its arrival with it
            return Refused(_reason(error), retry=False)
        self._grounds = replace(self._grounds, rules=self._rules)
        self._judges = Judges(self._grounds)
        return Ready()

    def look(self, look: Look) -> Answer:
        """Glance at arrivals that wait; only messages have words."""
        try:
            with self._bounds.on(look.octets):
                return Looked({glance.id: self._score(glance) for glance in look.glances})
        except (CpuSpentError, MemoryError) as error:
            return Refused(_reason(error), retry=False, worn=True)

    def _score(self, glance: Glance) -> int:
        if glance.media_type != _MESSAGE:
            return 0
        try:
            return danger_score(texts_at_a_glance(glance.head), self._rules.reader)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be glanced at must not hide those beside it
            log.get_log("judge").warning("glance", arrival=glance.id, reason=_reason(error))
            return 0

    def answer(self, task: Task) -> Answer:
        """Judge one arrival within its bounds; whatever goes wrong is an answer too."""
        try:
            self._follow_directory()
            judge = self._judges.of(task.arrival.media_type)
            with self._bounds.on(len(task.arrival.raw)):
                return Judged(judge(task, self._store))
        except (CpuSpentError, MemoryError) as error:
            return Refused(_reason(error), retry=False, worn=True)
        except Exception as error:  # noqa: BLE001 - the arrival is parked with the reason, whatever it is
            return Refused(_reason(error), retry=isinstance(error, DtmContactError) and error.retry)

    def _follow_directory(self) -> None:
        version = self._store.directory.version()
        if version != self._version:
            self._grounds = self._load_grounds()
            self._judges = Judges(self._grounds)
            self._version = version


def _reason(error: BaseException) -> str:
    """Tell an error by its class and place: its text may quote the message."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != bounds.__file__]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"


def main() -> None:
    """Serve tasks until the input ends. The daemon stops us by closing it: an interrupt meant for it is not for us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    # A stray print would break the frames.
    sys.stdout = sys.stderr
    settings: Settings = read_frame(tasks)
    log.configure(settings.log)
    try:
        bench = Bench(settings)
    except DtmContactError as error:
        log.get_log("judge").error("cannot start", reason=type(error).__name__)
        sys.exit(1)
    _serve(bench, tasks, answers)


def _serve(bench: Bench, tasks: BinaryIO, answers: BinaryIO) -> None:
    answer: Answer = Ready()
    while True:
        answers.write(pack(answer))
        answers.flush()
        try:
            task: Task | TakeUp | Look = read_frame(tasks)
        except EOFError:
            return
        match task:
            case TakeUp():
                answer = bench.take_up(task.folder)
            case Look():
                answer = bench.look(task)
            case _:
                answer = bench.answer(task)


if __name__ == "__main__":
    main()
