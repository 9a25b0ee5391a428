"""What a learned model sees of a passage: stems, pairs of them, pieces of words, and the markers that stand in it."""

from collections.abc import Container, Iterable, Iterator

from dtm_contact.topics.passage import Passage

STEMS_BEGIN, PAIRS_BEGIN = "ud", "b"
GROUPS = {"u": 0, "d": 0, "b": 1, "c": 2, "r": 3}
"""The group of each kind of feature; the features of one group are weighed against each other."""

SHARES = (1.0, 2.0, 0.5, 0.1)
"""How much each group says of how alike two messages are: pairs of stems most, markers least."""

_SHORTEST_CUT = 4
_PIECES = (4, 5)
_NEAR = 3
"""How many words apart the two of a pair may stand, in one sentence."""

NUMBER = "#"
"""Stands for a number, before how many digits it has."""

_WORDS_SEEN = 1_000
"""Words of a passage that a learned model sees; a longer one says no more to it."""

Feature = tuple[str, tuple[int, ...]]
"""A feature's name, and the places of the words that it stands for."""


def features_of(passage: Passage, markers: Iterable[str], muted: Container[int] = ()) -> dict[str, tuple[int, ...]]:
    """Return each feature of a passage once, with the places of the words where it stands first.

    `u:` a stem, of a misspelt word also the stem that it may stand for; `b:` two stems near each other, whichever comes
    first, of misspelt words those that they may stand for; `c:` four or five letters of a word, its ends marked; `r:` a
    marker of the lexicon.

    Args:
        passage: the words.
        markers: what the lexicon says of the passage as a whole ("past", "severe"), each once.
        muted: places of words that do not say what they seem to (denied, over, the subject of a reply): of these only
            `d:` and their stem are seen.
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, places in _all(passage, markers, muted):
        found.setdefault(name, places)
    return found


def _all(passage: Passage, markers: Iterable[str], muted: Container[int]) -> Iterator[Feature]:
    keys = passage.keys[:_WORDS_SEEN]
    stems = [_stem(own) for own in keys]
    meant = [_meant(own) for own in keys]
    for place in range(len(keys)):
        if place in muted:
            yield f"d:{stems[place]}", (place,)
            continue
        yield f"u:{stems[place]}", (place,)
        if meant[place] != stems[place]:
            yield f"u:{meant[place]}", (place,)
        for other in range(max(0, place - _NEAR), place):
            if other not in muted and passage.sentences[other] == passage.sentences[place]:
                yield f"b:{'_'.join(sorted((meant[other], meant[place])))}", (other, place)
        yield from ((f"c:{piece}", (place,)) for piece in _pieces(passage.forms[place]))
    yield from ((f"r:{marker}", ()) for marker in markers)


def _stem(keys: tuple[str, ...]) -> str:
    """Return a word's stem; of a number only how long it is."""
    stem = keys[1]
    return f"{NUMBER}{len(stem)}" if stem.isdecimal() else stem


def _meant(keys: tuple[str, ...]) -> str:
    """Return the stem of the word that a misspelt one may stand for; of any other its own."""
    return next((key for key in keys[2:3] if key[0] != "="), _stem(keys))


def _pieces(form: str) -> Iterator[str]:
    if len(form) < _SHORTEST_CUT or form.isdecimal():
        return
    marked = f"<{form}>"
    for length in _PIECES:
        for start in range(len(marked) - length + 1):
            yield marked[start : start + length]
