"""Every test of the verbs runs on both databases, with the rules as shipped and a small cast of people."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.cases import Command, Done, apply
from dtm_contact.directory import Directory
from dtm_contact.model import ConversationMatch, Judgement
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import Settings
from dtm_contact.store import Case, Store
from tests.rules.cast import DIRECTORY, lease
from tests.rules.once import load_once
from tests.store.samples import NOW, judgement, open_case

RULES = Path(__file__).parents[2] / "rules"
Act = Callable[..., Done]


@pytest.fixture(scope="session")
def grounds() -> Grounds:
    return Grounds.build(DIRECTORY, load_once(RULES), Settings.defaults())


class Desk:
    """Agents at work on one store."""

    def __init__(self, opened: Store, grounds: Grounds) -> None:
        self.store = opened
        self.grounds = grounds

    def open(self, external_id: str = "one", *, proven: bool = True, **judged: Any) -> str:
        judged = {"queue": "bagnolet", **judged}
        return self.take_in(external_id, replace(judgement(**judged), joining=ConversationMatch(proven=proven)))

    def take_in(self, external_id: str, judged: Judgement) -> str:
        return open_case(self.store, external_id, judged)

    def do(self, number: str, verb: str, actor: str = "paul", *, at: datetime = NOW, **arguments: Any) -> Done:
        version = arguments.pop("expected_version", None)
        return apply(self.store, Command(verb, actor, number, arguments, version), at, lambda: self.grounds)

    def with_neighbour(self) -> str:
        """Let somebody of another household be known, and return their id."""
        records = self.grounds.directory.records
        leases = (*records.leases, lease("T09", "L02", "holder"))
        self.grounds = replace(self.grounds, directory=Directory(replace(records, leases=leases)))
        return "T09"

    def case(self, number: str) -> Case:
        return self.store.cases.get(number).case

    def happened(self, number: str) -> list[str]:
        return [event.what for event in self.store.cases.get(number).events]


@pytest.fixture
def desk(store: Store, grounds: Grounds) -> Desk:
    return Desk(store, grounds)
