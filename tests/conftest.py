"""How all tests run: what Hypothesis tries, how long it may take, and a log as the program writes it."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from dtm_contact.log import configure
from dtm_contact.settings import LogSettings
from tests.forking import forking, fresh_interpreters
from tests.longest import place_of
from tests.rules.once import in_force_once
from tests.store.compiled_once import compile_once

pytest_plugins = ("tests.store.fixtures",)

# What is imported while tests are collected stays to the end; each of several processes would look through it in vain.
gc.disable()

# Whoever runs the tests may speak French; what commands say is compared in English, unless a test asks otherwise.
os.environ["LANGUAGE"] = "en"

# Without it, structlog draws each exception with all that its frames hold, which takes ten seconds of the event loop.
configure(LogSettings())

# Most tests open a store of their own, for which SQLAlchemy would compile the same statements anew.
compile_once()

# A busy machine must not fail a test, and what decides over a merge must say the same twice: chance is for people.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


@pytest.fixture(autouse=True)
def _log_of_its_own() -> None:
    """Let no test's log hold back a warning because another test's had one of its kind a moment before."""
    configure(LogSettings())


@pytest.fixture(scope="session", autouse=True)
def _forks() -> Iterator[None]:
    """Fork our programs, wherever they are started, from a process that has imported them."""
    with forking():
        yield


@pytest.fixture
def fresh_interpreter() -> Iterator[None]:
    """Start each program in an interpreter of its own, where that is what a test shows."""
    with fresh_interpreters():
        yield


@pytest.fixture
def rules_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a daemon or a command that runs in this process not read the same rules as the test before it once more."""
    monkeypatch.setattr("dtm_contact.rehearsal.replay.load_in_force", in_force_once)
    for module in ("cases.knowledge", "worker.rules_in_force"):
        monkeypatch.setattr(f"dtm_contact.{module}.load_in_force", in_force_once)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look again and again at what stays to the end: the program and the tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the longest files begin: one that takes a minute must not be the last that a process is given."""
    items.sort(key=lambda item: place_of(item.path.relative_to(config.rootpath)))
