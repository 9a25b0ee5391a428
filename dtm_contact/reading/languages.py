"""The words that mail programs put above what they quote or pass on, a table for each language they speak to tenants.

Collected from the programs' own texts. Each entry is a regular expression for the words as they stand, compared without
regard to case; French accents are optional because some programs drop them.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """One language's words.

    Attributes:
        starts: how the line above a quotation begins, when it begins with its date.
        verbs: what it says that the quoted person did.
        sender, sent, to, copy, subject, other: the labels of headers repeated in the text.
        original: between dashes, above a message that is answered.
        passed_on: between dashes, above a message that is passed on.
        begins: on a line of its own, above a message that is passed on.
    """

    starts: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    original: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()


FRENCH: Final = Language(
    starts=("le", r"(?:lun(?:di)?|mar(?:di)?|mer(?:credi)?|jeu(?:di)?|ven(?:dredi)?|sam(?:edi)?|dim(?:anche)?)\.?,?"),
    verbs=(r"a [ée]crit",),
    sender=("de", "exp[ée]diteur"),
    sent=("envoy[ée]", "envoy[ée] le", "date", "date d[’']envoi", "message du"),
    to=("[àa]", "pour", "destinataires?"),
    copy=("cc", "cci", "copie", "copie [àa]"),
    subject=("objet", "sujet"),
    other=("r[ée]pondre [àa]", "importance", "priorit[ée]", "pi[èe]ces? jointes?"),
    original=(
        "message d[’' ]?origine",
        "message original",
        "message initial",
        "mail original",
        "mail d[’']origine",
        "courriel (?:original|d[’']origine)",
        "e-mail d[’']origine",
    ),
    passed_on=("(?:message|mail|courriel|e-mail) (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée]|transmis)",),
    begins=("d[ée]but du (?:message|courriel|mail|e-mail) (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])",),
)

LANGUAGES: Final[tuple[Language, ...]] = (
    FRENCH,
    Language(  # English
        starts=("on", "at", r"(?:mon|tue|wed|thu|fri|sat|sun)(?:s?day|nesday|rsday|urday)?\.?,?"),
        verbs=("wrote",),
        sender=("from",),
        sent=("sent", "date"),
        to=("to",),
        copy=("cc", "bcc"),
        subject=("subject",),
        other=("reply-to", "attachments", "importance"),
        original=("original message", "original appointment", "reply message"),
        passed_on=("forwarded message", "forwarded by [^-]{0,60}"),
        begins=("begin forwarded message",),
    ),
    Language(  # German
        starts=("am",),
        verbs=("schrieb",),
        sender=("von",),
        sent=("gesendet", "datum"),
        to=("an",),
        copy=("kopie",),
        subject=("betreff",),
        original=("urspr(?:ü|ue)ngliche nachricht",),
        passed_on=("weitergeleitete nachricht",),
        begins=("anfang der weitergeleiteten (?:nachricht|e-mail)",),
    ),
    Language(  # Italian
        starts=("il",),
        verbs=("ha scritto",),
        sender=("da",),
        sent=("inviato", "data"),
        to=("a", "per"),
        subject=("oggetto",),
        other=("risposta",),
        original=("messaggio originale",),
        passed_on=("messaggio inoltrato",),
        begins=("inizio messaggio inoltrato",),
    ),
    Language(  # Spanish
        starts=("el",),
        verbs=("escribi[óo]",),
        sender=("de",),
        sent=("enviado(?: el)?", "fecha"),
        to=("para", "a"),
        subject=("asunto",),
        original=("mensaje original",),
        passed_on=("(?:mensaje reenviado|forwarded message)",),
        begins=("inicio del mensaje reenviado",),
    ),
    Language(  # Portuguese
        starts=("em", "a"),
        verbs=("escreveu",),
        sender=("de",),
        sent=("enviad[ao](?: em)?", "data"),
        to=("para",),
        subject=("assunto",),
        original=("mensagem original",),
        passed_on=("mensagem (?:encaminhada|reencaminhada)",),
        begins=("in[íi]cio da mensagem (?:encaminhada|reencaminhada)",),
    ),
    Language(  # Dutch
        starts=("op",),
        verbs=("schreef", "geschreven"),
        sender=("van",),
        sent=("verzonden", "datum"),
        to=("aan",),
        subject=("onderwerp",),
        original=("oorspronkelijk bericht",),
        passed_on=("doorgestuurd bericht",),
        begins=("begin doorgestuurd bericht",),
    ),
    Language(  # Danish, Norwegian, Swedish
        starts=("den", "på", "d\\."),
        verbs=("skrev",),
        sender=("fra", "från"),
        sent=("sendt", "skickat", "dato"),
        to=("til", "till"),
        subject=("emne", "ämne"),
        original=("oprindelig (?:meddelelse|besked)", "opprinnelig melding", "originalmeddelande"),
        passed_on=("videresendt (?:melding|meddelelse)", "vidarebefordrat meddelande"),
    ),
    Language(  # Polish
        starts=("dnia", "w dniu"),
        verbs=(r"napisa[łl](?:\(a\)|a)?", "pisze"),
        sender=("od",),
        sent=("wys[łl]ano", "data"),
        to=("do",),
        subject=("temat",),
        original=("wiadomo[śs][ćc] oryginalna", "oryginalna wiadomo[śs][ćc]"),
        passed_on=("przekazana wiadomo[śs][ćc]",),
    ),
    Language(  # Romanian
        starts=("pe", r"(?:lun|mar|mie|joi|vin|s[âa]m|dum)\.,?"),
        verbs=("a scris",),
        sender=("de la",),
        sent=("trimis", "data"),
        to=("c[ăa]tre",),
        subject=("subiect",),
        original=("mesaj original",),
        passed_on=("mesaj redirec[țt]ionat",),
    ),
    Language(  # Turkish
        verbs=("şunu yazdı", "yazdı"),
        sender=("kimden", "gönderen"),
        sent=("gönderildi", "tarih"),
        to=("kime",),
        subject=("konu",),
        original=("özgün ileti", "orijinal mesaj"),
    ),
    Language(  # Russian, Ukrainian
        starts=(
            "понед[а-я]*,?",
            "вторн[а-я]*,?",
            "сред[а-я]*,?",
            "четв[а-я]*,?",
            "пятн[а-я]*,?",
            "субб[а-я]*,?",
            "воскр[а-я]*,?",
        ),
        verbs=("написал[аи]?", "пишет", "пише"),
        sender=("от", "від"),
        sent=("отправлено", "дата"),
        to=("кому",),
        subject=("тема",),
        original=("исходное сообщение",),
        passed_on=("пересылаемое сообщение", "forwarded message"),
    ),
    Language(  # Chinese
        starts=("在", "於"),
        verbs=("写道", "寫道"),
        sender=("发件人", "寄件者"),
        sent=("发送时间", "日期"),
        to=("收件人", "收件者"),
        subject=("主题", "主旨"),
    ),
    Language(verbs=("kirjoitti",), sender=("lähettäjä",), sent=("lähetetty",), subject=("aihe",)),  # Finnish
)


def words(attribute: str) -> str:
    """Return the alternatives that all languages have under an attribute, longest first so that none hides another."""
    found = {word for language in LANGUAGES for word in getattr(language, attribute)}
    return "|".join(sorted(found, key=lambda word: (-len(word), word)))


def any_of(*patterns: str) -> str:
    """Return a group that matches any of the patterns, the first that does."""
    return f"(?:{'|'.join(patterns)})"
