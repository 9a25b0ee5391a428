"""Make the small model of wishes, kinds of danger, and what is over; a minute of one core.

Wishes are learned of single sentences, kinds of danger of whole messages and of each of their sentences that speaks of
danger. What it learns of is read by the large model, whose features it shares.
"""

import json
import lzma
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.svm import LinearSVC

from dtm_contact.model import Part, Peril, Wish
from dtm_contact.text import Tokens, tokenize
from dtm_contact.topics import DetailModel, Model
from dtm_contact.topics.details import ADVICE, PERIL, RAISED, SETTLED, SPOKEN, WISH
from dtm_contact.topics.model import in_steps
from training.corpus import FOLDER, digest
from training.settled import OF_PROGRAMS, train_settled
from training.stretches import Floats, Stretches, regression

SENTENCES: Final = tuple(FOLDER / f"wishes_{name}.jsonl" for name in ("by_sentence", "in_languages"))
"""Sentences that say one, and such as sound alike and say none; the second in ten languages other than French."""
MARKED: Final = FOLDER / "learned_wishes.jsonl"
PERILS: Final = FOLDER / "perils.jsonl"
WITHOUT: Final = tuple(FOLDER / f"learned_{name}.jsonl" for name in ("plain", "machines", "contrast", "contrast_a"))
"""Messages whose hands wrote no wishes: each of their sentences says none."""
PLAIN: Final = FOLDER / "learned_plain.jsonl"
"""Ordinary messages: what is no danger is learned of them."""
OF_PERIL: Final = tuple(
    FOLDER / f"learned_{name}.jsonl"
    for name in ("contrast", "contrast_a", "contrast_b", "contrast_c", "despair", "languages")
)
OTHER_LANGUAGES: Final = tuple(
    FOLDER / f"learned_{name}.jsonl"
    for name in ("languages", "contrast_b", "contrast_c", "contrast_d", "contrast_e", "despair")
)
"""Messages of which those that are not French are learned as saying no wish, so that "please" alone says none."""
MANY: Final = FOLDER / "learned.jsonl.xz"
SOURCES: Final = (
    *SENTENCES,
    MARKED,
    PERILS,
    *dict.fromkeys((*WITHOUT, *OF_PERIL, *OF_PROGRAMS, *OTHER_LANGUAGES)),
    MANY,
)

_FRENCH: Final = "fr"
_SOME: Final = 3_000
"""So many messages of the large corpus in which the phrases heard no wish are learned of as saying none."""
_DOUBTED: Final = 0.5
"""A sentence of these that scores more probably says the wish after all, and is left out."""
_LEAST: Final = 0.03
"""A feature whose weight is smaller, beside the largest of each column, is not kept."""
_SEED: Final = 20261130


def train_details(model: Model) -> DetailModel:
    """Return what labelled sentences teach.

    Args:
        model: the large one, which reads them.
    """
    columns: dict[str, Floats] = {}
    wishes = _of_wishes(model)
    lines, doubtful = wishes.matrix, np.array(wishes.doubtful)
    for wish in Wish:
        holds = np.array([wish in said for said in wishes.labels])
        weights = regression(lines, holds)
        kept = ~(doubtful & (lines @ weights[:-1] + weights[-1] > _DOUBTED))
        columns[f"{WISH}{wish}"] = regression(lines[np.flatnonzero(kept)], holds[kept])
    perils = _of_perils(model)
    kinds = list(Peril)
    # What is no danger is a kind of its own, the last: it has no column, but none of the others claims its words.
    codes = np.array([kinds.index(Peril(next(iter(said)))) if said else len(kinds) for said in perils.labels])
    fitted = LinearSVC(C=0.5, random_state=0, class_weight="balanced").fit(perils.matrix, codes)
    for place, kind in enumerate(kinds):
        columns[f"{PERIL}{kind}"] = np.append(fitted.coef_[place], fitted.intercept_[place])
    programs = train_settled(model)
    columns[SETTLED], columns[RAISED], columns[SPOKEN] = programs.settled, programs.raised, programs.spoken
    columns[ADVICE] = programs.advice
    whole = np.column_stack(list(columns.values())).astype(np.float32)
    telling = (np.abs(whole[:-1]) >= _LEAST * np.abs(whole[:-1]).max(axis=0)).any(axis=1)
    steps, step = in_steps(whole[:-1][telling])
    about = {
        "sources": digest(SOURCES),
        "wishes": dict(Counter(wish for said in wishes.labels for wish in said)),
        "perils": dict(Counter(peril for said in perils.labels for peril in said)),
    }
    return DetailModel(
        tuple(columns), model.ids[telling], steps, step, whole[-1], programs.worth, programs.highest, about
    )


def _of_wishes(model: Model) -> Stretches:
    stretches = Stretches(model)
    for path in SENTENCES:
        for entry in _lines(path):
            stretches.add_whole(tokenize([(Part.NEW, entry["text"])]), entry["wishes"])
    for entry in _lines(MARKED):
        tokens = _tokens(entry)
        stretches.add_sentences(tokens, _marked(entry, tokens))
    for path in WITHOUT:
        for entry in _lines(path):
            stretches.add_sentences(_tokens(entry), {})
    for path in OTHER_LANGUAGES:
        for entry in _lines(path):
            if entry["lang"] != _FRENCH:
                stretches.add_sentences(_tokens(entry), {}, doubtful=True)
    silent = [entry for entry in _lines(MANY) if not entry.get("wishes")]
    for place in np.random.default_rng(_SEED).permutation(len(silent))[:_SOME]:
        stretches.add_sentences(_tokens(silent[place]), {}, doubtful=True)
    return stretches


def _of_perils(model: Model) -> Stretches:
    labels = {entry["id"]: entry["peril"] for entry in _lines(PERILS)}
    stretches = Stretches(model)
    for path in OF_PERIL:
        for entry in _lines(path):
            if entry["id"] in labels:
                stretches.add_whole(_tokens(entry), [labels[entry["id"]]])
    for entry in _lines(PLAIN):
        if entry["alarm"] == "none":
            stretches.add_whole(_tokens(entry), [])
    return stretches


def _marked(entry: dict[str, Any], tokens: Tokens) -> dict[int, set[str]]:
    """Return the sentences of a message that say a wish, by the words that its hand marked."""
    found: dict[int, set[str]] = {}
    for wish, words in entry["wish_words"].items():
        begin = entry["text"].index(words)
        for place in range(len(tokens)):
            within = tokens.starts[place] < begin + len(words) and tokens.ends[place] > begin
            if tokens.part_of(place) is Part.NEW and within:
                found.setdefault(tokens.sentences[place], set()).add(wish)
    return found


def _tokens(entry: dict[str, Any]) -> Tokens:
    return tokenize([(Part.SUBJECT, entry.get("subject") or ""), (Part.NEW, entry["text"])])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes()
    text = (lzma.decompress(content) if path.suffix == ".xz" else content).decode()
    return map(json.loads, text.splitlines())
