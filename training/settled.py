"""Teach what sentences of programs' mail say: that it is over, advice, a person's words; and which mails report danger.

A lift's alarm and the end of it hold the same words, and a bag of words hears the alarm in both. What a reader goes by
is one line: "mode : essai", "personne libérée", "fuite réparée", "visite programmée". Such lines are learned by
themselves, of mails in which hands marked them and of lines that one wrote beside their opposites. What
programs report in the terse words of products ("perte de verticalité", "CO 62 ppm") is learned of whole mails, beside
twins in which nothing happened: the large model, of which one message in fifty is a program's, knows such words badly.
What both are worth beside its probability is learned of mails (Platt 1999) of which it and the second column know
nothing: they are none of those that they learned of.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.model_selection import GroupKFold

from dtm_contact.model import CaseKind, Channel, Contact, Part
from dtm_contact.rules.reader_files import read_topics
from dtm_contact.text import tokenize, unwrapped, without_advice
from dtm_contact.topics import DetailModel, Model, PhraseBook, Reader
from dtm_contact.topics.danger import log_odds, with_field
from dtm_contact.topics.details import ADVICE, SETTLED
from dtm_contact.topics.fields import danger_of_field, is_advice
from dtm_contact.topics.model import Calibration, in_steps
from training.corpus import FOLDER
from training.evaluate import AT
from training.stretches import Floats, Matrix, Rows, Stretches, regression
from training.wrapping import WRAPPINGS

RULES: Final = Path(__file__).parents[1] / "rules"
MAILS: Final = FOLDER / "settled.jsonl"
"""Mails of programs, by groups of one system, with the lines that say it; the subject is line 0."""
PRODUCTS: Final = tuple(FOLDER / f"settled_{name}.jsonl" for name in ("products", "frames", "fields"))
"""The same of other hands, in the words of many products, in the frames that programs put around them, and where only
several fields together tell ("panne simple", "71 kg"): of these the lines are learned, not what they are worth."""
LINES: Final = FOLDER / "settled_lines.jsonl"
ADVICE_LINES: Final = FOLDER / "advice_lines.jsonl"
"""Sentences that tell everybody what to do if something happened, beside such of the same words that report or ask."""
ALARMS: Final = tuple(FOLDER / f"learned_{name}.jsonl" for name in ("machines", "machines_b"))
"""Mails of which those that tell of danger hold no such line."""
ORDINARY: Final = FOLDER / "learned_plain.jsonl"
"""People's ordinary letters, as forms bring them."""
LETTERS: Final = (ORDINARY, *(FOLDER / f"learned_{name}.jsonl" for name in ("contrast", "despair", "languages")))
"""Letters of people: in each of their sentences a person speaks."""
OF_PROGRAMS: Final = (MAILS, *PRODUCTS, LINES, ADVICE_LINES, *ALARMS, WRAPPINGS, *LETTERS)
"""Wrappings say nothing of what they hold: their lines say nothing of this either."""

_TURNS: Final = 8
"""One group of so many is left out to learn what a score is worth."""
_OF_MAILS: Final = 1.0
"""How little the weights that tell whole mails are held down: by less than those of lines, of which there are more."""
_DANGERS: Final = 0.25
"""The share of dangers that probabilities are told for: that of what the large model learned of."""
_HIGHEST: Final = 99
"""The percentile of the scores that were seen up to which a score counts."""
_DOUBTED: Final = 0.5
"""A line of a program's mail that scores more probably as a person's is quoted of one, and is left out."""
_DANGER: Final = "P1"
_CASE: Final = CaseKind.CASE.value
_PARTS: Final = (Part.SUBJECT, Part.NEW)


@dataclass(frozen=True, slots=True)
class OfPrograms:
    """What was learned of programs' mails.

    Attributes:
        settled, raised: the weights of both columns, of sentences and of whole mails.
        spoken: the weights that tell the sentences in which a person speaks.
        advice: the weights that tell the sentences that are advice to everybody.
        worth: what the scores of the first two are worth beside the model's log-odds.
        highest: the highest score of `settled` that counts.
    """

    settled: Floats
    raised: Floats
    spoken: Floats
    advice: Floats
    worth: Calibration
    highest: float


