from pathlib import Path

import pytest

from tests.prove import loader
from tests.prove.loader import prove_loader
from tests.prove.program import chance


def test_rules_of_any_bytes_end_as_rules_or_as_problems(tmp_path: Path) -> None:
    outcome = prove_loader(tmp_path, 5, chance(1))
    assert outcome.faults == [], "\n".join(outcome.lines())
    assert outcome.ends["rules"] > 0
    assert outcome.ends["problems"] > 0


def test_the_proof_catches_a_loader_that_stumbles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(folder: Path) -> None:
        raise KeyError(folder.name)

    monkeypatch.setattr(loader, "load_rules", stumble)
    outcome = prove_loader(tmp_path, 0.1, chance(1))
    assert outcome.faults[0].startswith("KeyError: seed ")
