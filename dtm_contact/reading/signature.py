"""What stands under a message: the signature, the mobile's line, the legal notice."""

import re
from dataclasses import dataclass
from typing import Final

_DELIMITER: Final = re.compile(r"\s*(?:--|—|–|__)\s*$")
_LONGEST: Final = 15
_MOBILE_ROWS: Final = 60
_DEVICE: Final = (
    r"(?:iphone|ipad|ipod|i-?os|galaxy|samsung|huawei|xiaomi|redmi|oppo|honor|sony|nokia|wiko|android|smartphone|mobile|t[ée]l[ée]phone|portable"
    r"|tablette|blackberry|windows|outlook|yahoo|orange|sfr|free|bouygues|la ?poste|proton\S*|mailbox|airmail|gmail|mail\b|mac\b|courrier|bluemail"
    r"|typeapp|htc|alcatel|phone|cell\b|device|pixel|ti-85|pc\b|k-9)"
)
_MOBILE: Final = re.compile(
    r"[\s<(>*_]*(?:"
    rf"(?:message )?envoy[ée]e?s? (?:de|depuis|[àa] partir d[e']|avec|par|via|gr[âa]ce [àa])\b.{{0,60}}?{_DEVICE}.{{0,120}}"
    rf"|(?:sent|posted) (?:from|via|with|by|using)\b.{{0,40}}?{_DEVICE}.{{0,160}}"
    r"|sent from a \w+.{0,20}"
    rf"|from my {_DEVICE}.{{0,40}}|.{{0,20}}\bfrom (?:my )?mobile"
    r"|(?:get|obtenir|t[ée]l[ée]charge[rz]) \[?outlook (?:for|pour) .{0,80}"
    r"|t[ée]l[ée]charger .{0,30}(?:outlook|mail|yahoo).{0,60}"
    r"|von meinem .{0,40}gesendet.{0,20}|gesendet (?:von|mit) .{0,60}|diese nachricht wurde von meinem .{0,80}"
    r"|verzonden (?:met|vanaf|van) .{0,40}|enviado (?:desde|do|a partir) .{0,60}|inviato da(?:l)? .{0,60}"
    r"|sendt fra (?:min|mi) .{0,40}|skickat fr[åa]n min .{0,40}|wysłane z .{0,40}|отправлено с .{0,40}"
    r"|provenance : courrier pour windows.{0,20}|從我的.{0,20}傳送|發自我的.{0,20}|发自我的.{0,20}"
    r")[\s>)*_.!]*$",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"\s*(?:(?:bien |tr[èe]s )?cordialement|bien [àa] vous|bien sinc[èe]rement|salutations|(?:sinc[èe]res|meilleures|respectueuses) salutations"
    r"|(?:avec )?mes (?:salutations|remerciements)|respectueusement|sinc[èe]rement|cdlt|cdt|bien cdlt|merci|merci d'avance"
    r"|bonne (?:journ[ée]e|soir[ée]e|r[ée]ception)|belle journ[ée]e|(?:best |kind |warm )?regards|sincerely|thanks|cheers)\b.{0,40}$",
    re.IGNORECASE,
)
_DETAIL: Final = re.compile(
    r"\b(?:\+33|0033|0)\s?[1-9](?:[\s.\-/]?\d{2}){4}\b|[\w.+-]{1,64}@[\w.-]{1,255}|\bwww\.|https?://|\b\d{5}\s+[A-ZÀ-Ý]"
    r"|^\s*(?:t[ée]l|mob|fax|port|phone)[ée.:\s]",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"\s*(?:p\.?\s?-?s\.?|n\.?b\.?|post-?scriptum)\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"[?!]\s*$|\w{2,}[.]\s*$|(?:\S+\s+){9,}\S+")
_DISCLAIMER: Final = re.compile(
    r"(?:ce (?:message|courriel|courrier|mail|e-mail)\b.{0,120}\b(?:confidenti|destin[ée]|exclusiv|strictement|priv[ée])"
    r"|(?:this|the information (?:contained )?in this) (?:e-?mail|message|communication)\b.{0,160}\b(?:confidential|privileged|intended)"
    r"|les informations contenues dans ce (?:message|courriel|mail)\b.{0,160}\b(?:confidenti|destin)"
    r"|si vous n'[êe]tes pas (?:le|la|un) (?:ou les )?destinataires?|si vous avez re[çc]u ce (?:message|courriel|mail) par erreur"
    r"|if you (?:are not the intended recipient|have received this)"
    r"|pensez? [àa] l'environnement|avant d'imprimer|please consider the environment"
    r"|l'absence de virus dans ce courrier|garanti sans virus|virus-free|a [ée]t[ée] v[ée]rifi[ée] par le logiciel antivirus"
    r"|l'int[ée]grit[ée] de ce message|toute (?:utilisation|diffusion|publication)[^.]{0,80}(?:interdite|non autoris[ée]e)"
    r"|diese (?:e-?mail|nachricht) enth[äa]lt vertrauliche|questo messaggio .{0,80}(?:riservat|confidenzial|analizzat)"
    r"|external email|courriel externe|cet e-?mail provient de l'ext[ée]rieur)",
    re.IGNORECASE,
)
_WORDLESS: Final = re.compile(r"[\W_\u1427]*$")


@dataclass(frozen=True, slots=True)
class Foot:
    """A stretch of the writer's own lines with what stands under it taken off."""

    body: tuple[str, ...]
    signature: tuple[str, ...]
    disclaimer: tuple[str, ...]


def foot_of(rows: list[str]) -> Foot:
    """Tell the writer's text from his signature and from the legal notice.

    The signature is what follows a `-- ` line, the mobile's lines, and a block of contact details under a closing
    formula. A closing formula and the names under it stay in the text where no such details follow.
    """
    rows, disclaimer = _take_disclaimer(rows)
    rows, ornament = _take_wordless_end(rows)
    rows, signature = _take_delimited(rows)
    rows, mobile = _take_mobile(rows)
    if not signature:
        rows, signature = _take_details(rows)
    return Foot(tuple(rows), (*signature, *mobile, *ornament), tuple(disclaimer))


def _take_disclaimer(rows: list[str]) -> tuple[list[str], list[str]]:
    """Cut at the first paragraph that speaks as a legal notice, if no more than a few paragraphs follow."""
    for at, row in enumerate(rows):
        if len(row) > 12 and _DISCLAIMER.search(" ".join(rows[at : at + 2])[:600].replace("’", "'")):  # noqa: PLR2004
            if at and not rows[at - 1].strip() or at == 0 or _DELIMITER.match(rows[at - 1]):
                return rows[:at], rows[at:]
    return rows, []


def _take_wordless_end(rows: list[str]) -> tuple[list[str], list[str]]:
    end = len(rows)
    while end and _WORDLESS.match(rows[end - 1]) and len(rows[end - 1]) < 200:  # noqa: PLR2004
        end -= 1
    return rows[:end], [row for row in rows[end:] if row.strip()]


def _take_delimited(rows: list[str]) -> tuple[list[str], list[str]]:
    for at in range(max(0, len(rows) - _LONGEST - 5), len(rows)):
        if _DELIMITER.match(rows[at]) and sum(bool(row.strip()) for row in rows[at:]) <= _LONGEST:
            return rows[:at], rows[at + 1 :]
    return rows, []


def _take_mobile(rows: list[str]) -> tuple[list[str], list[str]]:
    start = max(0, len(rows) - _MOBILE_ROWS)
    mobile = [row for row in rows[start:] if len(row) < 250 and _MOBILE.match(row)]  # noqa: PLR2004
    return (rows[:start] + [row for row in rows[start:] if row not in mobile], mobile) if mobile else (rows, [])


def _take_details(rows: list[str]) -> tuple[list[str], list[str]]:
    for at in range(len(rows) - 2, max(-1, len(rows) - _LONGEST - 2), -1):
        if _CLOSING.match(rows[at]):
            return (rows[: at + 1], rows[at + 1 :]) if _are_details(rows[at + 1 :]) else (rows, [])
    return rows, []


def _are_details(rows: list[str]) -> bool:
    shown = [row for row in rows if row.strip()]
    if not shown or any(len(row) > 90 or _POSTSCRIPT.match(row) for row in shown):  # noqa: PLR2004
        return False
    detailed = [row for row in shown if _DETAIL.search(row)]
    talks = [row for row in shown if row not in detailed and _SENTENCE.search(row)]
    return bool(detailed) and not talks
