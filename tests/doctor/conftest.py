"""Installations for the doctor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor.scene import Scene, made_store


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("doctor") / "store.db"
    made_store(path)
    return path


@pytest.fixture
def scene(tmp_path: Path, store_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    laid_out = Scene.sound(tmp_path, store_template, monkeypatch)
    with laid_out.running:
        yield laid_out
