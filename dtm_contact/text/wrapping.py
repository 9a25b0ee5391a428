"""What programs put around a message: closing words, a form's labels, notices, advice, legal text, a copier's mail.

It is cut before anything is read, so that the same words ask the same, however they came in. What is cut leaves blanks,
so that spans count as in the whole.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from dtm_contact.model import AlarmLevel, Attachment, Channel, Contact, Part
from dtm_contact.text.folding import fold
from dtm_contact.text.mailboxes import is_robot
from dtm_contact.text.repeated import is_notice, repeated
from dtm_contact.text.tokens import CHARACTERS_READ

_CHUNK: Final = re.compile(r"[^\n.!?]*[^\n.!?\s][^\n.!?]*(?:[.!?](?=\S)[^\n.!?]*)*[.!?]*")
_LABEL: Final = re.compile(r"^[ \t]*[*•>|-]*[ \t]*([^\W\d_][^:\n.!?|]{0,40}?)[ \t]*[:|][ \t]*", re.MULTILINE)
_COLUMN: Final = re.compile(
    r"^[ \t]*[*•>-]*[ \t]*([^\W\d_][^:\n.!?|\t]{0,40}?)[ \t]*(?:\.{3,}[ \t]*:?|\t| {3,})[ \t]*", re.MULTILINE
)
"""A label that a column or a row of dots parts from its value."""
_LABELS: Final = 3
"""Lines that begin with a label, from which a message is a form."""
_LOGGED: Final = re.compile(r"^[ \t]*(?:\S{6,10}[ \t]+)?\d\d:\d\d:\d\d\b|[\w\"]=\w|\"\w+\":", re.MULTILINE)
"""An entry of a journal to the second, or a name with its value as programs write them to each other."""
_ANSWERED_NO: Final = re.compile(
    r"(?<![^\W\d_])([^\W\d_][^\n?.!;]{2,200}\?)(?:[^\n?]{0,80}\n\s*|[ \t]+)"
    r"(?:non|no|nein)\b(?=[ \t]*[.;,]?(?:\s*\n|\s*$|[ \t]*\d))"
    r"|^[ \t]*([^\W\d_][^\n?.!;]{2,80}?)[ \t]*[:|]?[ \t]*\n\s*(?:non|no|nein)(?=[ \t]*[.;,]?[ \t]*(?:\n|\Z))",
    re.IGNORECASE | re.MULTILINE,
)
"""A question, or a label above its value, with the bare no that answers it."""
_ASKS_WHETHER: Final = re.compile(r"\W*(?:y a-t-il|(?!avez-)\w+ez-vous|is there|are there|do you|gibt es)\b")
"""How a question begins that asks whether there is something."""
_ASKS: Final = re.compile(
    r"-(?:t-)?(?:ils?|elles?|on|vous|ce)\b|\best-ce\b|^\W*(?:has|have|is|are|did|was|were|can|ist|sind|hat|haben)\b"
)
"""A verb that asks: of such a question that begins with what it is about, a no may say that it is not over."""
_LINE_END: Final = re.compile(r"\n(?=[ \t]*[^\sa-zà-ÿ])")
"""A line's end behind which no word goes on in small letters."""
_BARE_NO: Final = re.compile(r"(?:non|no|nein)\W*", re.IGNORECASE)

_FIELDS_ASKED: Final = 40
"""Fields of a form that are asked for danger, so that a text of nothing but labels costs little."""

_SENTENCE: Final = re.compile(r"(?:[^.!?;\n]|[.!?](?=\S)|\n(?=[ \t]*[a-zà-ÿ0-9]))+[.!?;]*")
"""A sentence, over several lines where the next goes on in small letters; fields of a form end in a semicolon."""
_ONE_WORD: Final = re.compile(r"\s*[^\W\d_]{1,12}\W*(?:\n|\Z)")
_LONGEST_ADVICE: Final = 400
"""Characters of a sentence that may be advice."""
_SENTENCES_ASKED: Final = 60
"""Sentences of a part that are asked whether they are advice: frames stand at the head or the foot."""

_WORDS_CUT: Final = 30
"""Words of a sentence that may be cut: a longer one says more than that."""

