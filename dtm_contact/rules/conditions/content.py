"""Conditions on what stands in the message."""

from dtm_contact.rules.arguments import TextList
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import ConditionOutcome, judges, sees
from dtm_contact.rules.search import Search, Wanted


@judges("subject", Search())
def subject(facts: Facts, wanted: Wanted) -> ConditionOutcome:
    """Words of the subject, without regard to case and accents; a phrase is found as whole words.

    `about` finds them in any form: `{about: ascenseur bloqué}` also finds "ascenseurs bloqués".

    Example: `subject: {contains: [résiliation, "préavis"]}`
    """
    found = wanted.find(facts.subject)
    return ConditionOutcome(found is not None, found or "")


@judges("text", Search())
def text(facts: Facts, wanted: Wanted) -> ConditionOutcome:
    """Words of the new text or of an original passed on; what is only quoted, and the signature, do not count.

    Compared without regard to case and accents, line ends count as spaces. Patterns are RE2: no look-around.

    Example: `text: {matches: 'badges? (perdu|vole)s?'}`
    """
    found = wanted.find(facts.text)
    return ConditionOutcome(found is not None, found or "")


@sees("attachments", TextList("of `any`, `none`, a type (`image/*`) or an ending (`.pdf`)"))
def attachments(facts: Facts) -> Values:
    """The files that came along: `any`, `none`, a media type, a family of them (`image/*`) or an ending of the name.

    Example: `attachments: [image/*, .pdf]`
    """
    found: dict[str, None] = {}
    for file in facts.contact.attachments:
        media_type = file.media_type.lower()
        found[media_type] = found[media_type.partition("/")[0] + "/*"] = None
        found["." + file.name.lower().rpartition(".")[2]] = None
    return ("any", *found) if found else ("none",)


@sees("language", TextList("language codes (`fr`, `en`)"))
def language(facts: Facts) -> Values:
    """The language that the message declares; most declare none, then it never holds.

    Example: `language: [en, es]`
    """
    declared = facts.contact.language.strip().lower()
    return tuple(dict.fromkeys((declared, declared.partition("-")[0]))) if declared else ()
