"""In which language a text is written, as far as its words or letters say so for certain; and in which direction."""

import re
from collections import Counter
from typing import Final

from dtm_contact.text.folding import fold

_FRENCH: Final = "fr"
_LONGEST: Final = 4000
"""Characters that are looked at."""
_WORDS: Final = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS: Final = 8
_FEWEST_HITS: Final = 4
_SURPLUS: Final = 2
"""How many times as many of its own words as of any other language's a text must hold."""
_FEWEST_LETTERS: Final = 20
_SHARE_OF_LETTERS: Final = 0.6
_COMMON: Final[dict[str, frozenset[str]]] = {
    language: frozenset(fold(words).split())
    for language, words in {
        _FRENCH: "bonjour merci je vous nous le la les des une est dans pour que qui pas avec mon ma sur et chez",
        "en": "the is are my have has and please not with you for this that in of been it from there our your we",
        "es": "el la los las que por favor en mi es no hay una con para del desde está estoy tengo muy pero gracias",
        "pt": "o os as que não em meu minha por favor está uma com para do da desde estou tenho muito mas obrigado há",
        "it": "il lo gli che non per favore mio mia è una con nel della del sono ho da molto ma grazie ci",
        "de": "der die das ist nicht mein meine und bitte mit ich wir in der wohnung seit haben auf es ein eine kein",
        "tr": "bir ve bu için çok var yok değil lütfen benim evde daha ama gibi ile olarak teşekkür ederim kadar",
        "ro": "și nu este în la o un pe cu din vă rog sunt meu mea apă de foarte mulțumesc dar am",
        "pl": "nie jest w na i się proszę mam moje mój do od z to już bardzo ale dziękuję nam",
    }.items()
}
_LETTERS: Final = (
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
)
"""Letters that, among our tenants, stand for one language; Cyrillic ones do not, and say nothing."""
_OTHER_ARABIC: Final = re.compile("[\u067e\u0686\u0698\u06af\u0679\u0688\u06d2]")
"""Letters that Persian and Urdu add to those of Arabic."""

_RIGHT_TO_LEFT: Final = "\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff"
"""Hebrew, Arabic and their kin, with their figures and signs."""
_ANY_RIGHT_TO_LEFT: Final = re.compile(f"[{_RIGHT_TO_LEFT}]")
_LEFT_TO_RIGHT_RUN: Final = re.compile(
    rf"[+(]*[^\W{_RIGHT_TO_LEFT}](?:[^\n{_RIGHT_TO_LEFT}]*[^\W{_RIGHT_TO_LEFT}]\)*)?"
)


def left_to_right_runs(text: str) -> list[tuple[int, int]]:
    """Return where, in a text with right-to-left letters, stand numbers, addresses and words that read left to right.

    Among such letters the bidirectional algorithm (Unicode Standard Annex 9) orders figures with blanks between them
    from the right: "06 12 00" would be shown as "00 12 06", and a house's number behind its street. Each run is to be
    isolated where it is shown.

    Returns:
        Start and end of each run, in their order; none where a text has no such letters.
    """
    if not _ANY_RIGHT_TO_LEFT.search(text):
        return []
    return [run.span() for run in _LEFT_TO_RIGHT_RUN.finditer(text)]


def language_of(text: str) -> str | None:
    """Return the ISO 639 code of a text's language; None where it is short, mixed, or of none that is known here.

    Args:
        text: the writer's own words.
    """
    text = text[:_LONGEST]
    letters = sum(map(str.isalpha, text))
    for language, of_it in _LETTERS:
        found = len(of_it.findall(text))
        if found >= _FEWEST_LETTERS and found >= _SHARE_OF_LETTERS * letters:
            return None if language == "ar" and _OTHER_ARABIC.search(text) else language
    words = _WORDS.findall(fold(text))
    if len(words) < _FEWEST_WORDS:
        return None
    counted = Counter(words)
    hits = {language: sum(counted[word] for word in common) for language, common in _COMMON.items()}
    (first, most), (_, second) = Counter(hits).most_common(2)
    return first if most >= _FEWEST_HITS and most >= _SURPLUS * second else None
