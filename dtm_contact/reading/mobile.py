"""The line that a telephone or a mail program adds by itself ("Envoyé de mon iPhone")."""

import re
from typing import Final

from dtm_contact.reading.patterns import any_of

_LONGEST: Final = 250
_WORDS: Final = 8

_SENT: Final = re.compile(
    r"(?:message\s+)?(?:envoy[ée]e?s?|transmis|sent|posted|gesendet|verzonden|enviado|inviato|sendt|skickat|wysłane|отправлено)"
    r"\s+(?:depuis|[àa] partir d[eu]|avec|par|via|gr[âa]ce [àa]|de(?:sde)?|from|with|by|using|von|mit|met|vanaf|van|do"
    r"|a partir d[eo]|dal?|fra|fr[åa]n|z|с)\s+",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"(?:mon|ma|my|mein\w*|mijn|min|mi|mio|meu|mojego|моего)\s", re.IGNORECASE)
_DEVICE: Final = re.compile(
    r"\b"
    + any_of(
        r"iphone",
        r"ipad",
        r"ipod",
        r"i-?os",
        r"galaxy",
        r"samsung",
        r"huawei",
        r"xiaomi",
        r"redmi",
        r"oppo",
        r"honor",
        r"pixel",
        r"nokia",
        r"wiko",
        r"android",
        r"smartphone",
        r"mobile",
        r"phone",
        r"cell",
        r"t[ée]l[ée]phone",
        r"portable",
        r"tablette",
        r"blackberry",
        r"windows",
        r"outlook",
        r"yahoo",
        r"orange",
        r"sfr",
        r"free",
        r"bouygues",
        r"la ?poste",
        r"proton\s?mail",
        r"mailbox",
        r"airmail",
        r"gmail",
        r"mail",
        r"mac",
        r"courrier",
        r"bluemail",
        r"typeapp",
        r"application",
        r"appli",
        r"device",
        r"webmail",
        r"zimbra",
    )
    + r"\b",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    any_of(
        r"from my (?:iphone|ipad|mobile|phone|galaxy)\b[\w .]{0,30}",
        r"(?:\w+ ){0,3}from mobile",
        r"(?:get|obtenir|obtenez|t[ée]l[ée]charge[rz]?) \[?(?:outlook|yahoo mail|bluemail)\b.{0,160}",
        r"t[ée]l[ée]charge[rz]? l[’'].{0,20}(?:outlook|mail|orange|yahoo).{0,160}",
        r"von meinem .{0,40}gesendet.{0,20}",
        r"diese nachricht wurde von meinem .{0,80}gesendet",
        r"provenance ?: ?(?:courrier|outlook)(?: pour windows.{0,20})?",
        r"從我的.{0,20}傳送",
        r"發自我的.{0,20}",
        r"发自我的.{0,20}",
    )
    + r"[\s.)>]*$",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"<[^<>]*>|\[([^\[\]]*)\]\([^()]*\)|https?://\S+")
_EXCUSE: Final = re.compile(
    r"[\s.,;(-]*\b(?:please|pls|d[ée]sol|excus|merci d[’']excuser|pardon|sorry|veuillez excuser|brevity)", re.IGNORECASE
)
_TALK: Final = frozenset(
    [
        "car",
        "je",
        "j",
        "suis",
        "est",
        "sont",
        "mais",
        "il",
        "elle",
        "nous",
        "me",
        "ma",
        "mes",
        "que",
        "qui",
        "quand",
        "parce",
        "pas",
        "plus",
        "ne",
        "n",
        "ai",
        "et",
        "ou",
        "où",
        "dans",
        "the",
        "is",
        "i",
        "am",
        "than",
        "then",
        "easier",
        "because",
        "we",
        "are",
        "not",
    ]
)


def is_mobile_line(row: str) -> bool:
    """Return whether a line was added by a device or a program.

    "Envoyé de mon téléphone car je suis bloquée dans l'ascenseur" is not: a word of speech makes it the writer's.
    """
    if not row or len(row) > _LONGEST:
        return False
    text = _LINK.sub(r" \1 ", row.strip(" \t\u00a0*_<>()")).strip(" *_<>().")
    sent = _SENT.match(text)
    if sent is None:
        return bool(_OTHER.match(text))
    rest = text[sent.end() :]
    excuse = _EXCUSE.search(rest)
    rest = rest[: excuse.start()] if excuse else rest
    words = re.findall(r"[^\W\d_]+", _OWN.sub("", rest, count=1).lower())
    if len(words) > _WORDS or not _TALK.isdisjoint(words):
        return False
    return bool(_OWN.match(rest) or _DEVICE.search(rest))
