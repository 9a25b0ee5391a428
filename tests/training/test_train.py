"""The training: a small corpus makes a small model, the same each time; what is wrong in the corpus is told."""

import json
from pathlib import Path

import numpy as np
import pytest

from dtm_contact.topics import Model, Topic
from tests.topics.conftest import RULES

pytest.importorskip("sklearn", reason="scikit-learn (the group training) is not installed")

from dtm_contact.rules.reader_files import read_topics
from dtm_contact.topics.convolution import IN_DANGER, STOP
from training import corpus
from training.convolution import Learner, Lessons
from training.corpus import FOLDER, Message
from training.evaluate import curve, evaluate
from training.train import Trained, hands_left_out, train
from training.wrapping import combined, wrapped


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    paths = [FOLDER / f"learned_{name}.jsonl" for name in ("plain", "contrast", "scans", "wishes")]
    return list(corpus.read(paths))[::3]


@pytest.fixture(scope="module")
def topics() -> list[Topic]:
    return list(read_topics(RULES).values())


@pytest.fixture(scope="module")
def trained(messages: list[Message], topics: list[Topic]) -> Trained:
    return train(messages, topics, {"messages": len(messages)})


def test_a_model_knows_what_it_learned(trained: Trained, messages: list[Message]) -> None:
    model = trained.model
    right = 0
    for message in messages:
        scores = model.scores(model.read(message.tokens))
        right += model.columns[int(scores[: model.topics].argmax())] in message.topics
    assert right >= 0.95 * len(messages)
    assert model.about["messages"] == len(messages)


def test_the_same_corpus_makes_the_same_model(trained: Trained, messages: list[Message], topics: list[Topic]) -> None:
    again = train(messages, topics, {"messages": len(messages)})
    assert again.curve == trained.curve
    assert (again.model.weights == trained.model.weights).all()
    assert (again.model.ids == trained.model.ids).all()
    assert again.model.packed() == trained.model.packed()
    assert again.model.convolution is not None
    assert Model.unpacked(again.model.packed()).columns == trained.model.columns


def test_words_in_order_are_learned() -> None:
    """The same words in another order are another danger: no sum of words could tell them apart."""
    heard, danger = [], []
    for name in ("gaz", "feu", "fumée", "courant", "vapeur", "eau"):
        for more in ("ici", "là", "dehors", "dedans", "maintenant", "partout", "encore", "hier"):
            heard += [["pas", more, "sans", name, STOP], ["sans", more, "pas", name, STOP]]
            danger += [1.0, 0.0]
    count = len(heard)
    weights, topics = np.ones(count * 8, np.float32), np.zeros(count * 8, np.intp)
    lessons = Lessons(heard * 8, np.array(danger * 8, np.float32), topics, weights)
    learned = Learner(lessons, 2).learn(epochs=20)
    right = [(learned.outputs(each)[IN_DANGER] > 0) == bool(holds) for each, holds in zip(heard, danger, strict=True)]
    assert sum(right) >= 0.95 * count
    again = Learner(lessons, 2).learn(epochs=1)
    same = Learner(lessons, 2).learn(epochs=1)
    assert all(np.array_equal(array, same.arrays()[name]) for name, array in again.arrays().items())


def test_every_hand_is_left_out_once_and_whole(messages: list[Message]) -> None:
    turns = hands_left_out(messages)
    assert sorted(row for turn in turns for row in turn.tolist()) == list(range(len(messages)))
    hands = [{messages[row].by for row in turn.tolist()} for turn in turns]
    assert sum(map(len, hands)) == len(set.union(*hands))


def test_copies_are_wrapped_and_keep_their_labels(messages: list[Message]) -> None:
    copies = wrapped(messages, count=40)
    originals = {(message.text, message.topic, message.priority) for message in messages}
    assert len(copies) == 40
    for copy in copies:
        assert any(text in copy.text and (topic, priority) == (copy.topic, copy.priority)
                   for text, topic, priority in originals)  # fmt: skip
    kept = FOLDER / "kept"
    emergencies = list(corpus.read([kept / "emergencies.jsonl"]))
    assert len(list(combined(emergencies, kept / "wrappings.jsonl"))) == 45 * 18


@pytest.mark.parametrize("line", ["no json", "{}", '{"text": "x", "topic": "gas", "priority": "P9"}', "[]"])
def test_a_line_that_is_no_message_is_told_with_its_place(line: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    good = json.dumps({"text": "fuite", "topic": "water_leak", "priority": "P2"})
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"labels\.jsonl:2"):
        list(corpus.read([path]))


def test_what_is_kept_aside_is_not_learned() -> None:
    learned = {message.text for message in corpus.read(corpus.learned())}
    for path in sorted((FOLDER / "kept").glob("*.jsonl")):
        if path.name != "wrappings.jsonl":
            assert not learned & {message.text for message in corpus.read([path])}, path.name


def test_figures_count_what_they_say(messages: list[Message], trained: Trained) -> None:
    from dtm_contact.rules.reader_files import load_reader  # noqa: PLC0415 - the reader of this model alone
    from dtm_contact.topics import understand  # noqa: PLC0415

    reader = load_reader(RULES, trained.model, [])
    assert reader is not None
    some = messages[:60]
    figures, found = evaluate(some, lambda contact: understand(contact, reader))
    assert figures.cases + figures.machines == 60
    assert figures.dangers + figures.harmless + sum(message.arguable for message in some) == 60
    assert figures.woken + figures.shown + figures.missed == figures.dangers
    ends = list(curve(some, found, limits=(0.0, 1.01)))
    assert ends[0][1:] == (figures.dangers, figures.dangers, figures.harmless, figures.harmless)
    assert ends[1][1::2] == (0, 0)
