"""The register of processing (GDPR article 30) and the notice for tenants (article 13), by schema and settings.

Both are texts that a data protection officer reads through and completes: what the program knows of itself is filled
in, so that they change when a table or an age does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import sqlalchemy as sa

from dtm_contact.privacy.places import KEPT_WITH_CASE, PLACES, STAFF
from dtm_contact.settings import Settings
from dtm_contact.store.columns import DataClass
from dtm_contact.store.schema import metadata, register_entries

_CLASSES: Final = {
    DataClass.IDENTITY: "identité, logement",
    DataClass.CONTACT: "coordonnées, trace d’un contact",
    DataClass.CONTENT: "ce qui a été écrit ou dit, et ce qui en a été compris",
    DataClass.STAFF: "personnel",
}
_UNITS: Final = {"Y": ("an", "ans"), "M": ("mois", "mois"), "D": ("jour", "jours")}
_AGE: Final = re.compile(r"P(\d+)([YMD])")
SINCE: Final = {
    "case closed": "la clôture du dossier",
    "received": "la réception",
    "lease ended": "la fin du bail",
    "entry ended": "la fin du souhait ou de la protection",
    "marked": "le constat",
    "account disabled": "la fermeture du compte",
    "written": "l’écriture",
    "acted": "l’acte",
    "appointment": "le rendez-vous",
    "lease ended, as long as the landlord exports it": "la fin du bail, tant que l’annuaire l’exporte",
    "left, as long as the landlord exports it": "le départ, tant que l’annuaire l’exporte",
    "device last logged in": "la dernière connexion",
    "last failure": "le dernier échec",
    "ended": "l’envoi ou la suppression",
    "session ended": "la fin de la session",
    "link ended": "la fin du lien",
    "read, by the log's own clock": "la lecture",
    "imported": "l’import",
    "imported; sooner, once enough later ones are kept": "l’import, ou moins si assez d’autres sont gardés",
    "saved": "l’enregistrement",
    "case closed; of a draft P30D since it was saved": "la clôture du dossier ; d’un brouillon, 30 jours",
    "sent": "l’envoi",
    "import begun": "la reprise",
    "hold released": "la levée du gel",
    "erased": "l’effacement",
}
"""The moments from which ages count, in French, by the words of the schema."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: 1 for the title, 2 below it."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Table


def register(settings: Settings) -> list[Block]:
    """Return the register of the processing."""
    ages = settings.retention
    return [
        Heading(1, "Registre des traitements : relation avec les locataires"),
        Paragraph(f"Responsable du traitement : {settings.privacy.controller or _TO_COMPLETE}"),
        Paragraph(f"Délégué à la protection des données : {settings.privacy.officer or _TO_COMPLETE}"),
        Heading(2, "Finalités et bases légales"),
        Table(
            ("Finalité", "Base légale"),
            (
                ("Recevoir les messages et appels, les orienter, y répondre", "exécution du bail (RGPD, art. 6(1)(b))"),
                ("Reconnaître un danger et prévenir l’astreinte", "sauvegarde d’intérêts vitaux (art. 6(1)(d))"),
                ("Garder la preuve de ce qui a été demandé et fait", "intérêt légitime (art. 6(1)(f) et 17(3)(e))"),
                ("Mesurer la qualité du service, sans personne", "intérêt légitime (art. 6(1)(f))"),
                ("Savoir qui a lu et fait quoi", "obligation de sécurité (art. 32)"),
            ),
        ),
        Heading(2, "Personnes concernées"),
        Paragraph(
            "Locataires et occupants ; quiconque écrit, appelle ou se présente ; gardiens, agents et responsables."
        ),
        Heading(2, "Destinataires"),
        Paragraph(
            "Les agents du bureau qui suit le logement, l’agence, les responsables ; l’astreinte et le gardien pour un "
            f"danger ; le prestataire à qui un agent transmet un message. {processors(settings)} {outside(settings)}"
        ),
        Heading(2, "Durées"),
        Table(("Quoi", "Durée", "D’où elle vient"), list(_ages(settings))),
        Paragraph(
            "Le référentiel de la CNIL sur la gestion locative (délibération n° 2021-057 du 6 mai 2021) ne s’applique "
            "pas aux bailleurs sociaux, qui peuvent s’en inspirer. Les archives publiques relèvent en outre du code du "
            f"patrimoine. Un dossier archivé (après {ages.archive_months} mois) n’est vu que des responsables, "
            "administrateurs et contrôleurs."
        ),
        Heading(2, "Données, table par table"),
        Table(("Table", "Contenu", "Catégories", "Durée selon le schéma"), list(_tables())),
        Heading(2, "Mesures de sécurité"),
        Paragraph(
            "Accès par compte et par rôle, chaque lecture tracée ; mots de passe en argon2id ; aucun nom dans les "
            "journaux techniques ; sauvegardes chiffrées si une clé est réglée ; ce qui est effacé est écrasé, et une "
            "sauvegarde restaurée est effacée à nouveau."
        ),
    ]


