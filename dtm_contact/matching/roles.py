"""Who a name in a text is, by what stands around it: the writer, whom they write for, somebody merely spoken of."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise

from dtm_contact.matching.cues import (
    AFFAIRS,
    AT_THEIR_HOME,
    BESIDE,
    CARETAKERS,
    CLOSINGS,
    CONFUSING,
    DETERMINERS,
    DWELLS,
    FLATS,
    GREETINGS,
    HELPED,
    HELPERS,
    IN_A_NAME,
    INDEFINITE,
    IT_IS,
    KIN,
    LIKE_HIM,
    LIVING,
    LODGES,
    NEIGHBOURS,
    OF,
    ON_BEHALF,
    PAPERS,
    PARCELS,
    RELATIVES_WRITTEN_FOR,
    REPORTING,
    SAYING_WHO_HE_IS,
    SELF_WORDS,
    SPEAKING,
    STRANGERS,
    TENANCY,
    THANKED,
    THE_WRITER,
    TITLES,
    WHOM_IT_CONCERNS,
    WORRIES,
    WRITING,
    WRITTEN_FOR,
)
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.mentions import Mention, NameRole
from dtm_contact.matching.passages import Passage, Surroundings
from dtm_contact.matching.places import Group
from dtm_contact.model import Part, Span
from dtm_contact.text import STREET_TYPES

_CANNOT_WRITE = re.compile(
    r"[^.!?]{0,120}?\b(?:ne (?:peut|sait) (?:pas|plus) (?:vous )?ecrire|n'a (?:pas|plus) (?:d'|l'|de )?"
    r"(?:internet|ordinateur|mail|adresse)|ne (?:parle|lit|comprend) (?:pas|mal))"
)
_WRITES_TO_YOU = re.compile(r"[^.!?]{0,120}?\bvous (?:ecri[rt]|contacte|signale|informe|demande|prie)")
_ARTICLES = frozenset({"la", "le", "l"})
_LEADING_TO = OF | {"avec", "contre", "par", "chez"}
_WITH, _NAME = "avec", "nom"
_MINE = frozenset({"mon", "ma"})
_AND_ME = ["et", "moi"]
_CHARGED = frozenset({"mandate", "mandatee", "mandates", "mandatees", "saisi", "saisie", "saisis"})
_I_AM = ("أنا", "انا", "اسمي")
"""In Arabic."""
_CUE_AND_NAME = 2  # words: "ma mère Odette"
_CLOSING_WORDS = 12
_PARENTS = ["parents", "mes"]
_ENDS_A_CLAUSE = frozenset(",\n")
_CLAUSE = 14  # words in which others' words are told
_TOWARDS = frozenset({"a", "avec", "chez", "comme", "pour", "contre"})
_BETWEEN = DETERMINERS | RELATIVES_WRITTEN_FOR | KIN | NEIGHBOURS | TITLES


class Roles:
    """The roles in which names stand in one passage: writer, caretaker, relative, neighbour and others (`NameRole`)."""

    def __init__(self, around: Surroundings) -> None:
        """Take what stands around them."""
        self._around = around
        self._words = around.words

    def of_titled(self, position: int, end: int, cue: str) -> NameRole | None:
        """Return who a name is that follows a title or a cue; None where it is nobody of interest.

        Args:
            position: of the title or the last word of the cue.
            end: the position after the name's last word.
            cue: "self", "for", "behalf" or "kin" where words announce the name, "" where only a title does.
        """
        before = self._around.before(position, 6)
        if self._is_caretaker(position, end, before, cue):
            return NameRole.CARETAKER
        strangers = STRANGERS & set(before[: 1 if before[:1] and before[0] in OF else 2])
        if strangers or self._is_helper(position, before):
            return None
        if NEIGHBOURS & set(before[:3]):
            return NameRole.FOR if ON_BEHALF & set(before) else None
        if self._the_writer(end) or self._in_arabic(position):
            return NameRole.SELF
        if cue == "self" and not _to_me([self._words[position].text, *before]):
            return self._gives_own_name(position, end, before)
        return self._of_somebody(position, end, before, cue)

    def _of_somebody(self, position: int, end: int, before: list[str], cue: str) -> NameRole | None:
        """Return who somebody is by whose name nobody calls themselves."""
        if self._of_the_other(position):
            return NameRole.NAMED
        if self._lives_with(position, end, before, cue):
            return NameRole.KIN
        if self._written_for(position, before, end, cue):
            return NameRole.NAMED if self._said_by_others(position) or self._lives_beside(before, end) else NameRole.FOR
        if cue == "kin" or KIN & set(before[:3]):
            return NameRole.FOR if self._around.gives_address(end) else NameRole.KIN
        if SELF_WORDS & set(before[:3]) and not _to_me(before):
            return self._it_is(position, end)
        return self._by_address(position, end, before, self._after_greeting(before, end))

    def _is_caretaker(self, position: int, end: int, before: list[str], cue: str) -> bool:
        """Return whether a name is a caretaker's; who says "M. le gardien, c'est Odette Roy" is none."""
        caretaker_before = CARETAKERS & set(before[:4]) and not (cue == "self" and self._greets(position))
        return bool(caretaker_before or (CARETAKERS - LODGES) & set(self._around.after(end, 2)))

    def _the_writer(self, end: int) -> bool:
        """Return whether "moi" follows a name ("M. Roy (moi)") and begins no sentence ("…, moi je n'ai rien dit")."""
        following = self._around.after(end, 2)
        return bool(THE_WRITER & set(following[:1])) and not SPEAKING & set(following[1:])

    def _gives_own_name(self, position: int, end: int, before: list[str]) -> NameRole:
        """Tell whose name follows "je suis" or "c'est": "mon mari c'est Modibo" is no name of the writer's."""
        by_ear = self._words[position].text in IT_IS
        if (by_ear or before[:1] == ["c"]) and (KIN | RELATIVES_WRITTEN_FOR) & set(before[not by_ear : 2 - by_ear]):
            return NameRole.KIN
        return self._it_is(position, end)

    def _it_is(self, position: int, end: int) -> NameRole:
        """Return who is meant by "c'est": the writer, or somebody else ("c'est M. Roy du 5e qui fait du bruit")."""
        said = [self._words[position].text, *self._around.before(position, 2)]
        if not (said[:2] == ["est", "c"] or IT_IS & set(said[:2])):
            return NameRole.SELF
        if NEIGHBOURS & set(self._around.after(end, 2)):
            return NameRole.NAMED
        for word, following in zip(self._words[end : end + _CLAUSE], self._words[end + 1 :], strict=False):
            between = self._around.folded[self._words[end - 1].end : word.start]
            if not _ENDS_A_CLAUSE.isdisjoint(between) or word.text in SPEAKING:
                return NameRole.SELF
            if word.text == "qui":
                return NameRole.SELF if following.text in WRITING else NameRole.NAMED
        return NameRole.SELF

    def _of_the_other(self, position: int) -> bool:
        """Return whether a sentence is about a namesake: "L'autre est au 76, sa femme s'appelle Mariam"."""
        for back, word in enumerate(self._around.before(position, _CLAUSE), 1):
            other = position - back
            if word == "autre" and self._around.before(other, 1) == ["l"]:
                return not self._around.before(other - 1, 1)
        return False

    def _lives_with(self, position: int, end: int, before: list[str], cue: str) -> bool:
        """Return whether a name is that of one with whom the writer lives: "je réside au 47 chez Mme Roy ma mère"."""
        if cue == "for" and end - position <= _CUE_AND_NAME and not ON_BEHALF & set(before[:4]):
            return True  # "ma mère Odette"
        if (cue in {"for", "behalf", "kin"} and _WITH in before[:2]) or (
            before[:1] == [_WITH] and SELF_WORDS & set(before[:3])
        ):
            return True  # "je vis avec mon père M. Roy", "où je suis avec M. Roy"
        in_their_flat = before[:1] == ["of"] and bool(FLATS & set(before[1:2]))  # "I live in the flat of Mrs Roy"
        at_home = in_their_flat or before[:1] == [AT_THEIR_HOME]
        return at_home and bool(DWELLS & set(self._around.before(position, _CLAUSE)))

    def _is_helper(self, position: int, before: list[str]) -> bool:
        """Return whether a name is that of somebody's helper: "l'assistante sociale, Mme Roy, suit mon dossier"."""
        apposed = self._around.is_apposed(position)
        return apposed and bool(HELPERS & set(before[:2])) and not ON_BEHALF & set(before)

    def _by_address(self, position: int, end: int, before: list[str], role: NameRole | None) -> NameRole | None:
        """Tell better who somebody is who seems merely named, where an address follows or the letter's end precedes."""
        if role is not NameRole.NAMED or not before:
            return role
        told = NameRole.SELF if self._around.ends_where_they_are(position, end) else None
        told = NameRole.FOR if self._around.bracketed_with_address(position, end) else told
        if told or LIKE_HIM & set(before) or not self._around.gives_address(end):
            return told or role
        return NameRole.FOR  # "Le CCAS a reçu M. Roy (12 rue Hoche)"

    def of_pair(self, position: int, end: int) -> NameRole:
        """Tell a first name and a surname that begin their line or end the text from those within a sentence."""
        before = self._around.before(position, 6)
        text = self._around.up_to(position)
        if text.endswith(_I_AM) or (before[1:2] == ["qui"] and before[0] in WRITING):
            return NameRole.SELF  # "c'est ma mère qui écrit, Odette Roy"
        if before[:1] == [_WITH] or self._is_my(KIN, end, apart=False) or self._around.after(end, 2) == _AND_ME:
            return NameRole.KIN  # "Jean Roy mon mari est dans l'ascenseur", "Jean Roy et moi"
        if (
            self._is_my(RELATIVES_WRITTEN_FOR, end)  # "Mohammed Roy (mon père)"
            or self._announced(position)
            or _PARENTS in (before[:2], before[2:4])  # "mes parents Odette et Georges Roy"
            or _for_the_sake_of(before)
            or WHOM_IT_CONCERNS & set(before[:1])
            or self._cannot_write(end)
        ):
            return NameRole.FOR
        if (
            (end >= len(self._words) and not STREET_TYPES.keys() & set(before[:1]))
            or (text.endswith("\n") and self._around.places_itself(end) and self._around.after(end, 1) != ["qui"])
            or CLOSINGS & set(before[:1])
        ):
            return NameRole.SIGNED
        begins = not text or text[-1] in "\n.!?"
        presents = self._around.presents_the_writer(position, end) or (begins and self._around.gives_address(end))
        # What is dictated ends so: "« … mes habitudes. Odette Roy. »"
        dictated = begins and self._around.behind(end).lstrip(" .")[:1] == '"'
        presents = presents or dictated or self._around.signs_together(position, end)
        return NameRole.SIGNED if presents else NameRole.PAIR

    def _in_arabic(self, position: int) -> bool:
        """Return whether "I am" stands before a title in Arabic, or a name in Arabic letters before it in Latin."""
        before = self._around.up_to(position)
        again = before.endswith("(") and position > 0 and not self._words[position - 1].text.isascii()
        return again or before.endswith(_I_AM)

    def presents_in_arabic(self, position: int, end: int) -> bool:
        """Return whether "I am" stands before a name in Arabic letters, or the name has a line of its own."""
        before = self._around.up_to(position)
        return before.endswith(_I_AM) or (before.endswith("\n") and self._around.behind(end).strip(" .,\n") == "")

    def _announced(self, position: int) -> bool:
        """Return whether a colon precedes a name, and "pour ma mère" precedes that: "pour ma mère, qui … : Odette"."""
        if not self._around.up_to(position).endswith(":"):
            return False
        clause = self._around.before(position, _CLAUSE)
        at = clause.index("pour") if "pour" in clause else 0
        return at > 0 and bool((RELATIVES_WRITTEN_FOR | HELPED) & set(clause[max(0, at - 2) : at]))

    def _is_my(self, relatives: AbstractSet[str], end: int, *, apart: bool = True) -> bool:
        """Return whether "mon père" or the like follows a name; `apart`, be it after a mark."""
        mine = _MINE & set(self._around.after(end, 1)) and relatives & set(self._around.after(end + 1, 1))
        marked = self._around.behind(end).startswith((" (", ",", ":"))
        return bool(mine) and (apart or not marked)

    def written_for_neighbour(self, position: int) -> bool:
        """Return whether "pour ma voisine" or the like stands before a name."""
        before = self._around.before(position, 7)
        return bool(NEIGHBOURS & set(before[:4])) and "pour" in before

    def _written_for(self, position: int, before: list[str], end: int, cue: str) -> bool:
        """Return whether a name is that of somebody whom the matter is about, though another writes."""
        papers = IN_A_NAME if self._words[position].text == _NAME else PAPERS
        # "… la fille de Thomas" is told of, unless somebody says that they are that one.
        is_spoken_of = self._words[position].text in KIN and bool(before) and before[0] in _ARTICLES
        is_spoken_of = (
            is_spoken_of and bool(_LEADING_TO & set(before[1:2])) and not (SAYING_WHO_HE_IS | ON_BEHALF) & set(before)
        )
        if self._around.and_their_own(end) or (cue == "behalf" and (is_spoken_of or papers & set(before))):
            return False
        if (
            cue in {"for", "behalf"}
            or _for_the_sake_of(before)
            or _of_their_own(before[:5])
            or _affair_of(before[:4])
            or self._domiciled(end)
            or self._around.under_guard(end)
        ):
            return True
        if (cue == "kin" and ON_BEHALF & set(before[:3])) or WHOM_IT_CONCERNS & set(before[:1]):
            return True
        if self._cannot_write(end):
            return True
        if before[:1] and before[0] in OF and (HELPERS & set(before[:5]) or before[1:2] == ["part"]):
            return True
        at_home = before[:1] == [AT_THEIR_HOME] and not (LIVING | LIKE_HIM) & set(before)
        return at_home and before[1:2] != ["de"] and self._around.gives_address(end)

    def _said_by_others(self, position: int) -> bool:
        """Return whether a name is what the writer was told, or was taken for: "on me dit que c'est M. Roy"."""
        clause = self._around.before(position, _CLAUSE)
        told = any(word in {"que", "qu"} and before in REPORTING for word, before in pairwise(clause))
        return "pour" not in clause and (told or bool(CONFUSING & set(clause)))

    def _greets(self, position: int) -> bool:
        """Return whether a comma stands right before "c'est": "Bonsoir M. le gardien, c'est Odette Roy"."""
        first = position - (self._words[position - 1].text == "c")
        return self._around.up_to(first).endswith(",")

    def _lives_beside(self, before: list[str], end: int) -> bool:
        """Return whether a name is a neighbour's: "c'est le fils de M. Roy au-dessus"."""
        return bool(BESIDE & set(self._around.after(end, 3))) and not ON_BEHALF & set(before)

    def _cannot_write(self, end: int) -> bool:
        """Return whether the one who bears a name has somebody write for them ("Mme Roy n'a pas internet")."""
        return bool(_CANNOT_WRITE.match(self._around.folded, self._words[end - 1].end))

    def _domiciled(self, end: int) -> bool:
        following = self._around.after(end, 5)
        lives = {"il", "elle"} & set(following) and {"habite", "vit", "demeure", "loge"} & set(following)
        return bool(TENANCY & set(following) or lives)

    def _after_greeting(self, before: list[str], end: int) -> NameRole | None:
        """Tell the one addressed ("Bonjour Madame Roy,") from the writer ("bonjour madame roy j'habite")."""
        tail = self._around.behind(end)[:2].strip(" ")[:1]
        following = self._around.after(end, 3)
        speaks = bool(SPEAKING & set(following[:2])) or "appareil" in following
        speaks = speaks and tail not in {"\n", ","}
        if not before and not speaks:
            return self._at_head_of_line(tail, end)
        if GREETINGS & set(before[:2]) or not before:
            return NameRole.SELF if speaks else None
        return NameRole.NAMED

    def _at_head_of_line(self, tail: str, end: int) -> NameRole | None:
        """Tell a signature from somebody addressed, and from somebody told of."""
        if self._around.address_follows(end):
            return NameRole.NAMED if self._around.goes_on_about(end) else NameRole.SIGNED
        if tail in {"", "\n"}:
            return NameRole.SIGNED if len(self._words) - end <= _CLOSING_WORDS else None
        return None if tail == "," and not self._around.is_located(end) else NameRole.NAMED


