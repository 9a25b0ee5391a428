"""The verbs by their names; each is one decorated function in a module of `verbs`."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from pydantic import ConfigDict, ValidationError, validate_call

from dtm_contact.cases import verbs
from dtm_contact.cases.act import Act
from dtm_contact.cases.command import Command, Done
from dtm_contact.cases.knowledge import KnowledgeSource
from dtm_contact.cases.refusals import ChangedMeanwhileError, WrongArgumentError
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.events import event_line
from dtm_contact.model import DraftKind, WritingPage
from dtm_contact.registry import Registry
from dtm_contact.store import CaseTransaction, Store, case_transaction
from dtm_contact.store.case_transactions import ActResult
from dtm_contact.store.outbox import OUTBOUND

Arguments = ParamSpec("Arguments")

STRICT = ConfigDict(arbitrary_types_allowed=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb.

    Attributes:
        name: what commands call it by.
        manual: what it does, in words.
        arguments: the names of its arguments.
        apply: the function that carries out a command of it.
    """

    name: str
    manual: str
    arguments: tuple[str, ...]
    apply: Callable[[Store, Command, datetime, KnowledgeSource], Done]


_REGISTRY: Final = Registry[Verb]("verb", verbs.__name__)


def verb(
    name: str, *, unless: Callable[[Act], bool] = lambda _: False, without_case: bool = False
) -> Callable[[Callable[Concatenate[Act, Arguments], None]], Callable[Concatenate[Act, Arguments], None]]:
    """Register a verb on one case that the actor may see.

    The arguments of a command are checked against the function's annotations. A verb whose argument names a case, a
    person or a place refuses what lies outside the actor's visibility in the words for what does not exist.

    Args:
        name: the verb's name.
        unless: tells of a case that the actor may not see whether the actor may do this to it all the same.
        without_case: it is also done where no case is named.
    """

    def register(function: Callable[Concatenate[Act, Arguments], None]) -> Callable[Concatenate[Act, Arguments], None]:
        checked = validate_call(config=STRICT)(_unmistaken(function))

        def apply(store: Store, command: Command, now: datetime, grounds: KnowledgeSource) -> Done:
            if without_case and not command.number:
                return _without_case(checked, store, command, now, grounds)
            return _on_case(checked, store, command, now, grounds, unless)

        add(Verb(name, inspect.getdoc(function) or "", arguments_of(function), apply))
        return function

    return register


def _unmistaken(
    function: Callable[Concatenate[Act, Arguments], None],
) -> Callable[Concatenate[Act, Arguments], None]:
    """Return a verb whose own `ValidationError`, a fault of the program, is not taken for one of its arguments."""

    @wraps(function)
    def carried_out(act: Act, /, *given: Arguments.args, **arguments: Arguments.kwargs) -> None:
        try:
            function(act, *given, **arguments)
        except ValidationError as error:
            # Without its text, which quotes what was read.
            raise RuntimeError(f"what is no {error.title} was read").with_traceback(error.__traceback__) from None

    return carried_out


def arguments_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a verb's arguments: all but the first, which is what it works with."""
    return tuple(inspect.signature(function).parameters)[1:]


def add(new: Verb) -> None:
    """Register a verb.

    Raises:
        ValueError: its name is taken.
    """
    _REGISTRY.add(new.name, new)


def all_verbs() -> Mapping[str, Verb]:
    """Return all verbs by name, in the order of their names."""
    return _REGISTRY.entries()


def checked_call(function: Callable[..., Any], *given: Any, **arguments: Any) -> Any:
    """Call a function that `validate_call` guards.

    Raises:
        WrongArgumentError: an argument is unknown, missing, or of the wrong kind; its value is not quoted.
    """
    try:
        return function(*given, **arguments)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise WrongArgumentError(faults) from None


def _on_case(
    checked: Callable[..., None],
    store: Store,
    command: Command,
    now: datetime,
    grounds: KnowledgeSource,
    unless: Callable[[Act], bool],
) -> Done:
    with case_transaction(store.database, command.actor, now) as work:
        if before := _done_before(work, command):
            return before
        (held,) = work.lock(command.number)
        act = Act(work, held, grounds, command.visibility)
        seen = command.visibility.sees_case(held.case.office_id, archived=held.case.archived)
        if not seen and not unless(act):
            raise NotFoundError(f"case {command.number}")
        if command.expected_version not in (None, held.case.version):
            raise ChangedMeanwhileError(_what_came_between(act, command.actor))
        checked_call(checked, act, **command.arguments)
        _drop_draft(work, command)
        (after,) = work.lock(held.case.number)
        done = Done(held.case.number, after.case.version, tuple(act.events), act.opened, hints=tuple(act.hints))
        return _done(work, command, done)


def _done_before(work: CaseTransaction, command: Command) -> Done | None:
    """Return what came of the command's form where that was carried out before; None the first time.

    The case may have left what the actor may see with it: this tells them no more than they were told then.
    """
    before = work.begin_act(command.form) if command.form else None
    if before is None:
        return None
    _drop_draft(work, command)
    return Done(before.number, before.version, (), before.opened, again=True)


def _drop_draft(work: CaseTransaction, command: Command) -> None:
    if command.of_draft is not None and command.verb in set(DraftKind):
        work.drop_draft(DraftKind(command.verb), command.number, WritingPage.read(command.of_draft))


def _done(work: CaseTransaction, command: Command, done: Done) -> Done:
    if command.form:
        work.end_act(command.form, ActResult(done.number, done.version, done.opened))
    return done


def _what_came_between(act: Act, actor: str) -> str:
    """Return, for the agent who was slower, what somebody else did last to the case; "" where that is not known."""
    others = (event for event in reversed(act.work.events(act.held)) if event.who not in {actor, OUTBOUND})
    last = next(others, None)
    if last is None:
        return ""
    did = event_line(last.what, {}, who=last.who)
    by = act.account(last.who)
    at = last.at.astimezone(act.now.tzinfo).strftime("%H:%M")
    return f"{did}{f' par {by}' if by else ''} à {at}, entre-temps. Relisez le dossier avant de recommencer"


def _without_case(
    checked: Callable[..., None], store: Store, command: Command, now: datetime, grounds: KnowledgeSource
) -> Done:
    with case_transaction(store.database, command.actor, now) as work:
        if before := _done_before(work, command):
            return before
        act = Act(work, None, grounds, command.visibility)
        checked_call(checked, act, **command.arguments)
        return _done(work, command, Done("", 0, tuple(act.events), act.opened))
