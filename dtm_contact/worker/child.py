"""The child processes of the daemon: one that judges, or one that tries new rules; `ipc` says how they are asked.

A judge holds its own directory and rules and reads the store by itself, read-only; a new directory and new rules are
loaded between two arrivals. It ends when its input does.
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
from dtm_contact.errors import AwaitsRecognitionError, DtmContactError, InvalidFilesError, NoDirectoryError
from dtm_contact.model import Arrival
from dtm_contact.pdf.reader import PdfReader
from dtm_contact.pipeline import Grounds
from dtm_contact.reading import texts_at_a_glance
from dtm_contact.recognition.reader import is_available
from dtm_contact.rules import RuleSet, load_in_force, load_rules, run_rule_tests
from dtm_contact.settings import Settings
from dtm_contact.store import Glance, Store, open_store
from dtm_contact.topics import danger_score
from dtm_contact.worker import bounds
from dtm_contact.worker.bounds import Bounds, CpuSpentError
from dtm_contact.worker.handlers import MESSAGE, Handlers
from dtm_contact.worker.ipc import (
    Answer,
    AwaitsRecognition,
    FirstRequest,
    JudgeFailure,
    JudgeReply,
    JudgeRequest,
    LoadRules,
    Look,
    Looked,
    Ready,
    Request,
    StartJudge,
    TrialResult,
    TryRules,
    pack,
    read_frame,
)
from dtm_contact.worker.outbox import tokens_of
from dtm_contact.worker.recognition_queue import StoredScanReader

_ANY_MESSAGE = (
    b"From: Quelqu'un <quelquun@exemple.example>\r\nSubject: Fuite sous l'evier\r\n\r\n"
    b"Bonjour, il y a une fuite sous mon evier depuis ce matin, 12 rue de la Paix, batiment B.\r\nMme Martin\r\n"
)


class JudgeContext:
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
        self._scans = StoredScanReader(self._store) if is_available(settings.recognition) else None
        self._version = self._store.directory.version()
        self._grounds = self._load_grounds()
        self._handlers = Handlers(self._grounds)
        self._warm_up()

    def _warm_up(self) -> None:
        """Judge something without bounds: what libraries make for themselves the first time is no message's fault."""
        now = datetime.now(UTC)
        arrival = Arrival("none", "none", now, MESSAGE, None, _ANY_MESSAGE)
        self._handlers.of(arrival.media_type)(JudgeRequest(arrival, now), self._store)

    def _load_grounds(self) -> Grounds:
        directory = Directory(self._store.directory.load())
        return Grounds.build(directory, self._rules, self._settings, self._tokens, self._pdfs, self._scans)

    def answer(self, request: Request) -> Answer:
        """Fulfil one request; whatever goes wrong is an answer too."""
        match request:
            case LoadRules():
                return self._load_rules(request.folder)
            case Look():
                return self._look(request)
            case JudgeRequest():
                return self._judge(request)

    def _load_rules(self, folder: Path) -> Answer:
        """Judge by the rules of a folder from now on; where they cannot be loaded, those from before stay."""
        try:
            self._rules = load_in_force(folder, zone=self._settings.zone, model=self._settings.model)
        except Exception as error:  # noqa: BLE001 - a process that ended would take its arrival with it
            return JudgeFailure(_reason(error), retry=False)
        self._grounds = replace(self._grounds, rules=self._rules)
        self._handlers = Handlers(self._grounds)
        return Ready()

    def _look(self, look: Look) -> Answer:
        """Glance at arrivals that wait; only messages have words."""
        try:
            with self._bounds.on(look.octets):
                return Looked({glance.id: self._score(glance) for glance in look.glances})
        except (CpuSpentError, MemoryError) as error:
            return JudgeFailure(_reason(error), retry=False, is_worn=True)

    def _score(self, glance: Glance) -> int:
        if glance.media_type != MESSAGE:
            return 0
        try:
            return danger_score(texts_at_a_glance(glance.head), self._rules.reader)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be glanced at must not hide those beside it
            log.get_log("judge").warning("glance", arrival=glance.id, reason=_reason(error))
            return 0

    def _judge(self, request: JudgeRequest) -> Answer:
        """Judge one arrival within its bounds."""
        try:
            self._follow_directory()
            handler = self._handlers.of(request.arrival.media_type)
            with self._bounds.on(len(request.arrival.raw)):
                return JudgeReply(handler(request, self._store))
        except AwaitsRecognitionError as error:
            return AwaitsRecognition(error.digests)
        except (CpuSpentError, MemoryError) as error:
            return JudgeFailure(_reason(error), retry=False, is_worn=True)
        except Exception as error:  # noqa: BLE001 - the arrival is parked with the reason, whatever it is
            return JudgeFailure(_reason(error), retry=isinstance(error, DtmContactError) and error.retry)

    def _follow_directory(self) -> None:
        version = self._store.directory.version()
        if version != self._version:
            self._grounds = self._load_grounds()
            self._handlers = Handlers(self._grounds)
            self._version = version


def _reason(error: BaseException) -> str:
    """Return an error's class and place: its text may quote the message."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != bounds.__file__]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"


def _try_rules(settings: Settings) -> TrialResult:
    """Load rules, check them against the directory as it is now, and run their own tests."""
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
        return TrialResult(None, error.problems)
    return TrialResult(rules.version, (*rules.problems, *run_rule_tests(rules, settings.rules.dir).problems))


def _directory(settings: Settings) -> Directory | None:
    try:
        with open_store(settings.store.url, read_only=True) as store:
            return Directory(store.directory.load())
    except NoDirectoryError:
        return None


def main() -> None:
    """Answer requests until the input ends, or until rules have been tried."""
    # The daemon ends a child by closing its input: an interrupt meant for the daemon is not for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    # A stray print would break the frames.
    sys.stdout = sys.stderr
    first: FirstRequest = read_frame(requests)
    log.configure(first.settings.log, to_file=True)
    match first:
        case TryRules():
            _write(answers, _try_rules(first.settings))
        case StartJudge():
            _serve(first.settings, requests, answers)


def _serve(settings: Settings, requests: BinaryIO, answers: BinaryIO) -> None:
    try:
        context = JudgeContext(settings)
    except DtmContactError as error:
        log.get_log("judge").error("cannot start", reason=type(error).__name__)
        sys.exit(1)
    _write(answers, Ready())
    while True:
        try:
            request: Request = read_frame(requests)
        except EOFError:
            return
        _write(answers, context.answer(request))


def _write(answers: BinaryIO, answer: Answer | TrialResult) -> None:
    answers.write(pack(answer))
    answers.flush()


if __name__ == "__main__":
    main()
