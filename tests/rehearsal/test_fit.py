"""Fitting: what labelled messages teach, and numbers written where they stand."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.rehearsal import read_examples, score_examples
from dtm_contact.rehearsal.fit import fit, write_numbers
from dtm_contact.rehearsal.learning import solve
from dtm_contact.rules.topics_file import load_lexicon, points_of
from dtm_contact.topics import Lexicon

ROOT = Path(__file__).parents[2]
RULES, EXAMPLES = ROOT / "rules", ROOT / "fixtures" / "examples"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    found = load_lexicon(RULES, [])
    assert found is not None
    return found


def test_alike_messages_get_like_labels() -> None:
    features = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    weights = solve(features @ features.T, np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))
    scores = np.array([[0.8, 0.2], [0.2, 0.8]], np.float32) @ features.T @ weights
    assert scores.argmax(axis=1).tolist() == [0, 1]


def test_fitting_judges_each_batch_by_what_was_learned_of_the_others(tmp_path: Path, lexicon: Lexicon) -> None:
    for name in ("agency.yaml", "office.yaml", "danger.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    examples = read_examples(tmp_path)
    fitted = fit(examples, lexicon, points_of(RULES), ["office"])
    assert fitted.tried.messages == sum(example.batch == "office" for example in examples)
    assert fitted.tried.topics >= 0.5 * fitted.tried.messages
    assert set(fitted.model.topics) == set(lexicon.topics)
    assert ("learned", "share") in fitted.numbers()


def test_numbers_are_written_where_they_stand_and_nothing_else_moves(tmp_path: Path) -> None:
    shutil.copy(RULES / "topics.yaml", tmp_path)
    before = (tmp_path / "topics.yaml").read_text("utf-8")
    changed = write_numbers(tmp_path, {("points", "strong"): 4.25, ("learned", "doubt_under"): -12.5, ("no", "x"): 1.0})
    assert [line.split(":")[0] for line in changed] == ["points.strong", "learned.doubt_under"]
    after = (tmp_path / "topics.yaml").read_text("utf-8")
    assert "strong: 4.25" in after
    assert "doubt_under: -12.5" in after
    assert len(before.splitlines()) == len(after.splitlines())
    assert sum(one != two for one, two in zip(before.splitlines(), after.splitlines(), strict=True)) == 2
    assert points_of(tmp_path)["strong"] == 4.25


def test_a_faulty_example_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text('- {text: "Fuite", topic: water_leak, priority: P7}\n', "utf-8")
    with pytest.raises(InvalidFilesError, match=r"one\.yaml:1:"):
        read_examples(tmp_path)
    with pytest.raises(InvalidFilesError, match="no labelled messages"):
        read_examples(tmp_path / "..")


def test_scoring_tells_what_is_taken_for_what(tmp_path: Path, lexicon: Lexicon) -> None:
    (tmp_path / "one.yaml").write_text(
        '- {text: "Ça sent le gaz", topic: heating, priority: P2}\n'
        '- {text: "Ma quittance svp", topic: documents, priority: P4}\n',
        "utf-8",
    )
    found = score_examples(read_examples(tmp_path), lexicon)
    figures = {figure.name: (figure.right, figure.of) for figure in found.figures}
    assert figures["topic"] == (1, 2)
    assert figures["no false P1"] == (1, 2)
    assert found.confusions == (("heating", "gas", 1),)