def train_settled(model: Model) -> OfPrograms:
    """Return what programs' mails teach.

    Args:
        model: the large one, which reads the lines.
    """
    mails = list(_read(MAILS))
    lines, holds, owners = _lines(mails, model)
    dangers = np.array([mail["priority"] == _DANGER for mail in mails])
    contacts = [Contact(Channel.EMAIL, AT, subject=mail["subject"], new_text=mail["text"]) for mail in mails]
    raised = _raised(model)
    told = np.zeros((len(mails), 2))
    told[:, 1] = [_raised_in(contact, raised, model) for contact in contacts]
    turns = GroupKFold(_TURNS).split(mails, dangers, [mail["group"] for mail in mails])
    for learned, out in turns:
        chosen = (owners < 0) | np.isin(owners, learned)
        weights = regression(lines[np.flatnonzero(chosen)], holds[chosen])
        for place in out:
            told[place, 0] = _clearest(contacts[place], weights, model)
    highest = float(np.percentile(told[:, 0], _HIGHEST))
    told = np.clip(told, 0, (highest, np.inf))
    settled, advice = regression(lines, holds), _advice(model)
    odds = _odds(contacts, [mail["topic"] for mail in mails], model, {SETTLED: settled, ADVICE: advice})
    return OfPrograms(settled, raised, _spoken(model), advice, _worth(odds, told, dangers), highest)


def _spoken(model: Model) -> Floats:
    """Return what tells the sentences of people's letters from the lines of programs' mails."""
    stretches = Stretches(model)
    for mail in (mail for path in LETTERS for mail in _read(path) if mail.get("kind", _CASE) == _CASE):
        stretches.add_sentences(tokenize([(Part.NEW, mail["text"])]), {})
    letters = len(stretches.labels)
    for mail in (mail for path in (MAILS, *PRODUCTS) for mail in _read(path)):
        for part, line in _parted(mail):
            stretches.add_whole(tokenize([(part, line)]), ())
    for line in (*(entry["text"] for entry in _read(LINES)), *_wrapped_lines()):
        stretches.add_whole(tokenize([(Part.NEW, line)]), ())
    lines, people = stretches.matrix, np.arange(len(stretches.labels)) < letters
    weights = regression(lines, people)
    kept = people | (lines @ weights[:-1] + weights[-1] <= _DOUBTED)
    return regression(lines[np.flatnonzero(kept)], people[kept])


def _advice(model: Model) -> Floats:
    """Return what tells advice to everybody from what people and programs report, ask and answer.

    Nobody marked advice among the lines of programs' mails and the sentences of letters: what scores as advice there is
    left out.
    """
    stretches = Stretches(model)
    for entry in _read(ADVICE_LINES):
        stretches.add_whole(tokenize([(Part.NEW, entry["text"])]), [ADVICE] if entry["advice"] else [])
    marked = len(stretches.labels)
    for mail in (mail for path in (MAILS, *PRODUCTS, *ALARMS) for mail in _read(path)):
        for part, line in _parted(mail):
            stretches.add_whole(tokenize([(part, line)]), ())
    for mail in (mail for path in LETTERS for mail in _read(path)):
        stretches.add_sentences(tokenize([(Part.NEW, mail["text"])]), {})
    lines, advises = stretches.matrix, np.array([ADVICE in said for said in stretches.labels])
    by_hand = np.arange(len(advises)) < marked
    weights = regression(lines[np.flatnonzero(by_hand)], advises[by_hand])
    kept = by_hand | (lines @ weights[:-1] + weights[-1] <= _DOUBTED)
    return regression(lines[np.flatnonzero(kept)], advises[kept])


def _raised(model: Model) -> Floats:
    """Return what tells the programs' mails that report a danger, each as a whole, from those that do not.

    People's ordinary letters are learned of besides, since forms bring such.
    """
    mails, dangers = Stretches(model), []
    for mail in (mail for path in (*PRODUCTS, *ALARMS, ORDINARY) for mail in _read(path)):
        contact = Contact(Channel.EMAIL, AT, subject=mail["subject"], new_text=mail["text"])
        mails.add_whole(tokenize(unwrapped(contact, _PARTS, labelled=True).texts), ())
        dangers.append(mail["priority"] == _DANGER)
    return regression(mails.matrix, np.array(dangers), inverse_penalty=_OF_MAILS)