_MESSAGE: Final = r"(?:message|mail|e-?mail|courriel|courrier|notification|adresse|boite|formulaire|sms)"


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_AUTOMATIC: Final = _any_of(
    rf"{_MESSAGE}s? .{{0,40}}automatique",
    rf"automatiquement .{{0,20}}{_MESSAGE}",
    r"^(?:genere|envoye|transmis)e? automatiquement",
    rf"ne pas (?:y )?repondre(?:$| .{{0,12}}{_MESSAGE}| directement)",
    r"ne repondez pas a (?:ce|cette|cet) ",
    r"n'y repondez pas",
    rf"{_MESSAGE} .{{0,30}}ne permet pas",
    rf"{_MESSAGE} .{{0,30}}n'est pas (?:consultee|relevee|surveillee|lue)",
    r"reponses? .{0,40}(?:ne sera|ne seront|n'est|ne sont) pas (?:lue|traitee)",
    r"(?:au-dessus|au dessus) de cette ligne",
    r"above this line",
    r"do not reply",
    r"automat(?:ed|ic|ically generated) (?:message|mail|e-?mail|notification)",
    r"no-?reply",
    r"no responda a este",
    r"nao responda a",
    r"mensaje automatico",
    r"mensagem automatica",
    r"otomatik olarak",
)
_LEGAL: Final = _any_of(
    rf"{_MESSAGE} .{{0,90}}(?:confidentiel|strictement|seule attention|usage exclusif|destine exclusivement)",
    r"destinataire .{0,60}(?:par erreur|detruire|supprimer|prevenir|avertir)",
    r"si vous (?:n'etes pas|avez recu).{0,60}(?:destinataire|erreur)",
    r"toute (?:utilisation|diffusion|copie|publication) .{0,60}(?:interdite|non autorisee)",
    r"\bthis (?:e-?mail|message)\b.{0,90}(?:confidential|intended|privileged)",
    r"intended recipient",
    r"delete (?:it|this)",
    r"(?:pensez|protegeons|respectons).{0,30}(?:environnement|planete)",
    r"avant d'imprimer",
    r"before printing",
    r"donnees .{0,60}(?:rgpd|traitement|informatique et libertes)",
    r"politique de confidentialite",
    r"j'accepte que mes (?:donnees|informations)",
)
_SCANNED: Final = _any_of(
    r"(?:sans|aucun|aucune|no) (?:virus|menace|threat)",
    r"virus[- ]free",
    r"(?:analyse|verifie|scanned|checked) .{0,30}(?:antivirus|virus|avast|avg)",
)
_PHONE: Final = _any_of(
    r"^(?:envoye|sent|enviado|gonderildi|inviato|trimis|get outlook|telecharger outlook|obtenir outlook)\b.{0,50}"
    r"(?:iphone|ipad|samsung|galaxy|android|huawei|xiaomi|orange|outlook|mobile|smartphone|telefon|telephone|movil"
    r"|telemovel|free|sfr)"
)
_VOICE: Final = _any_of(
    r"(?:nouveau|nouvelle|a laisse un|recu un|new|un) (?:message (?:vocal|audio)|voice ?mail|voice message)",
    r"message vocal (?:de|recu|depose)",
    r"boite vocale",
    r"messagerie vocale",
    r"transcription (?:automatique|du message|approximative)",
    r"duree (?:du message )?:? ?\d",
    r"left (?:you )?a .{0,20}message",
    r"pour ecouter",
    r"ecouter le message",
    r"en piece jointe.{0,20}(?:wav|audio)",
    r"fichier audio",
    r"repondeur",
)
_KINDS: Final = (_LEGAL, _SCANNED, _PHONE, _VOICE)

_IDENTITY: Final = re.compile(
    r"^(?:votre |vos )?(?:nom|prenom|civilite|adresse|rue|ville|commune|code postal|cp|tel|telephone|mobile|portable"
    r"|numero|n°|no|e-?mail|mail|courriel|date|heure|reference|ref|dossier|identifiant|locataire|contrat|bail"
    r"|expediteur|de|from|a|to|envoye|sent|cc|appelant|caller|duree|residence|batiment|bat|escalier|etage|porte"
    r"|logement|appartement|ip|navigateur|page|id|ticket|priorite|statut|canal|origine|name|surname|phone|address)\b"
)
"""Labels of fields that say who and where."""
_ALONE: Final = re.compile(
    r"^[ \t]*(?:nom|prenom|nom (?:et|/) prenom|adresse|telephone|portable|e-?mail|courriel|residence|locataire"
    r"|demandeur|objet|categorie|votre (?:message|demande)|message|date|reference|photo|piece jointe)[ \t]*\*?$",
    re.MULTILINE,
)
"""The label of a field that stands on a line of its own, its value below it."""
_ALONES: Final = 2
_PASSED_ON: Final = _any_of(
    r"-{2,}.{0,60}",
    r"(?:debut du message|message d'origine|forwarded message|message transfere|fwd|tr) ?.{0,20}",
)

