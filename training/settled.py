"""Teach which sentences of a program's mail say that nothing is the matter, and what that is worth beside the model.

A lift's alarm and the end of it hold the same words, and a bag of words hears the alarm in both. What a reader goes by
is one line: "mode : essai", "personne libérée", "fuite réparée", "visite programmée". Such lines are learned by
themselves, of mails in which hands marked them and of lines that one wrote beside their opposites. What the clearest
of them is worth beside the model's probability is learned of the same mails (Platt 1999), of which the large model
must know nothing: they are none of those that it learned of.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.model_selection import GroupKFold

from dtm_contact.model import Channel, Contact, Part
from dtm_contact.rules.reader_files import read_topics
from dtm_contact.text import tokenize, unwrapped
from dtm_contact.topics import DetailModel, Model, PhraseBook, Reader
from dtm_contact.topics.danger import log_odds, with_field
from dtm_contact.topics.details import SETTLED
from dtm_contact.topics.fields import danger_of_field
from dtm_contact.topics.model import Calibration
from training.corpus import FOLDER
from training.evaluate import AT
from training.stretches import Floats, Matrix, Rows, Stretches, regression
from training.wrapping import WRAPPINGS

RULES: Final = Path(__file__).parents[1] / "rules"
MAILS: Final = FOLDER / "settled.jsonl"
"""Mails of programs, by groups of one system, with the lines that say it; the subject is line 0."""
PRODUCTS: Final = FOLDER / "settled_products.jsonl"
"""The same of another hand, in the words of many products: of these the lines are learned, not what they are worth.

Their alarms are terser than any that the large model knows, and would make it hear every form a little more.
"""
LINES: Final = FOLDER / "settled_lines.jsonl"
ALARMS: Final = tuple(FOLDER / f"learned_{name}.jsonl" for name in ("machines", "machines_b"))
"""Mails of which those that tell of danger hold no such line."""
OF_PROGRAMS: Final = (MAILS, PRODUCTS, LINES, *ALARMS, WRAPPINGS)
"""Wrappings say nothing of what they hold: their lines say nothing of this either."""

_TURNS: Final = 8
"""One group of so many is left out to learn what a score is worth."""
_DANGERS: Final = 0.25
"""The share of dangers that probabilities are told for: that of what the large model learned of."""
_HIGHEST: Final = 99
"""The percentile of the scores that were seen up to which a score counts."""
_DANGER: Final = "P1"
_PARTS: Final = (Part.SUBJECT, Part.NEW)


def train_settled(model: Model) -> tuple[Floats, Calibration, float]:
    """Return the weights of the column, what its score is worth beside the model's, and the highest score that counts.

    Args:
        model: the large one, which reads the lines.
    """
    mails = list(_read(MAILS))
    lines, holds, owners = _lines(mails, model)
    dangers = np.array([mail["priority"] == _DANGER for mail in mails])
    contacts = [Contact(Channel.EMAIL, AT, subject=mail["subject"], new_text=mail["text"]) for mail in mails]
    clearest = np.zeros(len(mails))
    turns = GroupKFold(_TURNS).split(mails, dangers, [mail["group"] for mail in mails])
    for learned, out in turns:
        chosen = (owners < 0) | np.isin(owners, learned)
        weights = regression(lines[np.flatnonzero(chosen)], holds[chosen])
        for place in out:
            clearest[place] = _clearest(contacts[place], weights, model)
    highest = float(np.percentile(clearest, _HIGHEST))
    odds = _odds(contacts, [mail["topic"] for mail in mails], model)
    calibration = _worth(odds, np.clip(clearest, 0, highest), dangers)
    return regression(lines, holds), calibration, highest


def _worth(odds: Floats, scores: Floats, dangers: NDArray[np.bool_]) -> Calibration:
    """Return what the clearest line is worth beside the model's log-odds, which count as they are.

    Args:
        odds: the log-odds of danger of each mail by the model.
        scores: how clearly a line of it says that nothing is the matter, from nought on.
        dangers: which of them tell of danger.
    """
    heavier = np.where(dangers, _DANGERS / dangers.mean(), (1 - _DANGERS) / (1 - dangers.mean()))

    def wrong(worth: Floats) -> float:
        told = odds + worth[0] * scores + worth[1]
        return float((heavier * np.logaddexp(0, np.where(dangers, -told, told))).mean())

    slope, offset = map(float, minimize(wrong, np.zeros(2), method="Nelder-Mead").x)
    return Calibration((1.0, slope), offset)


def _lines(mails: Sequence[dict[str, Any]], model: Model) -> tuple[Matrix, NDArray[np.bool_], Rows]:
    """Return all lines that are learned of, which say it, and the mail of each; -1 for lines of no such mail."""
    stretches, owners = Stretches(model), list[int]()
    for owner, part, line, settled in _marked(mails):
        stretches.add_whole(tokenize([(part, line)]), [SETTLED] if settled else [])
        owners.extend([owner] * (len(stretches.labels) - len(owners)))
    return stretches.matrix, np.array([SETTLED in said for said in stretches.labels]), np.array(owners)


def _marked(mails: Sequence[dict[str, Any]]) -> Iterator[tuple[int, Part, str, bool]]:
    """Yield each line with its mail, its part, and whether it says that nothing is the matter."""
    for owner, mail in enumerate(mails):
        for number, (part, line) in enumerate(_parted(mail)):
            yield owner, part, line, number in mail["settled"]
    for mail in _read(PRODUCTS):
        for number, (part, line) in enumerate(_parted(mail)):
            yield -1, part, line, number in mail["settled"]
    for entry in _read(LINES):
        yield -1, Part.NEW, entry["text"], entry["settled"]
    for mail in (mail for path in ALARMS for mail in _read(path) if mail["priority"] == _DANGER):
        for part, line in _parted(mail):
            yield -1, part, line, False
    for entry in _read(WRAPPINGS):
        for line in entry["text"].replace("{text}", "").split("\n"):
            yield -1, Part.NEW, line, False


def _parted(mail: dict[str, Any]) -> Iterator[tuple[Part, str]]:
    yield Part.SUBJECT, mail["subject"]
    for line in mail["text"].split("\n"):
        yield Part.NEW, line


def _clearest(contact: Contact, weights: Floats, model: Model) -> float:
    """Return the score of the sentence that says most clearly that nothing is the matter."""
    sentences = Stretches(model)
    sentences.add_sentences(tokenize(unwrapped(contact, _PARTS, labelled=True).texts), {})
    return float((sentences.matrix @ weights[:-1] + weights[-1]).max())


def _odds(contacts: Sequence[Contact], about: Sequence[str], model: Model) -> Floats:
    """Return the log-odds of danger of some mails by the large model alone."""
    topics = read_topics(RULES)
    nothing = np.zeros(0, np.float32)
    details = DetailModel((), model.ids[:0], np.zeros((0, 0), np.int8), nothing, nothing, Calibration(), 0.0)
    reader = Reader(model, details, PhraseBook([]), topics)
    odds = []
    for contact, topic in zip(contacts, about, strict=True):
        wrapping = unwrapped(contact, _PARTS, partial(danger_of_field, reader))
        reading = model.read(tokenize(wrapping.texts))
        probability, _, _ = reader.scale.probability(reading, model.scores(reading), outage=topics[topic].outage)
        odds.append(log_odds(with_field(probability, wrapping.sharpest)))
    return np.array(odds)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text("utf-8").splitlines())
