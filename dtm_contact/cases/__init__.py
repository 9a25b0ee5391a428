"""What agents do to cases: `apply` is the one way in, for the command line, the desk and what else there will be."""

from datetime import datetime

from dtm_contact.cases.command import Command, Done
from dtm_contact.cases.knowledge import ConfigurationProvider, KnowledgeSource, SiteConfiguration
from dtm_contact.cases.refusals import (
    ChangedMeanwhileError,
    NeverUsedError,
    NothingAttachedError,
    RefusedError,
    UnprovenAddressError,
    WrongArgumentError,
    WrongStateError,
)
from dtm_contact.cases.registry import all_verbs
from dtm_contact.store import Store

__all__ = [
    "ChangedMeanwhileError",
    "Command",
    "ConfigurationProvider",
    "Done",
    "NeverUsedError",
    "NothingAttachedError",
    "RefusedError",
    "SiteConfiguration",
    "UnprovenAddressError",
    "WrongArgumentError",
    "WrongStateError",
    "all_verbs",
    "apply",
]


def apply(store: Store, command: Command, now: datetime, grounds: KnowledgeSource = None) -> Done:
    """Do what a command asks, all of it or nothing, in one transaction.

    Args:
        store: where the cases are, opened for writing.
        command: what is asked, and by whom.
        now: the time on the offices' wall clock: a case that is opened is numbered in its year.
        grounds: gives the directory and the rules to the verbs that need them; asked only by those.

    Returns:
        What happened.

    Raises:
        RefusedError: it cannot be done as asked, and nothing was; the message is for the agent, in French.
        NotFoundError: there is no such case.
        StoreUnavailableError: nothing was done; trying again may help.
    """
    verb = all_verbs().get(command.verb)
    if verb is None:
        raise WrongArgumentError(f"le verbe {command.verb!r} n'existe pas ; il y a {', '.join(all_verbs())}")
    return verb.apply(store, command, now, grounds)
