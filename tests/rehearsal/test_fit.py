"""Fitting: what labelled messages teach, and numbers written where they stand."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Contact, Priority, Scope
from dtm_contact.rehearsal import read_examples, score_examples
from dtm_contact.rehearsal.examples import READ_AS_OF
from dtm_contact.rehearsal.fit import fit, learned_of, write_numbers
from dtm_contact.rehearsal.gram import Gram
from dtm_contact.rehearsal.learning import Solver, usual_danger, writer_of
from dtm_contact.rehearsal.logistic import Lines, learn
from dtm_contact.rules.topics_file import load_lexicon, load_words, points_of
from dtm_contact.topics import Lexicon, words_of

ROOT = Path(__file__).parents[2]
RULES, EXAMPLES = ROOT / "rules", ROOT / "fixtures" / "examples"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    found = load_lexicon(RULES, [])
    assert found is not None
    return found


def as_lines(whole: NDArray[np.floating]) -> Lines:
    held = [np.flatnonzero(row) for row in whole]
    values = [row[which].astype(np.float32) for row, which in zip(whole, held, strict=True)]
    return Lines.of(held, values, whole.shape[1])


def test_alike_messages_get_like_labels() -> None:
    features = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    weights = Solver(Gram(as_lines(features))).solve(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))
    scores = np.array([[0.8, 0.2], [0.2, 0.8]], np.float32) @ features.T @ weights
    assert scores.argmax(axis=1).tolist() == [0, 1]


def test_what_is_usual_with_a_writer_is_not_learned_of_his_words() -> None:
    same = Lines.of([np.array([0])] * 40, [np.ones(1, np.float32)] * 40, 1)
    holds = np.arange(40) < 20
    assert learn(same, holds, np.zeros(40))[0] == pytest.approx(0.0, abs=0.05)
    assert learn(same, holds, np.full(40, 2.0))[0] == pytest.approx(-2.0, abs=0.1)


def test_weights_are_those_at_which_the_slope_is_nothing() -> None:
    chance = np.random.default_rng(3)
    whole = chance.normal(size=(200, 30)) * (chance.random((200, 30)) < 0.3)
    lines = as_lines(whole)
    holds, before = chance.random(200) < 0.4, chance.normal(size=200)
    weights = learn(lines, holds, before)
    likely = 1 / (1 + np.exp(-(whole @ weights + before)))
    assert np.abs(whole.T @ (holds - likely) - 0.005 * weights).max() < 0.15
    some = np.array([7, 3, 150])
    assert np.allclose(lines.chosen(some).followed_by(lines).times(weights), np.append(whole[some], whole, 0) @ weights,
                       atol=1e-4)  # fmt: skip


def test_a_writer_is_known_by_the_name_of_his_batches() -> None:
    assert [writer_of(name) for name in ("others_a_12", "others_a_3", "voices_sms", "danger")] == [
        "others_a", "others_a", "voices_sms", "danger",
    ]  # fmt: skip


def test_who_tells_of_dangers_only_counts_for_no_more_than_even(tmp_path: Path) -> None:
    for name in ("calm.yaml", "danger.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    examples = read_examples(tmp_path)
    before = dict(zip(examples, usual_danger(examples, [True] * len(examples)).tolist(), strict=True))
    assert all(-3.0 <= value <= 0.0 for value in before.values())
    calm, danger = ([value for item, value in before.items() if item.batch == name] for name in ("calm", "danger"))
    assert max(calm) < min(danger)


def test_a_language_in_which_dangers_are_told_more_often_tells_none(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "mixed_a.yaml", tmp_path)
    examples = read_examples(tmp_path)
    in_french = [item.priority is not Priority.P1 for item in examples]
    alike = usual_danger(examples, [True] * len(examples))
    before = usual_danger(examples, in_french)
    assert all((now > then) == (not french) for now, then, french in zip(before, alike, in_french, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_how_alike_rows_are_counts_as_if_it_were_written_down(seed: int) -> None:
    chance = np.random.default_rng(seed)
    whole = chance.random((300, 7), np.float32) * (chance.random((300, 7)) < [0, 0.01, 0.1, 0.3, 0.6, 0.9, 1])
    gram, weights = Gram(as_lines(whole)), chance.random((300, 2), np.float32)
    assert len(gram) == 300
    assert np.allclose(gram.times(weights), whole @ whole.T @ weights, rtol=1e-4)
    assert np.allclose(gram.times(weights[:, 0]), whole @ whole.T @ weights[:, 0], rtol=1e-4)
    assert np.allclose(gram.gathered(weights), whole.T @ weights, rtol=1e-4)


def test_fitting_judges_each_batch_by_what_was_learned_of_other_writers(tmp_path: Path, lexicon: Lexicon) -> None:
    for name in ("agency.yaml", "office.yaml", "danger.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    examples = read_examples(tmp_path)
    fitted = fit(examples, lexicon, points_of(RULES), ["office"])
    assert fitted.tried.messages == sum(example.batch == "office" for example in examples)
    assert fitted.tried.topics >= 0.5 * fitted.tried.messages
    assert set(fitted.model.topics) == set(lexicon.topics)
    assert ("learned", "share") in fitted.numbers()
    alone = learned_of(examples, lexicon)
    assert np.array_equal(alone.weights, fitted.model.weights)
    assert alone.provenance == fitted.model.provenance
    assert sum(times for _right, _said, times in fitted.tried.confusions) <= fitted.tried.messages
    assert all(right != said for right, said, _times in fitted.tried.confusions)


def test_how_far_a_matter_reaches_is_learned_of_those_who_tell_it_of_every_message(
    tmp_path: Path, lexicon: Lexicon
) -> None:
    every, some = tmp_path / "every", tmp_path / "some"
    for folder, names in ((every, ("others_h_1.yaml", "others_h_2.yaml")), (some, ("others_a_1.yaml",))):
        folder.mkdir()
        for name in names:
            shutil.copy(EXAMPLES / name, folder)
    told = fit(read_examples(every), lexicon, points_of(RULES), ["others_h_1"]).model
    untold = fit(read_examples(some), lexicon, points_of(RULES), ["others_a_1"]).model
    for text, scope in (("Le robinet de ma cuisine fuit.", Scope.DWELLING), ("Ma quittance de loyer, svp.", None)):
        words = words_of(Contact("email", READ_AS_OF, new_text=text), lexicon)
        scopes = told.opinion(words.passage, words.markers, words.muted).scopes
        assert max(scopes, key=lambda each: scopes[each]) is scope
        assert sum(map(math.exp, scopes.values())) == pytest.approx(1.0)
        evenly = untold.opinion(words.passage, words.markers, words.muted).scopes
        assert list(evenly.values()) == pytest.approx([-math.log(len(Scope) + 1)] * len(evenly))


def test_what_was_learned_before_need_not_be_readable(tmp_path: Path) -> None:
    shutil.copy(RULES / "topics.yaml", tmp_path)
    (tmp_path / "learned.npz").write_bytes(b"of an earlier version")
    assert load_words(tmp_path).learned is None
    (tmp_path / "topics.yaml").write_text("version: 1\n", "utf-8")
    with pytest.raises(InvalidFilesError, match=r"topics\.yaml"):
        load_words(tmp_path)


def test_a_message_may_be_a_subject_only(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text('- {subject: "Ça sent le gaz", text: "", topic: gas, priority: P1}\n', "utf-8")
    assert [example.subject for example in read_examples(tmp_path)] == ["Ça sent le gaz"]
    (tmp_path / "one.yaml").write_text('- {text: "", topic: gas, priority: P1}\n', "utf-8")
    with pytest.raises(InvalidFilesError, match="write a text, or a subject"):
        read_examples(tmp_path)


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
