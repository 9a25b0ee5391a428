"""What is said not to be: negations, what may stand between them and what they take back, words of worry."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from dtm_contact.topics.hits import Hit
from dtm_contact.topics.passage import Passage

_NEGATION_REACH = 6

_NE = frozenset({"ne", "n"})
_BEING = frozenset({"est", "etait", "sont", "ce", "c"})
_DEFINITE = frozenset(
    [
        "le",
        "la",
        "les",
        "l",
        "mon",
        "ma",
        "mes",
        "ton",
        "ta",
        "notre",
        "nos",
        "votre",
        "vos",
        "son",
        "sa",
        "ses",
        "leur",
        "ce",
        "cet",
        "cette",
        "ces",
        "au",
        "aux",
    ]
)
_INDEFINITE = frozenset(
    ["de", "d", "du", "des", "un", "une", "a", "en", "avec", "dans", "sur", "pour", "cote", "niveau"]
)
_JOINS = frozenset({"et", "ou", "ni"})


@dataclass(frozen=True, slots=True)
class Denial:
    """The negations of a passage.

    Attributes:
        passage: the words.
        negations: their places.
        bridges, worries: for the last word of each, the place of its first.
        taken: the places of words that speak of a matter.
    """

    passage: Passage
    negations: AbstractSet[int]
    bridges: Mapping[int, int]
    worries: Mapping[int, int]
    taken: AbstractSet[int]

    def before(self, place: int) -> tuple[int | None, int | None]:
        """Return the places of a negation and of a word of worry that stand right before a place, articles aside.

        "ça marche pas la fuite continue" denies no leak: before "la" a negation must belong to "c'est pas la".
        """
        worry: int | None = None
        definite = False
        forms, clause = self.passage.forms, self.passage.clauses[place]
        place -= 1
        for _ in range(_NEGATION_REACH):
            if place < 0 or self.passage.clauses[place] != clause:
                break
            if place in self.negations:
                belongs = not definite or worry is not None or (place > 0 and forms[place - 1] in _BEING)
                return (place if belongs else None), worry
            if place in self.worries:
                worry = place = self.worries[place]
            elif place in self.bridges:
                place = self.bridges[place]
            elif forms[place] in _DEFINITE:
                definite = True
            elif forms[place] not in _INDEFINITE and not self._joined(place):
                break
            place -= 1
        return None, worry

    def _joined(self, place: int) -> bool:
        """Tell whether a word belongs to a list of matters ("pas de fuite ni d'humidité")."""
        return self.passage.forms[place] in _JOINS or (place in self.taken and self.passage.forms[place + 1] in _JOINS)

    def behind(self, hit: Hit) -> bool:
        """Tell whether a negation stands right behind a phrase that "ne" stands before ("ça ne fuit plus")."""
        forms, place = self.passage.forms, hit.last + 1
        said = place in self.negations and self.passage.clauses[place] == self.passage.clauses[hit.last]
        return said and not _NE.isdisjoint(forms[max(0, hit.first - 3) : hit.first])

    def of_thing(self, hit: Hit) -> tuple[int, int] | None:
        """Return where "ne … pas" stands right behind a thing ("l'ascenseur ne monte plus"), or a bare "pas"."""
        forms, clause = self.passage.forms, self.passage.clauses[hit.last]
        for place in range(hit.last + 1, min(hit.last + 5, len(forms))):
            if self.passage.clauses[place] != clause:
                break
            if place == hit.last + 1 and place in self.negations:
                return hit.first, place
            if forms[place] in _NE:
                for end in range(place + 1, min(place + 6, len(forms))):
                    if end in self.negations and self.passage.sentences[end] == self.passage.sentences[place]:
                        return place, end
                break
        return None