def _of_their_own(before: list[str]) -> bool:
    """Return whether the writer's relative or charge stands before a name; "une maman d'élève" is none of theirs."""
    at = next((back for back, word in enumerate(before[:4]) if word in WRITTEN_FOR), -1)
    anybody = bool(INDEFINITE & set(before[at + 1 : at + 2])) and before[at] not in HELPED
    return at >= 0 and not anybody


def _affair_of(before: list[str]) -> bool:
    """Return whether "dossier" or the like stands right before a name, or "de" between: "les papiers de ma mère"."""
    at = next((back for back, word in enumerate(before) if word in AFFAIRS), -1)
    return at == 0 or (at > 0 and bool(OF & set(before[:at])))


def _for_the_sake_of(before: list[str]) -> bool:
    """Return whether "pour" stands before a name, with no more than "ma voisine" between, and no parcel before."""
    if "pour" not in before:
        return False
    at = before.index("pour")
    cause = set(before[at + 1 : at + 2])
    stranger = (
        cause & (PARCELS | THANKED)
        or THANKED & set(before[at + 2 : at + 3])
        or (cause & WORRIES and not RELATIVES_WRITTEN_FOR & set(before[:at]))
    )
    return not stranger and all(word in _BETWEEN for word in before[:at])


def _to_me(before: list[str]) -> bool:
    """Return whether "à moi" or the like stands before a name: "se joignent à moi : Mme Roy"."""
    return any(pair[0] == "moi" and pair[1] in _TOWARDS for pair in pairwise(before[:4]))


