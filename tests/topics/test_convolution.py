"""The convolutional reader: words and marks in their order, what it says, what it keeps."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dtm_contact.model import Part
from dtm_contact.text import MASKED, tokenize
from dtm_contact.topics import Reader
from dtm_contact.topics.convolution import (
    ASK,
    BUCKETS,
    IN_DANGER,
    LONGEST,
    PART,
    PAUSE,
    STEP,
    STOP,
    WIDTHS,
    WINDOW,
    Convolution,
    pieces_of,
    sequence_of,
)
from dtm_contact.topics.features import word_id

ROOT = Path(__file__).parents[2]


def heard(text: str, subject: str = "", without: tuple[int, ...] = ()) -> list[str]:
    tokens = tokenize([(Part.SUBJECT, subject), (Part.NEW, text)])
    return sequence_of(tokens, tokens.forms, without)


@pytest.fixture
def convolution() -> Convolution:
    """One that nobody taught: what it says is of no use, how it comes to it is."""
    random = np.random.default_rng(4)
    count, size, hidden, topics = 6, 5, 24, 3
    ids = np.sort(np.array([word_id(form) for form in ("gaz", "sent", STOP)], np.uint64))
    filters = random.standard_normal((size, count * sum(WIDTHS))).astype(np.float32)
    inside = count * len(WIDTHS)
    return Convolution(
        ids=ids,
        own=random.integers(-127, 128, (3, size)).astype(np.int8),
        pieces=random.integers(-127, 128, (BUCKETS, size)).astype(np.int8),
        own_step=0.01,
        piece_step=0.01,
        filters=filters,
        row_step=np.full(inside, 0.05, np.float32),
        bias=random.standard_normal(inside).astype(np.float32),
        inner=random.standard_normal((inside + size, hidden)).astype(np.float32),
        inner_bias=np.zeros(hidden, np.float32),
        outer=random.standard_normal((hidden, 1 + topics)).astype(np.float32),
        outer_bias=np.zeros(1 + topics, np.float32),
    )


def test_marks_stand_where_sentences_and_parts_end() -> None:
    assert heard("ça sent, là. Le gaz ?", "gaz") == [
        "gaz", PART, "ca", "sent", PAUSE, "la", STOP, "le", "gaz", ASK,
    ]  # fmt: skip
    assert heard("") == []


def test_a_sentence_that_is_left_out_is_not_heard() -> None:
    tokens = tokenize([(Part.NEW, "Merci. Ça sent le gaz. Merci.")])
    assert sequence_of(tokens, tokens.forms, {tokens.sentences[1]}) == ["merci", STOP, "merci", STOP]


def test_no_more_is_heard_than_is_allowed() -> None:
    assert len(heard("gaz, " * 5_000)) == LONGEST


def test_a_word_has_pieces_and_a_mark_has_none() -> None:
    assert len(pieces_of("gaz")) == 3 + 2 + 1
    assert len(pieces_of("a")) == len(pieces_of(MASKED)) == len(pieces_of("#2")) == 1
    assert pieces_of(STOP) == []


def test_the_order_of_words_counts(convolution: Convolution) -> None:
    one = convolution.outputs(["gaz", "sent", "plus"])
    assert not np.allclose(one, convolution.outputs(["plus", "sent", "gaz"]))
    assert np.array_equal(one, convolution.outputs(["gaz", "sent", "plus"]))


def test_a_sum_of_rows_is_the_convolution(convolution: Convolution) -> None:
    """Reckoned plainly, by each filter at each place, it is the same but for the steps of one byte."""
    words = ["gaz", "sent", "inconnu", "plus", "gaz", STOP]
    vectors = np.zeros((2 + len(words) + max(WIDTHS), convolution.filters.shape[0]))
    vectors[2 : 2 + len(words)] = [convolution._vector(word) for word in words]
    count, column, best = 6, 0, []
    for width in WIDTHS:
        filters = convolution.filters[:, column : column + width * count].reshape(-1, width, count)
        places = range(len(vectors) - width + 1)
        best.append(np.max([np.einsum("we,ewf->f", vectors[at : at + width], filters) for at in places], axis=0))
        column += width * count
    inside = np.maximum(np.concatenate(best) + convolution.bias, 0)
    inside = np.concatenate([inside, vectors.sum(axis=0) / np.sqrt(len(words))])
    told = np.maximum(inside @ convolution.inner, 0) @ convolution.outer
    assert np.allclose(told, convolution.outputs(words), atol=0.04 * np.abs(told).max())
    assert np.abs(told).max() > 2


def test_danger_counts_by_the_sharpest_stretch_too(convolution: Convolution) -> None:
    """What stands far away changes the half of the whole message alone; the topics are those of the whole."""
    words = ["gaz", "sent", "plus"]
    around = [f"mot{number}" for number in range(4 * WINDOW)]
    long = [*around, *words, *around]
    assert convolution.outputs(long)[IN_DANGER] != _of_the_whole(convolution, long)[IN_DANGER]
    assert np.array_equal(convolution.outputs(long)[1:], _of_the_whole(convolution, long)[1:])
    assert np.array_equal(convolution.outputs(words), _of_the_whole(convolution, words))


def test_the_sharpest_stretch_is_that_which_says_most_by_itself(convolution: Convolution) -> None:
    words = [f"mot{number}" for number in range(3 * WINDOW)]
    rows = convolution._filtered(_told(convolution, words))
    filtered, vectors = list(rows), np.array([convolution._row(word)[1] for word in words])
    said = []
    for begin in range(0, len(words) - STEP, STEP):
        best = np.concatenate([values[begin : begin + WINDOW].max(axis=0) for values in filtered])
        inside = vectors[begin : begin + WINDOW]
        mean = inside.sum(axis=0) / np.sqrt(len(inside), dtype=np.float32)
        said.append(convolution._said(best[np.newaxis], mean[np.newaxis])[0, IN_DANGER])
    whole = _of_the_whole(convolution, words)[IN_DANGER]
    assert len(set(said)) > 1
    assert convolution.outputs(words)[IN_DANGER] == pytest.approx((whole + max(said)) / 2)


def _told(convolution: Convolution, words: list[str]) -> NDArray[np.int16]:
    told = np.zeros((2 + len(words) + max(WIDTHS), convolution.filters.shape[1]), np.int16)
    told[2 : 2 + len(words)] = [convolution._row(word)[0] for word in words]
    return told


def _of_the_whole(convolution: Convolution, words: list[str]) -> NDArray[np.float32]:
    filtered = convolution._filtered(_told(convolution, words))
    best = np.concatenate([values.max(axis=0, keepdims=True) for values in filtered], axis=1)
    vectors = np.array([convolution._row(word)[1] for word in words])
    mean = np.sum(vectors, axis=0, keepdims=True) / np.sqrt(len(words), dtype=np.float32)
    (said,) = convolution._said(best, mean)
    return np.asarray(said)


def test_it_is_read_as_it_was_kept(reader: Reader) -> None:
    shipped = reader.model.convolution
    assert shipped is not None
    words = heard("Ça sentait le gaz hier, c'est réparé.")
    again = Convolution.of(shipped.arrays())
    assert np.array_equal(again.outputs(words), shipped.outputs(words))
    with pytest.raises(KeyError):
        Convolution.of({"ids": shipped.ids})


def test_the_words_kept_never_change_what_is_said(reader: Reader) -> None:
    shipped = reader.model.convolution
    assert shipped is not None
    cold = Convolution.of(shipped.arrays())
    assert np.array_equal(cold.outputs(heard("odeur de gaz")), shipped.outputs(heard("odeur de gaz")))


def test_a_bounded_process_on_a_blas_of_many_threads_reads_on() -> None:
    """A judge may hold little memory: no product of matrices may ask BLAS for more on the way."""
    code = """if True:
        import resource
        from pathlib import Path
        from dtm_contact.model import Part
        from dtm_contact.rules import load_rules
        from dtm_contact.text import tokenize
        model = load_rules(Path("rules")).reader.model
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + 24_000_000, held + 24_000_000))
        for number in range(30):
            text = " ".join(f"fuite gaz ascenseur mot{number}x{each}" for each in range(60))
            reading = model.read(tokenize([(Part.NEW, text)]))
            model.all_scores(reading)
        print("read")
    """
    environment = {"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "4", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "read"), done.stderr[-500:]
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