_TO_COMPLETE: Final = "(à compléter : DTM_PRIVACY_CONTROLLER, DTM_PRIVACY_OFFICER)"


def _ages(settings: Settings) -> Iterator[tuple[str, str, str]]:
    ages = settings.retention
    claims = "loi n° 89-462 du 6 juillet 1989, art. 7-1 (trois ans) ; code civil, art. 2224 (cinq ans)"
    for what, months, law in (
        ("Dossiers clos, base active", ages.archive_months, "RGPD, art. 5(1)(e)"),
        ("Dossiers clos, archivage intermédiaire compris", ages.case_months, claims),
        ("Messages tels qu’ils sont arrivés", ages.raw_months, "RGPD, art. 5(1)(e)"),
        ("Ce qui n’a donné aucun dossier", ages.aside_months, "RGPD, art. 5(1)(e)"),
        ("Coordonnées confirmées et registre, après le bail", ages.lease_months, claims),
        ("Annuaire, après le bail", ages.directory_months, "code civil, art. 2224"),
        ("Trace de ce que le personnel lit et fait", ages.trail_months, "CNIL, délibération n° 2021-122"),
        ("Rendez-vous", ages.appointment_months, "RGPD, art. 5(1)(e)"),
        ("Adresses qui ne reçoivent plus", ages.reach_months, "RGPD, art. 5(1)(e)"),
    ):
        yield what, f"{months} mois", law
    yield "Sauvegardes", f"les {settings.backup.keep} dernières", "RGPD, art. 32(1)(c)"
    if settings.journal.dir is not None:
        yield "Journal des arrivées", f"{settings.journal.days} jours", "RGPD, art. 32(1)(c)"


def _tables() -> Iterator[tuple[str, str, str, str]]:
    told: dict[str, str] = dict(KEPT_WITH_CASE)
    for place in PLACES:
        told.setdefault(place.name, place.holds)
        told.update({table.name: place.holds for table in place.covers if table.name not in told})
    told.update({each.table.name: each.holds for each in STAFF})
    for table in metadata.sorted_tables:
        classes = {info["data_class"]: None for info in _infos(table)}
        if classes:
            spans = dict.fromkeys(format_age(info["keep"], info["since"]) for info in _infos(table))
            yield table.name, told[table.name], "; ".join(_CLASSES[each] for each in classes), "; ".join(spans)


def _infos(table: sa.Table) -> Iterator[dict[str, Any]]:
    infos = (column.info or table.info for column in table.columns)
    return (info for info in infos if info["data_class"] is not DataClass.NONE)


def format_age(keep: str, since: str) -> str:
    """Return for how long data are kept, in French: "3 ans depuis la clôture du dossier".

    Args:
        keep: an ISO 8601 duration of whole years, months or days, as the schema declares it: "P3Y".
        since: what it counts from; a key of `SINCE`.

    Raises:
        ValueError: `keep` is another duration.
    """
    found = _AGE.fullmatch(keep)
    if found is None:
        raise ValueError(
            f"the retention period {keep!r} must be a number of years, months or days, such as P3Y or P90D"
        )
    number = int(found[1])
    return f"{number} {_UNITS[found[2]][number > 1]} depuis {SINCE[since]}"


def processors(settings: Settings) -> str:
    """Return who has the data for us, in a sentence."""
    named = settings.privacy.processors or _PROCESSORS
    return f"Pour notre compte y ont accès : {named.rstrip('.')}."


_PROCESSORS: Final = "les prestataires qui hébergent nos machines, notre courriel et notre standard téléphonique"


def outside(settings: Settings) -> str:
    """Return what goes outside of the European Union, in a sentence."""
    told = settings.privacy.outside_eu.rstrip(".")
    return f"Hors de l’Union européenne : {told}." if told else "Rien ne part hors de l’Union européenne."


