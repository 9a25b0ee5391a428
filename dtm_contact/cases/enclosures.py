"""A letter that promises a file and has none: asked about once before it is sent, as mail programs do."""

import re
from typing import Final

from dtm_contact.cases.refusals import NothingAttachedError
from dtm_contact.text import fold_keeping_offsets

_PAPERS: Final = (
    r"(?:pieces?|documents?|fichiers?|formulaires?|attestations?|quittances?|courriers?|lettres?|releves?|avis|factures?"
    r"|decomptes?|details?|plans?|notices?|listes?|recus?|photos?|baux|bail|contrats?|devis"
    r"|mandats?(?: de prelevement)?)"
)
_PROMISES: Final = re.compile(
    r"\bci[- ]joint(?:e?s?)\b"
    rf"|(?<!\bvotre )(?<!\bvos )(?<!\bsans )(?<!\baucune )\b{_PAPERS} jointe?s?\b"
    r"|\ben (?:pieces? jointes?|p\.?j\b|annexe)"
    r"|\btrouverez jointe?s?\b"
    r"|\bjointe?s? (?:a|au) (?:ce|cet|cette|present|la presente)\b"
    r"|\b(?:je|nous) (?:vous )?(?:(?:la|le|les|en) )?(?:joins|joignons)\b(?! par )"
    r"|\b(?:ai|avons) joint\b"
)
"""Ours, not theirs: « merci de nous renvoyer votre pièce jointe » promises nothing, nor does a joint that leaks."""
_CLAUSE_ENDS: Final = ".;:!?\n"


def promised_file(text: str) -> str:
    """Return the clause in which a letter promises a file, on one line; "" where it promises none."""
    folded = fold_keeping_offsets(text)
    found = _PROMISES.search(re.sub(r"\s", " ", folded.text))
    if found is None:
        return ""
    start, end = folded.original_span(*found.span())
    begin = max(text.rfind(mark, 0, start) for mark in _CLAUSE_ENDS) + 1
    ends = [at for mark in _CLAUSE_ENDS if (at := text.find(mark, end)) >= 0]
    return " ".join(text[begin : min(ends, default=len(text))].lstrip(" -•").split())


def check_enclosed(text: str, *, attached: bool, without_files_ok: bool) -> None:
    """Make sure that a letter which promises a file has one, or that it is meant to go without.

    Args:
        text: the agent's words.
        attached: a file goes with it.
        without_files_ok: they said that it may go without.

    Raises:
        NothingAttachedError: neither is so.
    """
    if attached or without_files_ok:
        return
    if promise := promised_file(text):
        raise NothingAttachedError(
            f"le texte annonce une pièce (« {promise} ») et rien n'est joint : joignez-la, corrigez le texte, ou"
            " confirmez l'envoi sans pièce"
        )