def _raised_in(contact: Contact, weights: Floats, model: Model) -> float:
    """Return the score of a mail as a whole."""
    mail = Stretches(model)
    mail.add_whole(tokenize(unwrapped(contact, _PARTS, labelled=True).texts), ())
    return float((mail.matrix @ weights[:-1] + weights[-1])[0])


def _worth(odds: Floats, scores: Floats, dangers: NDArray[np.bool_]) -> Calibration:
    """Return what both columns are worth beside the model's log-odds, which count as they are.

    What is added to every mail is learned without the second column: people's words in a form are like no product's,
    and must not be heard less because products' are heard by it.

    Args:
        odds: the log-odds of danger of each mail by the model.
        scores: how clearly a line of it says that nothing is the matter, and the whole that something is,
            both from nought on.
        dangers: which of them tell of danger.
    """
    heavier = np.where(dangers, _DANGERS / dangers.mean(), (1 - _DANGERS) / (1 - dangers.mean()))

    def wrong(told: Floats) -> float:
        return float((heavier * np.logaddexp(0, np.where(dangers, -told, told))).mean())

    def least(told: Callable[[Floats], Floats], count: int) -> Floats:
        found: Floats = minimize(lambda worth: wrong(told(worth)), np.zeros(count), method="Nelder-Mead").x
        return found

    offset = least(lambda worth: odds + scores[:, 0] * worth[0] + worth[1], 2)[1]
    slopes = least(lambda worth: odds + scores @ worth + offset, scores.shape[1])
    return Calibration((1.0, *map(float, slopes)), float(offset))


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
    for mail in (mail for path in PRODUCTS for mail in _read(path)):
        for number, (part, line) in enumerate(_parted(mail)):
            yield -1, part, line, number in mail["settled"]
    for entry in _read(LINES):
        yield -1, Part.NEW, entry["text"], entry["settled"]
    for mail in (mail for path in ALARMS for mail in _read(path) if mail["priority"] == _DANGER):
        for part, line in _parted(mail):
            yield -1, part, line, False
    for line in _wrapped_lines():
        yield -1, Part.NEW, line, False


def _wrapped_lines() -> Iterator[str]:
    for entry in _read(WRAPPINGS):
        yield from entry["text"].replace("{text}", "").split("\n")


def _parted(mail: dict[str, Any]) -> Iterator[tuple[Part, str]]:
    yield Part.SUBJECT, mail["subject"]
    for line in mail["text"].split("\n"):
        yield Part.NEW, line


def _clearest(contact: Contact, weights: Floats, model: Model) -> float:
    """Return the score of the sentence that says most clearly that nothing is the matter."""
    sentences = Stretches(model)
    sentences.add_sentences(tokenize(unwrapped(contact, _PARTS, labelled=True).texts), {})
    return float((sentences.matrix @ weights[:-1] + weights[-1]).max())


def _odds(contacts: Sequence[Contact], about: Sequence[str], model: Model, columns: Mapping[str, Floats]) -> Floats:
    """Return the log-odds of danger of some mails by the large model alone, its fields read as questions."""
    topics = read_topics(RULES)
    whole = np.column_stack(list(columns.values())).astype(np.float32)
    steps, step = in_steps(whole[:-1])
    details = DetailModel(tuple(columns), model.ids, steps, step, whole[-1], Calibration(), np.inf)
    reader = Reader(model, details, PhraseBook([]), topics)
    odds = []
    for contact, topic in zip(contacts, about, strict=True):
        wrapping = without_advice(
            unwrapped(contact, _PARTS, partial(danger_of_field, reader)), partial(is_advice, reader)
        )
        reading = model.read(tokenize(wrapping.texts))
        probability, _, _ = reader.scale.probability(reading, model.scores(reading), outage=topics[topic].outage)
        odds.append(log_odds(with_field(probability, wrapping.sharpest)))
    return np.array(odds)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text("utf-8").splitlines())
