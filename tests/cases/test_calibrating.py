"""`fit --calibrate` of what agents said at the desk: a proposal beside the model in force, or clear words why none."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtm_contact.model import Alarm, AlarmLevel, AlarmSource
from dtm_contact.rules.reader_files import SHIPPED_MODEL, load_model
from tests.cases.conftest import Desk
from tests.cases.test_alarming import alarming
from tests.store.samples import NOW

pytest.importorskip("sklearn", reason="scikit-learn (the group training) is not installed")

from training.__main__ import main


def fit(path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("DTM_STORE_URL", url)
    return CliRunner().invoke(main, ["fit", "--calibrate", "--days", "3650", "--output", str(path)])


def say(desk: Desk, count: int) -> None:
    """Have agents say of possible dangers what they were: of likelier ones more often that there was danger."""
    for place in range(count):
        score = round(0.12 + 0.55 * place / count, 3)
        number = desk.take_in(f"m{place}", alarming(Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, score, 0.7)))
        danger = place % 3 == 0 and place > count // 3
        desk.do(number, "danger" if danger else "no_danger", at=NOW)


def test_clicks_become_a_proposal_beside_the_model_in_force(
    desk: Desk, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(desk, 90)
    assert len(desk.store.alarm_labels.probabilities(NOW.replace(year=2020))) == 90
    assert desk.store.alarm_labels.probabilities(NOW.replace(year=2030)) == []
    before = SHIPPED_MODEL.read_bytes()
    done = fit(tmp_path / "site.npz", url, monkeypatch)
    assert done.exit_code in {0, 1}, done.output
    assert "labels, proposal" in done.output
    assert "labels, in force" in done.output
    assert ("DTM_MODEL may name it" in done.output) is (done.exit_code == 0)
    proposal = load_model(tmp_path / "site.npz", [])
    assert proposal is not None
    assert proposal.about["calibrated"]["labels"] == 90
    assert SHIPPED_MODEL.read_bytes() == before


def test_three_labels_are_refused_and_nothing_is_written(
    desk: Desk, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(desk, 3)
    done = fit(tmp_path / "site.npz", url, monkeypatch)
    assert done.exit_code == 2
    assert "agents said of 3 alarms whether there was danger; 60 are needed" in done.output
    assert not (tmp_path / "site.npz").exists()


@pytest.mark.parametrize("arguments", [["--output", "x"], ["Makefile", "--calibrate", "--output", "x"]])
def test_labels_or_clicks_not_neither_nor_both(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["fit", *arguments])
    assert done.exit_code == 2
    assert "give LABELS, or --calibrate" in done.output
