"""Phone numbers: one key for one subscriber, however a person in France writes it.

The key is the number in the international form of ITU-T E.164 ("+33612345678"). Numbers of the overseas departments
that are written like numbers of the mainland (0690 …, +33690 …) get the calling code that really reaches them.
Machines (lift alarms, intercoms) have 14 digits beginning with 0700; those stay as they are.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import phonenumbers

from dtm_contact.text.folding import Folded, fold, fold_keeping_offsets
from dtm_contact.text.spoken import spoken_numbers

PhoneFound = tuple[str, int, int]
"""A key, and where the number starts and ends in the text searched."""

# National beginnings of the overseas departments and the calling code of each (numbering plan of the Arcep).
_OVERSEAS = {
    "262": "262", "263": "262", "692": "262", "693": "262", "269": "262", "639": "262",
    "590": "590", "690": "590", "691": "590",
    "594": "594", "694": "594",
    "596": "596", "696": "596", "697": "596",
    "508": "508",
}  # fmt: skip
_OVERSEAS_CODES = frozenset(_OVERSEAS.values())
_LONGEST = 256  # characters: a number with its separators and its extension is shorter
_LEASE = re.compile(r"\s*[0-9]{7}\s*[/.-]\s*[0-9]{2}\s*")
_MACHINE = re.compile(r"(?:33)?0?(700[0-9]{10})")
_PLAIN = re.compile(r"0([1-9][0-9]{8})")
_NATIONAL = re.compile(r"0?([1-9][0-9]{8})")
_WITH_CODE = re.compile(r"(?:33|262|590|594|596|508)[0-9]{6,10}")
_DIGITS = re.compile(r"[0-9]{6,18}")
_EXTENSION = re.compile(r"[\s,;]*(?:\b(?:poste|ext|extension)\b|#).*", re.DOTALL)
_SEPARATORS = re.compile(r"[\s./\\()_,-]+")
_SCHEME = re.compile(r"\s*(?:sips?|tel|callto)\s*:\s*")


def _metropolitan(national: str) -> str:
    """Return the key of the nine digits that follow the 0 of a number written the French way."""
    code = _OVERSEAS.get(national[:3])
    if code is None:
        return f"+33{national}"
    # Saint-Pierre-et-Miquelon alone has six digits after its code: 0508 41 12 34 is +508 41 12 34.
    return f"+508{national[3:]}" if code == "508" else f"+{code}{national}"


def _foreign(digits: str) -> str | None:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=4096)
def _international(digits: str) -> str | None:
    """Return the key of digits that begin with a calling code, or None where no country has such a number."""
    if digits.startswith("33"):
        machine, national = _MACHINE.fullmatch(digits), _NATIONAL.fullmatch(digits[2:])
        if machine:
            return f"0{machine[1]}"
        return _metropolitan(national[1]) if national else None
    overseas = _NATIONAL.fullmatch(digits[3:]) if digits[:3] in _OVERSEAS_CODES else None
    if overseas:
        return _metropolitan(overseas[1]) if _OVERSEAS.get(overseas[1][:3]) == digits[:3] else None
    return _foreign(digits)


def _bare(digits: str) -> str | None:
    """Return the key of digits that bear no + and no 00."""
    if digits.startswith("0") and (machine := _MACHINE.fullmatch(digits)):
        return f"0{machine[1]}"
    if national := _NATIONAL.fullmatch(digits):
        return _metropolitan(national[1])
    return _international(digits) if _WITH_CODE.fullmatch(digits) else None


def _compact(text: str) -> str:
    """Return the digits of a number, with its + where it has one, without what stands between and around them."""
    folded = _SCHEME.sub("", fold(text), count=1).partition("@")[0].partition(";")[0]
    return _SEPARATORS.sub("", _EXTENSION.sub("", folded).replace("(0)", ""))


def phone_key(text: str) -> str | None:
    """Return the key of the one number that `text` is, or None where no number can be so written.

    Args:
        text: a number in any French spelling ("06 12 34 56 78", "+33 (0)6.12…", "0033…", "33…", without its first 0,
            "01 … poste 12", "sip:06…@host", "tel:+33-6…"), or a foreign one with its calling code.
    """
    if plain := _PLAIN.fullmatch(text):  # as a directory has nearly all: a third of the time that the rest takes
        return _metropolitan(plain[1])
    if len(text) > _LONGEST or _LEASE.fullmatch(text):
        return None
    compact = text if text.isdigit() and text.isascii() else _compact(text)
    digits = compact.removeprefix("+")
    if not _DIGITS.fullmatch(digits):
        return None
    if compact.startswith("+"):
        return _international(digits)
    return _international(digits[2:]) if digits.startswith("00") else _bare(digits)


_GAP = r"[ ./\-_\t\n]{0,3}"
_NUMBER = re.compile(
    rf"""(?=[03+(st])(?<![0-9+])(?:
        (?:sips?:|tel:)?
        (?:(?:\+|00)[ .]?33|(?<![0-9][ ./-])33){_GAP}(?:\(0\)|0)?{_GAP}[1-9](?:{_GAP}[0-9]){{8}}
      | (?:\+|00)(?:262|590|594|596|508){_GAP}(?:[0-9]{_GAP}){{5}}[0-9](?:(?:{_GAP}[0-9]){{3}})?
      | 0700[0-9]{{10}}
      | \(0[1-9]\)(?:{_GAP}[0-9]){{8}}
      | (?:0|\(0\)){_GAP}[1-9](?:{_GAP}[0-9]){{8}}
      | (?:\+|00[ ]?)[1-9](?:[ .-]?[0-9]){{6,14}}
    )(?![0-9])""",
    re.VERBOSE,
)
_NINE = re.compile(r"(?=[1-9])(?<![0-9+/.,-])[1-9](?:[ ./-]?[0-9]){8}(?![0-9])")
_MISREAD = re.compile(r"(?<![a-z0-9])[0o][1-9il](?:[ .]?[0-9oil]{2}){4}(?![a-z0-9])")
_AS_FIGURES = str.maketrans("oil", "011")
_MOST_MISREAD = 2
# What stands to the left and makes the digits a file's number, not a phone's; and what makes them a phone after all.
_FILE_NUMBER = re.compile(
    r"\b(?:bail|ref|refs|reference|references|dossier|contrat|allocataire|facture|commande|client|siren|siret|iban|rib"
    r"|cheque|virement|badge|compteur|pdl|prm|unique|colis|suivi|sinistre|police|secu|securite sociale|matricule"
    r"|(?:n[o°]?|numero|num|code|identifiant|id)\.? ?(?:de |du |d')?locataire)\b[^0-9\n]{0,12}$"
)
_PHONE_LABEL = re.compile(
    r"\b(?:tel|telephone|tph|portable|port|mobile|fixe|gsm|appel[a-z]*|rappel[a-z]*|joign[a-z]*|joind[a-z]*|contact[a-z]*"
    r"|whatsapp|sms|poste)\b[^0-9\n]{0,16}$"
)
_CONTEXT = 30
_PAIRS = re.compile(r"(?:[0-9]{2}(?: |$))*")
_MORE_DIGITS = re.compile(r"[ ./-][0-9]")
_DATE_AND_MORE = re.compile(r"0?[0-9]{1,2}([/.-])[0-9]{2}\1(?:19|20)[0-9]{2}(?![0-9])")


def _stands_as_phone(text: str, start: int, end: int) -> bool:
    """Return whether the digits from `start` to `end` are a phone's, by what stands beside them and their grouping."""
    left, written = text[max(0, start - _CONTEXT) : start], text[start:end]
    if _PHONE_LABEL.search(left):
        return True
    if _FILE_NUMBER.search(left) or _DATE_AND_MORE.match(written):
        return False
    groups = re.findall("[0-9]+", written)
    if _PAIRS.fullmatch(" ".join(groups[1:])):
        return True
    separators = set(re.findall(r"[^0-9()+]+", written))
    return len(separators) <= 1 and not _MORE_DIGITS.match(text, end)


def _key_of(written: str) -> tuple[str, int] | None:
    """Return the key and how many characters bear it: a foreign number may have swallowed what follows."""
    length = len(written)
    while length > 0:
        key = phone_key(written[:length])
        if key is not None:
            return key, length
        shorter = max(written.rfind(separator, 0, length) for separator in " .-")
        length = shorter
    return None


def _written(folded: Folded, limit: int) -> Iterator[PhoneFound]:
    text = folded.text
    for match in islice(_NUMBER.finditer(text), limit):
        found = _key_of(match.group()) if _stands_as_phone(text, *match.span()) else None
        if found is not None:
            yield (found[0], *folded.original_span(match.start(), match.start() + found[1]))


def _without_zero(folded: Folded, limit: int) -> Iterator[PhoneFound]:
    """Yield nine digits that a label calls a phone: spreadsheets eat the first 0."""
    for match in islice(_NINE.finditer(folded.text), limit):
        key = _bare(re.sub("[^0-9]", "", match.group()))
        if key and _PHONE_LABEL.search(folded.text[max(0, match.start() - _CONTEXT) : match.start()]):
            yield (key, *folded.original_span(*match.span()))


def _spoken(folded: Folded, limit: int) -> Iterator[PhoneFound]:
    for digits, start, end in spoken_numbers(folded.text, limit):
        key = _bare(digits)
        if key is not None:
            yield (key, *folded.original_span(start, end))


def _misread(folded: Folded, limit: int) -> Iterator[PhoneFound]:
    """Yield numbers in which a letter or two stand for figures, as machines read handwriting: "06 62 79 O6 86"."""
    for match in islice(_MISREAD.finditer(folded.text), limit):
        left, written = folded.text[max(0, match.start() - _CONTEXT) : match.start()], match.group()
        figures, letters = written.translate(_AS_FIGURES), sum(map(str.isalpha, written))
        key = _bare(re.sub("[ .]", "", figures)) if 0 < letters <= _MOST_MISREAD else None
        if key and _stands_as_phone(left + figures, len(left), len(left) + len(figures)):
            yield (key, *folded.original_span(*match.span()))


def find_phones(text: str, *, limit: int = 64) -> list[PhoneFound]:
    """Return the phone numbers in `text` as (key, start, end), in the order in which they stand.

    Numbers of leases, tenants and files are none: what stands to their left tells. Numbers spelled out in words
    ("zéro six, douze, …"), as transcribed voice messages have them, are found too. Time is linear in the text; each
    way of writing is looked at `limit` times at most.
    """
    return phones_in(fold_keeping_offsets(text), limit=limit)


def phones_in(folded: Folded, *, limit: int) -> list[PhoneFound]:
    """Return the phone numbers of a text that is folded already; their offsets are those of the text before folding."""
    found = [
        *_written(folded, limit),
        *_without_zero(folded, limit),
        *_misread(folded, limit),
        *_spoken(folded, limit),
    ]
    kept: list[PhoneFound] = []
    for key, start, end in sorted(found, key=lambda each: (each[1], -each[2])):
        if not kept or start >= kept[-1][2]:
            kept.append((key, start, end))
    return kept[:limit]
