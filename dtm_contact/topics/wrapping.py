"""What programs put around what is said: their closing words, which are no part of the matter."""

from dtm_contact.topics.hits import Hits, find_hits
from dtm_contact.topics.lexicon import Lexicon, Role
from dtm_contact.topics.passage import Passage


def unwrapped(passage: Passage, lexicon: Lexicon) -> tuple[Passage, Hits]:
    """Return a passage without the closing words of programs, and what is found in it.

    Args:
        passage: the words.
        lexicon: the phrases; those of `Role.GENERATED` are taken out, with the small words left alone in their sentence.
    """
    hits = find_hits(passage, lexicon)
    closing = {place for hit in hits.by_role.get(Role.GENERATED, ()) for place in hit.places}
    if not closing:
        return passage, hits
    speaking = {
        passage.sentences[place]
        for place, form in enumerate(passage.forms)
        if place not in closing and form not in lexicon.small_words
    }
    touched = {passage.sentences[place] for place in closing} - speaking
    silent = {place for place, sentence in enumerate(passage.sentences) if sentence in touched}
    bare = passage.without(closing | silent)
    return bare, find_hits(bare, lexicon)