_BEFORE_A_PLACE = 60


def visited(mentions: list[Mention], groups: Iterable[Group]) -> list[Mention]:
    """Take for the one concerned whom alone a service names, with the address or in the subject: "chez Mme Roy"."""
    named = [each for each in mentions if each.role in {NameRole.NAMED, NameRole.FOR} and each.title]
    if not _are_one(named):
        return mentions
    places = [group for group in groups if group.anchored]
    spans = [each.span for each in named if each.span is not None]
    only = _are_one([each for each in mentions if each.title])
    alone = only and len(places) == 1 and (any(atom.house for atom in places[0].of("street")))
    placed = alone or any(_stands_before_a_place(span, places) for span in spans)
    return [replace(each, role=NameRole.FOR) if placed and each in named else each for each in mentions]


def thanked(mention: Mention, passages: Iterable[Passage], index: MatchIndex) -> Mention:
    """Take for the caretaker whom a subject names by surname, where the text speaks of its caretaker."""
    named = mention.span is not None and mention.span.part is Part.SUBJECT and mention.role is NameRole.FOR
    called = named and bool(mention.title) and "".join(mention.words) in index.caretakers
    told = called and any(not CARETAKERS.isdisjoint(word.text for word in text.words) for text in passages)
    return replace(mention, role=NameRole.CARETAKER) if told else mention


def _are_one(mentions: Sequence[Mention]) -> bool:
    """Return whether mentions, one or more, name one person: "M. Roy Alain … M. Roy"."""
    longest = max((set(each.words) for each in mentions), key=len, default=set())
    return bool(longest) and all(longest.issuperset(each.words) for each in mentions)


def _stands_before_a_place(name: Span, groups: Iterable[Group]) -> bool:
    spans = (group.passage.span(group.start, group.end) for group in groups)
    return any(span and span.part is name.part and 0 <= span.start - name.end <= _BEFORE_A_PLACE for span in spans)