_MAY_BE_SCANNED: Final = frozenset({Channel.EMAIL, Channel.LETTER, Channel.DESK})
_SCANS: Final = frozenset({"application/pdf", "image/tiff", "image/jpeg", "image/png"})
_SCAN_ENDINGS: Final = (".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A message without its wrapping.

    Attributes:
        texts: the parts that are read, what was cut blanked out.
        automatic: it says that a program sent it.
        form: it is a form, or another list of labels with their values.
        sharpest: the highest probability of danger of a field, by its label and value as one sentence; of those that
            say who and where none.
        framed: a program wrote it or laid it out.
        advice: the sentences that were cut because they tell everybody what to do if something happened.
    """

    texts: Sequence[tuple[Part, str]]
    automatic: bool
    form: bool
    sharpest: float = 0.0
    framed: bool = False
    advice: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FieldDanger:
    """What a field of a form tells of danger: how sure it is, and the model's probability."""

    level: AlarmLevel = AlarmLevel.NONE
    probability: float = 0.0


DangerOf = Callable[[str, str], FieldDanger]
"""The danger that a label tells of with its value, read as a question with its answer."""


IsAdvice = Callable[[str], bool]
"""Whether a sentence tells everybody what to do if something happened, and reports nothing."""


def _no_danger(_label: str, _value: str) -> FieldDanger:
    return FieldDanger()


def unwrapped(
    contact: Contact, parts: Sequence[Part], danger_of: DangerOf = _no_danger, *, labelled: bool = False
) -> Wrapping:
    """Return some parts of a contact without what programs put around them.

    A form's labels are the same whatever is filled in, and who and where says nothing of the matter: both are cut. Some
    programs write the news as a label, though ("Personne au sol : caméra 7"), or beside a place ("Bâtiment B : odeur de
    gaz"): no danger is cut, and how much the sharpest field tells by itself is said beside the texts.

    Args:
        contact: what was read.
        parts: which parts; of each, `CHARACTERS_READ` characters.
        danger_of: asked before a label or its value is cut; with an empty label, of a value alone.
        labelled: labels, and values behind them, are not cut, but for what a bare no denies.
    """
    texts, automatic, form, sharpest = [], False, False, 0.0
    notice = is_notice(contact)
    by_program = bool(contact.automatic_signs) or is_robot(contact.sender.address)
    for part in parts:
        text = contact.text(part)[:CHARACTERS_READ]
        labels = [found for found in _LABEL.finditer(text) if not text.startswith("//", found.end())]
        if part is Part.SUBJECT or len(labels) < _LABELS:
            labels = []
        columns = [] if part is Part.SUBJECT else [*_COLUMN.finditer(text)]
        form = form or bool(labels) or (part is not Part.SUBJECT and (len(columns) >= _LABELS or _is_form(text)))
        cuts, told = ([], 0.0) if labelled else _label_cuts(text, labels, danger_of)
        sharpest = max(sharpest, told)
        line_ends = [label.start() - 1 for label in labels if label.start()]
        if part is not Part.SUBJECT and (form or by_program):
            cuts += _answered_no(text, _no_danger if labelled else danger_of, every=labelled)
            cuts += _denied(text, [*labels, *columns] if labelled else columns, _no_danger if labelled else danger_of)
            line_ends += [end.start() for end in _LINE_END.finditer(text)] if labelled else []
        cuts += repeated(contact, text) if notice and part is Part.NEW else ()
        for chunk in _CHUNK.finditer(text):
            folded = fold(chunk.group()).strip(" \t*•>|-_=")
            if len(folded.split()) > _WORDS_CUT:
                continue
            says_automatic = bool(_AUTOMATIC.search(folded))
            automatic = automatic or says_automatic
            if says_automatic or any(kind.search(folded) for kind in _KINDS) or _PASSED_ON.fullmatch(folded):
                cuts.append(chunk.span())
        texts.append((part, _blanked(text, cuts, line_ends)))
    return Wrapping(texts, automatic, form, sharpest, by_program or automatic or form or notice)


def without_advice(wrapping: Wrapping, is_advice: IsAdvice) -> Wrapping:
    """Return what a program wrote or laid out without the sentences that tell everybody what to do.

    A person who writes so may mean their own case: of their words none is cut.

    Args:
        wrapping: a message without its other wrapping.
        is_advice: asked of each sentence; of very many of the first and the last.
    """
    if not wrapping.framed:
        return wrapping
    texts, advice = [], list[str]()
    for part, text in wrapping.texts:
        spans = [*_advice(text, is_advice)] if part is not Part.SUBJECT else []
        advice += [text[start:end].strip() for start, end in spans]
        texts.append((part, _blanked(text, spans, ())))
    return replace(wrapping, texts=texts, advice=advice)


def _advice(text: str, is_advice: IsAdvice) -> Iterator[tuple[int, int]]:
    """Yield where sentences stand that are advice to everybody, asked of the first and the last of a text.

    A form's question with its answer in one word is none, nor is what else stands between the two.
    """
    sentences = [found for found in _SENTENCE.finditer(text) if 0 < len(found.group().strip()) <= _LONGEST_ADVICE]
    half = _SENTENCES_ASKED // 2
    asked = sentences if len(sentences) <= _SENTENCES_ASKED else [*sentences[:half], *sentences[-half:]]
    for advises, run in groupby(asked, key=lambda sentence: is_advice(sentence.group())):
        spans = [sentence.span() for sentence in run]
        stretch = text[spans[0][0] : spans[-1][1]]
        if advises and not ("?" in stretch and _ONE_WORD.match(text, spans[-1][1])):
            yield from spans


def _is_form(text: str) -> bool:
    """Return whether a text is laid out as programs do: labels above their values, a journal, names with values."""
    return len(_ALONE.findall(fold(text))) >= _ALONES or len(_LOGGED.findall(text)) >= _LABELS


def _answered_no(text: str, danger_of: DangerOf, *, every: bool) -> list[tuple[int, int]]:
    """Return the questions of a form that a bare no answers: every one, or those that cannot ask whether it is over."""
    cuts = []
    for asked in _ANSWERED_NO.finditer(text):
        question = asked[asked.lastindex or 0]
        folded = fold(question)
        asks_whether = every or _ASKS_WHETHER.match(folded) or not _ASKS.search(folded)
        if asks_whether and danger_of(question, "non").level is AlarmLevel.NONE:
            cuts.append(asked.span(asked.lastindex or 0))
    return cuts


def _denied(text: str, labels: Sequence[re.Match[str]], danger_of: DangerOf) -> list[tuple[int, int]]:
    """Return the labels that a bare no answers: "Personne libérée : non" does not say that anybody was freed."""
    return [
        label.span(1)
        for label in labels
        if _BARE_NO.fullmatch(text[label.end() :].partition("\n")[0])
        and danger_of(label[1], "non").level is AlarmLevel.NONE
    ]


def _label_cuts(text: str, labels: Sequence[re.Match[str]], danger_of: DangerOf) -> tuple[list[tuple[int, int]], float]:
    """Return the stretches of a form that are its own, and the probability of danger of its sharpest field.

    Its own are each label, and the value behind one that says who and where.
    """
    # A form asks each question once: what stands there again is who speaks ("Locataire : on est dedans").
    asked = Counter(fold(label[1]) for label in labels)
    cuts, sharpest = [], 0.0
    for place, label in enumerate(labels):
        line_end = text.find("\n", label.end())
        line_end = line_end if line_end >= 0 else len(text)
        name = fold(label[1])
        whole_line = asked[name] == 1 and bool(_IDENTITY.match(name))
        value = text[label.end() : line_end]
        told = danger_of(label[1], value) if place < _FIELDS_ASKED else FieldDanger()
        if whole_line:
            # A name or an address is nothing that the model has learned to read alone: it must be sure.
            kept = told.level is AlarmLevel.CERTAIN
        else:
            sharpest = max(sharpest, told.probability)
            # A value that tells as much by itself is read anyhow: its label adds nothing.
            kept = told.level is not AlarmLevel.NONE and told.level.rank > danger_of("", value).level.rank
        if not kept:
            cuts.append((label.start(), line_end if whole_line else label.end()))
    return cuts, sharpest


def _blanked(text: str, cuts: Sequence[tuple[int, int]], line_ends: Sequence[int]) -> str:
    """Return a text with blanks for what is cut; a line of a form ends a sentence."""
    for start, end in cuts:
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    for place in line_ends:
        text = f"{text[:place]};{text[place + 1 :]}"
    return text


def has_scan_alone(contact: Contact) -> bool:
    """Return whether a mail or a letter brings scans alone, of which no word was read, and quotes nothing.

    No word of them was read. What it says itself decides the rest.
    """
    if contact.attached_text or contact.recognised is not None:
        return False
    if contact.channel not in _MAY_BE_SCANNED or not contact.attachments or contact.undecoded or contact.quoted_text:
        return False
    return all(map(_may_be_scan, contact.attachments))


def _may_be_scan(attachment: Attachment) -> bool:
    return attachment.media_type in _SCANS or attachment.name.lower().endswith(_SCAN_ENDINGS)
