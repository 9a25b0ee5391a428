"""The lines that mail programs put above what they quote or pass on, in the languages that tenants' programs speak."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dtm_contact.reading.lines import Line

_WINDOW: Final = 8
_ATTRIBUTION: Final = 600


class HeadKind(StrEnum):
    """What a head stands above."""

    REPLY = "reply"
    FORWARD = "forward"
    SEPARATOR = "separator"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Head:
    """A head found: lines `start` to before `end`; the headers it repeats, by their English names."""

    kind: HeadKind
    start: int
    end: int
    headers: dict[str, str] = field(default_factory=dict)


_VERB: Final = re.compile(
    r"(?:\ba [ée]crit|\bwrote|\bschrieb|\bha scritto|\bescribi[óo]|\bescreveu|\bschreef|\bgeschreven|\bskrev"
    r"|\bnapisa[łl](?:\(a\)|a)?|\bpisze|\bнаписал[аи]?|\bпише[т]?|\bkirjoitti|\ba scris|\byazdı|写道|寫道)",
    re.IGNORECASE,
)
_START: Final = re.compile(
    r"[\s*_-]*(?:le|on|at|am|il|el|op|den|em|dnia|w dniu|på|kl\.?|na|在|於|\d{1,4}[ ./年-]"
    r"|(?:lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun|понед|вторн|сред|четв|пятн|субб|воскр)\w*[., ])",
    re.IGNORECASE,
)
_STAMP: Final = re.compile(
    r"@|\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b\d{4}[-/]\d{1,2}[-/]\d{1,2}|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
)
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_STATED: Final = re.compile(
    r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}(?: \d\d:\d\d GMT[+-]\d\d:\d\d)? [^\n<]{1,80}(?:<[^<>]*>)?:?$"
)
_NAMED: Final = re.compile(r"[^<>\n]{1,100}<[^<>\s]+@[^<>\s]+>")
_AFTER_VERB: Final = re.compile(r"[\s:>*_-]*$|.{0,200}:\s*$", re.DOTALL)

_SEPARATOR: Final = re.compile(
    r"[\s*]*[-_=–—]{2,}\s*(?:(?P<forward>forwarded message|forwarded by .{0,60}|message transf[ée]r[ée]|message r[ée]exp[ée]di[ée]"
    r"|mail transf[ée]r[ée]|courriel transf[ée]r[ée]|weitergeleitete nachricht|mensaje reenviado|messaggio inoltrato"
    r"|mensagem encaminhada|doorgestuurd bericht)"
    r"|(?P<reply>original message|original appointment|message d[’' ]?origine|message original|mail original|message initial"
    r"|courriel original|ursprüngliche nachricht|mensaje original|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|originalmeddelande|oprindelig meddelelse|reply message))\s*[-_=–—]{2,}[\s*]*$",
    re.IGNORECASE,
)
_FORWARD_LINE: Final = re.compile(
    r"\s*(?:begin forwarded message|d[ée]but du (?:message|courriel) (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])"
    r"|inizio messaggio inoltrato|anfang der weitergeleiteten (?:nachricht|e-mail)|inicio del mensaje reenviado)\s*:?\s*$",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"\s*[-_=–—]{5,}\s*$")
_LABEL: Final = re.compile(
    r"[\s*_|]{0,6}(?:(?P<from>de|from|von|da|van|från|fra|od|exp[ée]diteur|от)|(?P<date>envoy[ée](?: le)?|date|sent|gesendet|datum|data"
    r"|inviato|enviado(?: el| em)?|fecha|verzonden|skickat|sendt|dato|wysłano|message du|отправлено)"
    r"|(?P<to>[àa]|to|an|para|per|aan|till|til|do|destinataire|pour|кому)|(?P<cc>cc|cci|bcc|copie(?: [àa])?|kopie|copia)"
    r"|(?P<subject>objet|sujet|subject|betreff|oggetto|asunto|assunto|onderwerp|ämne|emne|temat|тема)"
    r"|(?P<other>r[ée]pondre [àa]|reply-to|risposta|importance|attachments|pi[èe]ces? jointes?|priorit[ée]))"
    r"[*_]{0,2}[\s\u00a0]{0,3}:[*_]{0,2}[\s\u00a0]*(?P<value>.*)$",
    re.IGNORECASE,
)
_ORANGE: Final = re.compile(r"\s*message du (?P<value>\d{1,2}/\d{1,2}/\d{2,4}.{0,20})$", re.IGNORECASE)


def head_at(lines: list[Line], at: int) -> Head | None:
    """Return the head that begins at line `at`, if one does."""
    text = lines[at].text
    if not text or len(text) > _ATTRIBUTION:
        return None
    separator = _SEPARATOR.match(text)
    if separator or _FORWARD_LINE.match(text):
        block = _block(lines, _after_blanks(lines, at + 1), least=1)
        forwards = not separator or bool(separator["forward"])
        kind = HeadKind.FORWARD if forwards else HeadKind.SEPARATOR
        return Head(kind, at, block.end if block else at + 1, block.headers if block else {})
    if _RULE.match(text):
        block = _block(lines, _after_blanks(lines, at + 1), least=2)
        return Head(HeadKind.BLOCK, at, block.end, block.headers) if block else None
    return _block(lines, at, least=3) or _attribution(lines, at)


def _after_blanks(lines: list[Line], at: int) -> int:
    end = min(len(lines), at + 4)
    while at < end and not lines[at].text.strip():
        at += 1
    return at


def _label(lines: list[Line], at: int) -> tuple[str, str] | None:
    if at >= len(lines) or len(lines[at].text) > 2 * _ATTRIBUTION:
        return None
    text = lines[at].text
    orange = _ORANGE.match(text)
    if orange:
        return "date", orange["value"]
    found = _LABEL.match(text)
    return (found.lastgroup and _group(found), found["value"].strip()) if found else None  # type: ignore[return-value]


def _group(found: re.Match[str]) -> str:
    return next(name for name in ("from", "date", "to", "cc", "subject", "other") if found[name] is not None)


def _block(lines: list[Line], at: int, least: int) -> Head | None:
    """Read repeated headers: one a line, blank lines between two of them allowed, long ones continued on a second line."""
    first = _label(lines, at)
    if first is None or first[0] not in {"from", "date"}:
        return None
    start, headers, last = at, {first[0]: first[1]}, first[0]
    at += 1
    while at < len(lines):
        label = _label(lines, at)
        if label is not None:
            headers.setdefault(*label)
            last = label[0]
            at += 1
            continue
        following = _after_blanks(lines, at + 1) if at + 1 < len(lines) else at
        if _label(lines, following) is None or following > at + 2 or following == at:
            break
        headers[last] = f"{headers[last]} {lines[at].text}".strip()
        at = following
    proper = (
        "from" in headers
        and len(headers) >= least
        and (least == 1 or not headers.keys().isdisjoint({"date", "subject"}))
    )
    return Head(HeadKind.BLOCK, start, at, headers) if proper else None


def _attribution(lines: list[Line], at: int) -> Head | None:
    """Recognise "Le …, X <…> a écrit :" and its like, wrapped over a few lines or not."""
    text = lines[at].text
    starts = _START.match(text)
    if not starts and not _NAMED.search(text) and not _VERB.search(text):
        return None
    joined = ""
    for end in range(at, min(len(lines), at + _WINDOW)):
        joined = f"{joined} {lines[end].text}".strip()
        if len(joined) > _ATTRIBUTION:
            return None
        if _is_attribution(joined, lines, end + 1, starts=bool(starts)):
            return Head(HeadKind.REPLY, at, end + 1)
        if not starts and end > at:
            return None
    return None


def _is_attribution(joined: str, lines: list[Line], after: int, *, starts: bool) -> bool:
    verb = _VERB.search(joined)
    if verb is None:
        return bool(_STATED.match(joined))
    if not _AFTER_VERB.match(joined, verb.end()) or not (starts or _NAMED.match(joined)):
        return False
    if _STAMP.search(joined):
        return True
    following = _after_blanks(lines, after)
    return bool(_YEAR.search(joined)) and following < len(lines) and lines[following].depth > 0
