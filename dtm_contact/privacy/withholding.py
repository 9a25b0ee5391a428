"""What an agent wrote of somebody else: a copy gives it once a person has read it, and not before (article 15(4)).

What somebody wrote or was written they know already, and what is written of them is theirs, however it sounds. What an
agent noted or drafted of another person who is named is neither: that person's rights may forbid to hand it over, and
no program knows whether they do. So it is left out by default, its place says why, and whoever hands the copy over
reads it and gives what harms nobody.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from dtm_contact.errors import DtmContactError
from dtm_contact.labels.coded_text import text_of_json
from dtm_contact.privacy.before_handing_over import PassageToRead, sentences_of
from dtm_contact.store.holds import legal_holds
from dtm_contact.store.schema import alarm_labels, cases, events, register_entries
from dtm_contact.store.system_schema import appointments
from dtm_contact.store.writing_schema import drafts
from dtm_contact.wording import worded

NOT_GIVEN: Final = (
    "texte retenu, car un agent y nomme quelqu’un d’autre (RGPD, art. 15(4)) : pour qu’une personne relise ce qui vous "
    "concerne et vous le donne, écrivez-nous en citant ce dossier et cette date"
)
"""What stands in the place of such a text."""
_GAP: Final = "[…]"
ABSENT: Final = "texte_absent"
"""Under what a row says why it has no words."""
WITHHELD: Final = "textes_non_donnes"
"""Under what the file of data lists the places whose text is not given."""
_BY_AGENTS: Final = tuple(
    table.name for table in (alarm_labels, appointments, cases, drafts, events, legal_holds, register_entries)
)
"""Tables with words of agents."""


class UnknownPassageError(DtmContactError):
    """A place is to be given that the copy does not withhold."""


def withheld(passages: Iterable[PassageToRead], given: Collection[str]) -> tuple[PassageToRead, ...]:
    """Return the passages that a copy does not give.

    Args:
        passages: what is to be read before it is handed over.
        given: the anchors of those, or the places of sentences in them, that somebody has read and gives.

    Raises:
        UnknownPassageError: one of these is withheld nowhere in the copy.
    """
    of_others = {each.anchor: each for each in passages if each.of_others}
    places = {place for each in of_others.values() for place in each.sentences}
    if unknown := sorted(set(given) - set(of_others) - places):
        known = ", ".join(of_others) or worded("none")
        raise UnknownPassageError(
            worded("nothing is withheld at {unknown}; places: {known}", unknown=", ".join(unknown), known=known)
        )
    left = (each for anchor, each in of_others.items() if anchor not in given)
    read = (replace(each, given=frozenset(each.sentences) & frozenset(given)) for each in left)
    return tuple(each for each in read if len(each.given) < len(each.sentences))


def leave_out(contents: dict[str, Any], passages: Sequence[PassageToRead]) -> None:
    """Put the reason in the place of each text that is not given, wherever an agent's words are kept.

    Args:
        contents: what was gathered for the copy.
        passages: those that it does not give.
    """
    texts = {part.strip(): _rest(each, part) for each in passages for part in each.of_others}
    anchors = {each.anchor: each for each in passages}
    for name in _BY_AGENTS:
        told = contents["donnees"].get(name)
        if told is not None and texts:
            told["lignes"] = [_without(row, texts) for row in told["lignes"]]
    for row in contents["donnees"].get(drafts.name, {}).get("lignes", ()):
        if passage := anchors.get(f"brouillon-{row['id']}"):
            # Whatever else was typed into its form may name somebody, too.
            row["fields"] = {name: told for name, told in row["fields"].items() if told in texts.values()}
            if not passage.given:
                row["fields"], row[ABSENT] = {}, NOT_GIVEN
    contents[WITHHELD] = [{"place": each.anchor, "pourquoi": NOT_GIVEN} for each in passages]


def _rest(passage: PassageToRead, part: str) -> str:
    """Return what stands in the place of a text: the sentences of it that are given, and that others are not."""
    given = {passage.sentences[place] for place in passage.given}
    told = [each if each in given else _GAP for each in sentences_of(part)]
    if given.isdisjoint(told):
        return NOT_GIVEN
    once = [each for each, before in zip(told, [None, *told], strict=False) if each != _GAP or before != _GAP]
    return f"{' '.join(once)}{f' – {_GAP} : {NOT_GIVEN}' if _GAP in once else ''}"


def _without(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if isinstance(value.get("code"), str) and (told := texts.get(text_of_json(value).strip())) is not None:
            return told
        return {name: _without(each, texts) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without(each, texts) for each in value]
    return texts.get(value.strip(), value) if isinstance(value, str) else value
