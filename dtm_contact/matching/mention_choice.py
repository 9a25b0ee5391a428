"""Which of the names found in a contact count: those that say no more than another are left out."""

from collections.abc import Container
from dataclasses import replace

from dtm_contact.matching.mentions import Mention, Role

_OF_MAILBOX = frozenset({Role.DISPLAY, Role.ADDRESS})
_A_FULL_NAME = 2
_LETTERS = 2
"""Up to so many letters are initials, whoever bears them as a name: "Wilner JB"."""
_NAMES_HIMSELF = frozenset({Role.SELF, Role.SIGNED})
_SOMEBODY_ELSE = frozenset({Role.CARETAKER, Role.KIN, Role.FOR, Role.NAMED})


def written_for_in_full(mentions: list[Mention]) -> list[Mention]:
    """Take whoever is named in full for the one written for, where a part of that name stands there."""
    shorter = [each for each in mentions if each.role is Role.FOR]
    return [
        replace(each, role=Role.FOR)
        if each.role is Role.NAMED and any(_names_in_full(each, other) for other in shorter)
        else each
        for each in mentions
    ]


def called_as_his_mailbox(mentions: list[Mention], firsts: Container[str]) -> list[Mention]:
    """Take for the writer's the one full name of a text that begins as his mailbox is called.

    "Inès", and "4eme ines hadjadj" in the midst of the text.

    Args:
        mentions: those of one contact.
        firsts: the first names of the directory.
    """
    shown = [word for each in mentions if each.role is Role.DISPLAY for word in each.words if len(word) > _LETTERS]
    own = {each.words for each in mentions if each.role in _NAMES_HIMSELF and len(each.words) >= _A_FULL_NAME}
    others = [{*each.words} for each in mentions if each.role in _SOMEBODY_ELSE]
    pairs = {
        each.words
        for each in mentions
        if each.role is Role.PAIR and not any(words.issuperset(each.words) for words in others)
    }
    full = {words for words in pairs if shown and shown[0] in words}
    if len(shown) != 1 or shown[0] not in firsts or own or len(full) != 1:
        return mentions
    return [replace(each, role=Role.SIGNED) if each.words in full else each for each in mentions]


def joined_in_mailbox(mentions: list[Mention], firsts: Container[str]) -> list[Mention]:
    """Give the surname inside an address the first name that the mailbox shows: "Marie D <m.roy@…>" is Marie Roy.

    Args:
        mentions: those of one contact.
        firsts: the first names of the directory.
    """
    shown = {word for each in mentions if each.role is Role.DISPLAY for word in each.words if len(word) > _LETTERS}
    first = next(iter(shown)) if len(shown) == 1 else ""
    if first not in firsts:
        return mentions
    return [
        replace(each, words=(first, *each.words), units=(0, *(unit + 1 for unit in each.units)), initials=())
        if each.role is Role.ADDRESS and each.initials == (first[0],) and len(each.words) == 1
        else each
        for each in mentions
    ]


def called_so_in_full(mentions: list[Mention]) -> list[Mention]:
    """Take for the writer's the one full name that holds the surname by which he calls himself.

    "C'est madame Roy … voilà Odette Roy merci", as it is dictated.
    """
    titled = [{*each.words} for each in mentions if each.role is Role.SELF and each.title]
    full = {
        each.words for each in mentions if each.role is Role.PAIR and any({*each.words} > words for words in titled)
    }
    if len(full) != 1:
        return mentions
    return [replace(each, role=Role.SIGNED) if each.words in full else each for each in mentions]


def _names_in_full(mention: Mention, other: Mention) -> bool:
    return {*mention.words} > {*other.words} and bool(other.words) and other.gender in {"", mention.gender}


def distinct(mentions: list[Mention]) -> list[Mention]:
    """Drop what is said twice, pairs that a signature holds, and those merely named who are called the caretaker."""
    by_role: dict[Role, list[set[str]]] = {}
    for mention in mentions:
        by_role.setdefault(mention.role, []).append(set(mention.words))
    caretakers = by_role.get(Role.CARETAKER, [])
    surer = {
        Role.NAMED: caretakers,
        Role.PAIR: [words for role in (Role.FOR, Role.SELF, Role.SIGNED) for words in by_role.get(role, [])]
        + caretakers,
    }
    kept: dict[tuple[Role, tuple[str, ...], str], Mention] = {}
    his = [
        set(mention.words) for mention in mentions if mention.role is Role.SELF and len(mention.words) > _A_FULL_NAME
    ]
    for mention in mentions:
        if mention.role is Role.FOR and not mention.title and any(words > {*mention.words} for words in his):
            continue  # his own, married or born
        if mention.role in _OF_MAILBOX and any(_says_no_more(mention, other) for other in mentions):
            continue
        if not any(words.issuperset(mention.words) for words in surer.get(mention.role, ())):
            kept.setdefault((mention.role, mention.words, mention.gender), mention)
    return list(kept.values())


def _says_no_more(mention: Mention, other: Mention) -> bool:
    """Tell whether what a mailbox is called is part of the writer's name in full: it leaves out what contradicts."""
    if mention.role is Role.ADDRESS and (other.role in _NAMES_HIMSELF or other.role is Role.DISPLAY):
        written = "".join(other.words)
        return all(word in written for word in mention.words)
    return mention.role is Role.DISPLAY and other.role in _NAMES_HIMSELF and {*mention.words} < {*other.words}
