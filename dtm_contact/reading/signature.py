"""What stands under a message: the signature, the line of a telephone or mail program, the legal notice."""

import re
from dataclasses import dataclass
from typing import Final

from dtm_contact.reading.languages import any_of

_DELIMITER: Final = re.compile(r"\s*(?:--|—|–|__)\s*$")
_RULE: Final = re.compile(r"\s*[-_=*—–]{3,}\s*$")
_LONGEST: Final = 15
_MOBILE_ROWS: Final = 60
_WIDEST: Final = 90
_WORDS_BESIDE: Final = 5
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_CLOSING: Final = re.compile(
    r"\s*(?:merci(?: d'avance)?,? (?:et )?)?"
    + any_of(
        r"(?:bien |tr[èe]s )?cordialement",
        r"(?:bien )?cdlt",
        r"cdt",
        r"bien [àa] (?:vous|toi)",
        r"(?:bien )?sinc[èe]rement",
        r"salutations",
        r"(?:sinc[èe]res|meilleures|respectueuses) salutations",
        r"mes salutations",
        r"respectueusement",
        r"(?:bonne|belle) (?:journ[ée]e|soir[ée]e|fin de journ[ée]e)",
        r"(?:best |kind |warm )?regards",
        r"sincerely",
    )
    + r"\b.{0,40}$",
    re.IGNORECASE,
)
_DETAIL: Final = re.compile(
    r"\b(?:\+33|0033|0)\s?[1-9](?:[\s.\-/]?\d{2}){4}\b|[\w.+-]{1,64}@[\w.-]{1,255}|\bwww\.|https?://|\b\d{5}\s+[A-ZÀ-Ý]"
    r"|^\s*(?:t[ée]l|mob|fax|port|phone)[ée.:\s]",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"\s*(?:p\.?\s?-?s\.?|n\.?b\.?|post-?scriptum)\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"[?!]\s*$|\w{2,}[.]\s*$|(?:\S+\s+){9,}\S+")
_WORDLESS: Final = re.compile(r"[\W_\u1427]*$")


@dataclass(frozen=True, slots=True)
class Foot:
    """A stretch of the writer's own lines with what stands under it taken off."""

    body: tuple[str, ...]
    signature: tuple[str, ...]
    disclaimer: tuple[str, ...]


def split_foot(rows: list[str]) -> Foot:
    """Separate the writer's text from their signature and from the legal notice.

    The signature is what follows a `-- ` line, the mobile's lines, and a block of contact details under a closing
    formula. A closing formula and the names under it stay in the text where no such details follow.
    """
    rows, disclaimer = take_disclaimer(rows)
    rows, ornament = _take_wordless_end(rows)
    rows, signature = _take_delimited(rows)
    rows, mobile = _take_mobile(rows)
    if not signature:
        rows, signature = _take_details(rows)
    return Foot(tuple(rows), (*signature, *mobile, *ornament), tuple(disclaimer))


def _take_wordless_end(rows: list[str]) -> tuple[list[str], list[str]]:
    end = len(rows)
    while end and _WORDLESS.match(rows[end - 1]) and len(rows[end - 1]) < 200:  # noqa: PLR2004
        end -= 1
    return rows[:end], [row for row in rows[end:] if row.strip()]


def _take_delimited(rows: list[str]) -> tuple[list[str], list[str]]:
    """Cut at a line of two dashes, unless what follows speaks as a text does; at a longer rule, above details only."""
    for at in range(max(0, len(rows) - _LONGEST - 5), len(rows)):
        below = rows[at + 1 :]
        if (_DELIMITER.match(rows[at]) and not _speaks(below)) or (_RULE.match(rows[at]) and _are_details(below)):
            return rows[:at], below
    return rows, []


def _speaks(rows: list[str]) -> bool:
    shown = [row for row in rows if row.strip() and not is_mobile_line(row)]
    if len(shown) > _LONGEST:
        return True
    return any(_SENTENCE.search(row) for row in shown) and not any(map(_has_detail, shown))


def _take_mobile(rows: list[str]) -> tuple[list[str], list[str]]:
    start = max(0, len(rows) - _MOBILE_ROWS)
    mobile = [row for row in rows[start:] if is_mobile_line(row)]
    return (rows[:start] + [row for row in rows[start:] if row not in mobile], mobile) if mobile else (rows, [])


def _take_details(rows: list[str]) -> tuple[list[str], list[str]]:
    """Cut out the contact details under a closing formula; a postscript under them stays in the text."""
    for at in range(len(rows) - 2, max(-1, len(rows) - _LONGEST - 5), -1):
        if _CLOSING.match(rows[at]):
            end = next((row for row in range(at + 1, len(rows)) if _POSTSCRIPT.match(rows[row])), len(rows))
            block = rows[at + 1 : end]
            return ([*rows[: at + 1], "", *rows[end:]], block) if _are_details(block) else (rows, [])
    return rows, []


def _are_details(rows: list[str]) -> bool:
    shown = [row for row in rows if row.strip()]
    if len(shown) > _LONGEST or any(len(row) > _WIDEST for row in shown):
        return False
    detailed = [row for row in shown if _has_detail(row)]
    speaks = any(_SENTENCE.search(row) for row in shown if row not in detailed)
    return bool(detailed) and not speaks and not any(_says_more(row) for row in detailed)


def _says_more(row: str) -> bool:
    """Return whether a line holds more words than an address or a number has beside it."""
    return len(_WORD.findall(_DETAIL.sub("", row))) > _WORDS_BESIDE


def _has_detail(row: str) -> bool:
    return bool(_DETAIL.search(row[:_WIDEST]))


_LONGEST_MOBILE: Final = 250
_MOBILE_WORDS: Final = 8

_MOBILE_SENT: Final = re.compile(
    r"(?:message\s+)?(?:envoy[ée]e?s?|transmis|sent|posted|gesendet|verzonden|enviado|inviato|sendt|skickat|wysłane|отправлено)"
    r"\s+(?:depuis|[àa] partir d[eu]|avec|par|via|gr[âa]ce [àa]|de(?:sde)?|from|with|by|using|von|mit|met|vanaf|van|do"
    r"|a partir d[eo]|dal?|fra|fr[åa]n|z|с)\s+",
    re.IGNORECASE,
)
_MOBILE_OWN: Final = re.compile(r"(?:mon|ma|my|mein\w*|mijn|min|mi|mio|meu|mojego|моего)\s", re.IGNORECASE)
_MOBILE_DEVICE: Final = re.compile(
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
_MOBILE_OTHER: Final = re.compile(
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
_MOBILE_LINK: Final = re.compile(r"<[^<>]*>|\[([^\[\]]*)\]\([^()]*\)|https?://\S+")
_MOBILE_EXCUSE: Final = re.compile(
    r"[\s.,;(-]*\b(?:please|pls|d[ée]sol|excus|merci d[’']excuser|pardon|sorry|veuillez excuser|brevity)", re.IGNORECASE
)
_SPEECH: Final = frozenset([
    "car", "je", "j", "suis", "est", "sont", "mais", "il", "elle", "nous", "me", "ma", "mes", "que", "qui", "quand",
    "parce", "pas", "plus", "ne", "n", "ai", "et", "ou", "où", "dans", "the", "is", "i", "am", "than", "then",
    "easier", "because", "we", "are", "not",
])  # fmt: skip


def is_mobile_line(row: str) -> bool:
    """Return whether a line was added by a device or a program.

    "Envoyé de mon téléphone car je suis bloquée dans l'ascenseur" is not: a word of speech makes it the writer's.
    """
    if not row or len(row) > _LONGEST_MOBILE:
        return False
    text = _MOBILE_LINK.sub(r" \1 ", row.strip(" \t\u00a0*_<>()")).strip(" *_<>().")
    sent = _MOBILE_SENT.match(text)
    if sent is None:
        return bool(_MOBILE_OTHER.match(text))
    rest = text[sent.end() :]
    excuse = _MOBILE_EXCUSE.search(rest)
    rest = rest[: excuse.start()] if excuse else rest
    words = re.findall(r"[^\W\d_]+", _MOBILE_OWN.sub("", rest, count=1).lower())
    if len(words) > _MOBILE_WORDS or not _SPEECH.isdisjoint(words):
        return False
    return bool(_MOBILE_OWN.match(rest) or _MOBILE_DEVICE.search(rest))


_LONGEST_PARAGRAPH: Final = 4_000

_CERTAIN_NOTICE: Final = re.compile(
    any_of(
        r"si vous n'[êe]tes pas (?:le|la|les|un|l'un)\b.{0,60}destinataire",
        r"si vous (?:avez re[çc]u|recevez) (?:ce|cet) .{0,40}par erreur",
        r"if you (?:are not the (?:intended|named)|have received this).{0,80}",
        r"(?:pensez?|songez|r[ée]fl[ée]chissez)\b.{0,40}\bavant d'imprimer",
        r"avant d'imprimer ce",
        r"n'imprimez ce",
        r"please consider the environment",
        r"l'absence de virus dans ce courrier",
        r"(?:garanti )?sans virus\.? ?(?:www\.|https?:)",
        r"virus-free\.? ?(?:www\.|https?:)",
        r"a [ée]t[ée] (?:v[ée]rifi[ée]|analys[ée]) par (?:le logiciel )?(?:antivirus|mailscanner|avast|avg)",
        r"l'int[ée]grit[ée] de (?:ce message|cet e-?mail)",
        r"(?:e-?mails?|internet) .{0,60}susceptibles? d'alt[ée]ration",
        r"toute (?:utilisation|diffusion|publication|reproduction|copie)[^.]{0,120}"
        r"(?:interdite|non autoris[ée]e|prohib[ée]e)",
        r"has been scanned for viruses",
        r"questo messaggio .{0,80}(?:riservat|confidenzial|analizzat)",
        r"uso esclusivo del destinatario",
        r"diese (?:e-?mail|nachricht) .{0,40}vertrauliche informationen",
        r"este mensaje .{0,80}confidencial",
    ),
    re.IGNORECASE,
)
_NOTICE_SUBJECT: Final = re.compile(
    r"\b(?:ce|cet|this|le pr[ée]sent|the information contained in this|les informations contenues dans ce) "
    r"(?:message|courriel|courrier|mail|e-?mail|document|communication)\b|confidentialit[ée]|confidentiality|disclaimer",
    re.IGNORECASE,
)
_NOTICE_TRAITS: Final = (
    _NOTICE_SUBJECT,
    re.compile(r"confidenti|privileged|strictement personnel", re.IGNORECASE),
    re.compile(r"\bdestin(?:[ée]e?s?|ataires?)\b|\bintended\b|\brecipients?\b|\baddressee", re.IGNORECASE),
    re.compile(r"pi[èe]ces? jointes?|\battachments?\b|fichiers? joints?", re.IGNORECASE),
    re.compile(
        r"[ée]metteur|exp[ée]diteur|\bsender\b|d[ée]truire|supprimer|\bdelete\b|\bnotify\b|divulg|disclos",
        re.IGNORECASE,
    ),
)  # fmt: skip
_FEWEST_TRAITS: Final = 3
_LEAST_BEFORE_NOTICE: Final = 25
_BANNER: Final = re.compile(
    r"[\W_]*"
    + any_of(
        r"external (?:e-?mail|sender|message)",
        r"(?:e-?mail|courriel|message|exp[ée]diteur) externe",
        r"caution ?: ?this",
        r"attention ?: ?(?:ce|cet) (?:message|courriel|e-?mail) (?:provient|vient|a [ée]t[ée] envoy[ée])",
        r"cet? (?:message|courriel|e-?mail) (?:provient|vient|a [ée]t[ée] envoy[ée]) (?:de|d'une?) .{0,30}ext[ée]rieur",
    ),
    re.IGNORECASE,
)


def take_disclaimer(rows: list[str]) -> tuple[list[str], list[str]]:
    """Split rows into the writer's and those of legal notices.

    Each paragraph is judged by itself, so that what a person writes between or under two notices stays theirs; a notice
    may begin within a paragraph, under a name. Outside banners, the first words of a mail are never a notice.
    """
    if not any(len(row) > 12 for row in rows):  # noqa: PLR2004
        return rows, []
    kept: list[str] = []
    notices: list[str] = []
    said = False
    for paragraph in _paragraphs(rows):
        own, notice = _split_paragraph(paragraph, said=said)
        kept.extend(own)
        notices.extend(notice)
        said = said or any(character.isalnum() for row in own for character in row)
    return (kept, notices) if notices else (rows, [])


def _paragraphs(rows: list[str]) -> list[list[str]]:
    paragraphs: list[list[str]] = [[]]
    for row in rows:
        paragraphs[-1].append(row)
        if not row.strip():
            paragraphs.append([])
    return paragraphs


def _split_paragraph(paragraph: list[str], *, said: bool) -> tuple[list[str], list[str]]:
    joined = " ".join(paragraph)[:_LONGEST_PARAGRAPH].replace("’", "'")
    if _BANNER.match(joined):
        return [""], paragraph
    if not _is_notice(joined, _FEWEST_TRAITS):
        return paragraph, []
    for at, row in enumerate(paragraph):
        near = " ".join(paragraph[at : at + 2])[:_LONGEST_PARAGRAPH].replace("’", "'")
        if (said or at) and _notice_start(row) is not None and _is_notice(near, _FEWEST_TRAITS - 1):
            before, notice = _split_row(row)
            return [*paragraph[:at], before, ""], [notice, *paragraph[at + 1 :]]
    return paragraph, []


def _is_notice(text: str, least: int) -> bool:
    return bool(_CERTAIN_NOTICE.search(text)) or sum(bool(pattern.search(text)) for pattern in _NOTICE_TRAITS) >= least


def _notice_start(row: str) -> int | None:
    """Return where in a row a notice begins to speak of the message."""
    text = row[:_LONGEST_PARAGRAPH].replace("’", "'")
    return min(
        (found.start() for found in (_CERTAIN_NOTICE.search(text), _NOTICE_SUBJECT.search(text)) if found), default=None
    )


def _split_row(row: str) -> tuple[str, str]:
    """Keep what a person wrote on the notice's own line, before it."""
    start = _notice_start(row) or 0
    return (row[:start], row[start:]) if start > _LEAST_BEFORE_NOTICE else ("", row)
