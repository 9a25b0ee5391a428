"""Legal notices and banners that a company's server puts above or under everybody's mail."""

import re
from typing import Final

from dtm_contact.reading.patterns import any_of

_JOINED: Final = 4_000

_CERTAIN: Final = re.compile(
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
_SELF: Final = re.compile(
    r"\b(?:ce|cet|this|le pr[ée]sent|the information contained in this|les informations contenues dans ce) "
    r"(?:message|courriel|courrier|mail|e-?mail|document|communication)\b|confidentialit[ée]|confidentiality|disclaimer",
    re.IGNORECASE,
)
_TELLING: Final = (
    _SELF,
    re.compile(r"confidenti|privileged|strictement personnel", re.IGNORECASE),
    re.compile(r"\bdestin(?:[ée]e?s?|ataires?)\b|\bintended\b|\brecipients?\b|\baddressee", re.IGNORECASE),
    re.compile(r"pi[èe]ces? jointes?|\battachments?\b|fichiers? joints?", re.IGNORECASE),
    re.compile(
        r"[ée]metteur|exp[ée]diteur|\bsender\b|d[ée]truire|supprimer|\bdelete\b|\bnotify\b|divulg|disclos",
        re.IGNORECASE,
    ),
)  # fmt: skip
_TELLING_LEAST: Final = 3
_OPENING: Final = 25
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
    joined = " ".join(paragraph)[:_JOINED].replace("’", "'")
    if _BANNER.match(joined):
        return [""], paragraph
    if not _is_notice(joined, _TELLING_LEAST):
        return paragraph, []
    for at, row in enumerate(paragraph):
        near = " ".join(paragraph[at : at + 2])[:_JOINED].replace("’", "'")
        if (said or at) and _opening(row) is not None and _is_notice(near, _TELLING_LEAST - 1):
            before, notice = _split_row(row)
            return [*paragraph[:at], before, ""], [notice, *paragraph[at + 1 :]]
    return paragraph, []


def _is_notice(text: str, least: int) -> bool:
    return bool(_CERTAIN.search(text)) or sum(bool(pattern.search(text)) for pattern in _TELLING) >= least


def _opening(row: str) -> int | None:
    """Return where in a row a notice begins to speak of the message."""
    text = row[:_JOINED].replace("’", "'")
    return min((found.start() for found in (_CERTAIN.search(text), _SELF.search(text)) if found), default=None)


def _split_row(row: str) -> tuple[str, str]:
    """Keep what a person wrote on the notice's own line, before it."""
    start = _opening(row) or 0
    return (row[:start], row[start:]) if start > _OPENING else ("", row)
