"""Conditions on what the register says: what a household wishes, and what protects it."""

from typing import Final

from dtm_contact.model import Consent, EntryKind, KnownEntry, Reach
from dtm_contact.rules.arguments import OneOf, TextList
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import sees

_CONSENT: Final = {Consent.GIVEN: "sms_consent", Consent.REFUSED: "sms_refused"}
_WORDS: Final = (
    EntryKind.PROTECTION,
    EntryKind.NEVER,
    EntryKind.REACH,
    Reach.NO_PHONE,
    Reach.NO_POST,
    EntryKind.LANGUAGE,
    *_CONSENT.values(),
)


@sees("register", OneOf(tuple(map(str, _WORDS))))
def register(facts: Facts) -> Values:
    """What agents entered in the register for whom it is about, as far as it is in force.

    `protection`: somebody of the household is protected; `never`: an address or number is never to be used; `reach`:
    how they are to be reached, of which `no_phone` is not to call and `no_post` to send nothing to their home;
    `language`: in which language to write; `sms_consent`, `sms_refused`: whether they agreed to be sent SMS. Of a home
    whose people are several, and none of them named, it is what holds for all of them.

    Example: `register: protection`
    """
    return tuple(dict.fromkeys(word for entry in facts.registered for word in _words(entry)))


def _words(entry: KnownEntry) -> Values:
    if entry.kind is EntryKind.SMS_CONSENT:
        return (_CONSENT[Consent(entry.value)],)
    narrower = (entry.value,) if entry.value in {Reach.NO_PHONE, Reach.NO_POST} else ()
    return (entry.kind.value, *narrower)


@sees("register.language", TextList("language codes (`pt`, `ar`)"), register="language")
def register_language(facts: Facts) -> Values:
    """The language in which to write to whom it is about, by the register; an ISO 639 code.

    Example: `register.language: pt`
    """
    return tuple(entry.value for entry in facts.registered if entry.kind is EntryKind.LANGUAGE)
