"""What the cases that agents corrected teach: which words spoke for the wrong topic, and which are missing."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from dtm_contact.model import Contact, Part
from dtm_contact.topics import Lexicon, Words, understand, words_of

_SUGGESTED = 8
_SHORTEST = 4
_COMMON = 2.5
"""Importance (the logarithm of how rare a word is) under which an ordinary word is not suggested."""

_BLAMED = 5


@dataclass(frozen=True, slots=True)
class Corrected:
    """A contact whose topic an agent put right."""

    contact: Contact
    right: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What the corrections to one topic would want.

    Attributes:
        topic: the topic that is right.
        said: what was understood instead, the commonest first, with how often.
        suggested: words of these messages that no phrase of the topic has, with in how many they stand.
        blamed: the phrases that spoke for the wrong topics, with how often: candidates for `except`.
    """

    topic: str
    said: tuple[tuple[str, int], ...]
    suggested: tuple[tuple[str, int], ...]
    blamed: tuple[tuple[str, int], ...]


def find_missing(corrected: Iterable[Corrected], lexicon: Lexicon) -> tuple[Missing, ...]:
    """Return what would have to be added for each topic, the one with most corrections first.

    Corrections that the words and the model of today understand are left out: they have been learned.
    """
    by_topic: defaultdict[str, list[tuple[Corrected, str]]] = defaultdict(list)
    for item in corrected:
        said = understand(item.contact, lexicon).topic
        if said is not None and said != item.right:
            by_topic[item.right].append((item, said))
    found = [_missing(topic, pairs, lexicon) for topic, pairs in by_topic.items()]
    return tuple(sorted(found, key=lambda item: (-sum(times for _, times in item.said), item.topic)))


def _missing(topic: str, pairs: list[tuple[Corrected, str]], lexicon: Lexicon) -> Missing:
    suggested: Counter[str] = Counter()
    blamed: Counter[str] = Counter()
    for item, said in pairs:
        words = words_of(item.contact, lexicon)
        suggested.update(_uncovered(words, topic, lexicon))
        tally = words.tallies.get(said)
        blamed.update({f"{said} : {weighed.hit.entry.text}" for weighed in (tally.counted if tally else ())})
    return Missing(
        topic,
        tuple(Counter(said for _, said in pairs).most_common()),
        tuple(suggested.most_common(_SUGGESTED)),
        tuple(blamed.most_common(_BLAMED)),
    )


def _uncovered(words: Words, topic: str, lexicon: Lexicon) -> set[str]:
    """Return the words that might speak for a topic and are in none of its phrases found; names are left out."""
    tally = words.tallies.get(topic)
    covered = {place for weighed in (tally.counted if tally else ()) for place in weighed.hit.places}
    passage = words.passage
    return {
        form
        for place, form in enumerate(passage.forms)
        if place not in covered
        and len(form) >= _SHORTEST
        and not form.isdecimal()
        and form not in lexicon.small_words
        and passage.part_of(place) in {Part.SUBJECT, Part.NEW}
        and _is_telling(form, lexicon)
    }


def _is_telling(form: str, lexicon: Lexicon) -> bool:
    """Tell whether a word is neither too common to say anything nor unknown, as names are."""
    if lexicon.learned is None:
        return form not in lexicon.spelling.not_misspelt or form in lexicon.spelling.words
    known = form in lexicon.spelling.not_misspelt
    return known and lexicon.learned.importance.get(form, lexicon.learned.rare) >= _COMMON