def notice(settings: Settings) -> list[Block]:
    """Return the notice for tenants."""
    ages = settings.retention
    return [
        Heading(1, "Vos données personnelles"),
        Paragraph(
            f"{settings.privacy.controller or 'Votre bailleur'} traite vos messages, vos appels et vos visites pour y "
            "répondre, faire faire les réparations et vous secourir en cas de danger. C’est nécessaire à votre bail, "
            "et en cas de danger à la sauvegarde de votre vie."
        ),
        Heading(2, "Qui les voit"),
        Paragraph(
            "Les agents de votre bureau et de l’agence, votre gardien et les entreprises quand il le faut. "
            f"{processors(settings)} Rien n’est vendu. {outside(settings)} Un programme lit votre message et choisit "
            "seul son sujet, "
            "son urgence, le service à qui il est confié, s’il y a un danger et si une réponse automatique part ; il "
            "ne décide ni de votre bail, ni de votre loyer. Vous pouvez demander qu’une personne relise ses choix. Un "
            f"dossier clos depuis {ages.archive_months} mois n’est plus vu que des responsables, des administrateurs "
            "et des contrôleurs."
        ),
        Heading(2, "Combien de temps"),
        Table(
            ("Quoi", "Combien de temps"),
            (
                (
                    "Votre dossier, une fois clos",
                    f"{ages.case_months} mois ; après {ages.archive_months} mois, les agents ne le voient plus",
                ),
                (
                    "Votre dossier tant qu’il est ouvert, ou gelé pour un litige",
                    "aussi longtemps qu’il l’est ; ensuite, comme un dossier clos",
                ),
                ("Réponses, avis, notes et fichiers d’un dossier", "comme leur dossier"),
                (
                    "Le texte de vos messages, et ce qu’un programme en a compris",
                    "comme le dossier, ou le message sans dossier, dont il s’agit",
                ),
                ("Un brouillon, et ce qui y est joint", "30 jours"),
                (
                    "Votre message tel qu’il est arrivé : le courriel entier, avec ses pièces jointes",
                    f"{ages.raw_months} mois ; son texte reste comme il est dit plus haut",
                ),
                ("Un message ou un appel qui n’a donné aucun dossier", f"{ages.aside_months} mois"),
                ("Les coordonnées que vous avez confirmées", f"{ages.lease_months} mois après votre bail"),
                ("Vos souhaits et protections", f"{ages.lease_months} mois après votre bail"),
                ("Le numéro d’une ordonnance de protection", _kept(register_entries.c.reference)),
                (
                    "Votre nom, bail et logement dans l’annuaire",
                    f"{ages.directory_months} mois après votre bail au plus",
                ),
                ("Vos rendez-vous", f"{ages.appointment_months} mois"),
                ("Une adresse qui ne reçoit plus", f"{ages.reach_months} mois"),
                ("Le journal de ce que les agents lisent et font", f"{ages.trail_months} mois"),
                (
                    "Une sauvegarde, qui répète tout cela",
                    f"jusqu’à ce que {settings.backup.keep} autres aient été faites après elle",
                ),
            ),
        ),
        Heading(2, "Vos droits"),
        Paragraph(
            "Vous pouvez demander une copie de vos données, leur correction, leur effacement, la limitation de leur "
            "usage, les reprendre pour un autre organisme (portabilité), ou vous opposer à leur usage. C’est gratuit. "
            "Écrivez, par courriel ou par lettre, à notre délégué à la protection des données : "
            f"{settings.privacy.officer or 'son adresse est à votre bureau'}. Nous répondons dans le mois. Vous pouvez "
            f"aussi vous plaindre auprès de {settings.privacy.authority.rstrip('.')}."
        ),
    ]


def _kept(column: "sa.Column[Any]") -> str:
    """Return for how long a column is kept whose age no setting changes, as the schema declares it."""
    return format_age(column.info["keep"], column.info["since"])


def as_markdown(blocks: Iterable[Block]) -> str:
    """Return a text as Markdown."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Table(head, rows):
            lines = [head, ["---"] * len(head), *rows]
            return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def as_html(blocks: Sequence[Block]) -> str:
    """Return a text as a page of HTML that needs nothing else."""
    title = next(block.text for block in blocks if isinstance(block, Heading))
    body = blocks_as_html(blocks)
    style = "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left}"
    return (
        f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{style}</style></head><body>\n{body}\n</body></html>\n"
    )


def blocks_as_html(blocks: Iterable[Block]) -> str:
    """Return a text as HTML, to stand within a page."""
    return "\n".join(map(_html, blocks))


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Table(head, rows):
            heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
            lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
