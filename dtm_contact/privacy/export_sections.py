"""Parts of the page of an export that stand by themselves: what is inside, who got the data, and who looked at them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from dtm_contact.labels.audit import audit_details
from dtm_contact.labels.formats import percent
from dtm_contact.privacy.disclosed import Disclosure
from dtm_contact.privacy.export_html import lines, table
from dtm_contact.privacy.export_program import ProgramChoice
from dtm_contact.privacy.register import outside, processors
from dtm_contact.privacy.withholding import NOT_GIVEN
from dtm_contact.settings import Settings
from dtm_contact.store.schema import arrival_bodies, outbox

CASE_NUMBER: Final = re.compile(r"\d{4}-\d{6,}")
_LOOKED: Final = {
    "read": "lecture",
    "searched": "recherche",
    "exported": "copie",
    "protection": "lecture de la protection",
    "held": "gel",
    "hold released": "levée du gel",
    "registered": "inscription d’un souhait ou d’une protection",
    "register ended": "fin d’un souhait ou d’une protection",
    "register undone": "annulation d’un souhait ou d’une protection",
    "withdrew": "retrait d’une coordonnée",
}
_CHANGED: Final = "modification"
_NAMED: Final = {
    "read": "lecture d’une page où vous figurez",
    "searched": "recherche qui vous nommait, ou dont le résultat vous montrait",
    "exported": "copie ou liste où vous figurez",
}
"""What a line is called that is of several people."""
_ONTO: Final = frozenset({"registered", "register ended", "register undone", "withdrew"})
"""What is done on a card, and not to it."""
_WITHHELD: Final = (
    (
        "Le nom des agents",
        (
            "on vous dit ce qui a été fait, par « un agent » ; sa fonction est donnée quand il a consulté vos données, "
            "ou noté un souhait ou une protection ; un courriel qui vous a été envoyé garde sa signature"
        ),
        "RGPD, art. 15(4) ; CJUE, C-579/21",
    ),
    (
        "Ce que d’autres personnes ont écrit ou dit dans leurs propres demandes, même sur vous",
        "l’inventaire, à la fin, dit combien de fois ; le délégué peut regarder ce qui peut vous en être dit",
        "RGPD, art. 15(4)",
    ),
    (
        "Ce que des agents ont noté de quelqu’un d’autre, que leur texte nomme ou dont il donne le numéro",
        (
            "la note, le brouillon ou le rendez-vous est à sa place, avec sa date et sans son texte, tant que personne "
            "ne l’a relu et donné ; le délégué peut vous dire ce qui, dedans, vous concerne"
        ),
        "RGPD, art. 15(4)",
    ),
    (
        "Le nom des autres personnes auxquelles le programme a pensé",
        "leur nombre vous est donné, à chaque message",
        "RGPD, art. 15(4)",
    ),
    (
        (
            "Le texte des avis internes qui nomment un agent, parlent d’un autre dossier ou d’un dossier où d’autres "
            "ont écrit"
        ),
        "l’avis figure à sa date, sans son texte",
        "RGPD, art. 15(4)",
    ),
    ("Les sauvegardes", "elles répètent ce qui est ici et s’effacent par leur âge", "RGPD, art. 12(3) et 32(1)(c)"),
    ("Les chiffres de l’activité", "ce sont des nombres, sans personne", "RGPD, considérant 26"),
)
"""What is not inside, what is told in its place, and by which law."""


def _kept_elsewhere(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield what we keep outside of this program: where, and that the request that this copy answers is for it, too."""
    asked = (
        "votre demande vaut aussi pour {it} : la réponse vous vient à part. Rien reçu un mois après votre demande ? "
        f"Écrivez à {_officer(settings)} : « {{ask}} »"
    )
    programs = settings.privacy.elsewhere.rstrip(".") or "d’autres programmes"
    yield (
        "Vos loyers, votre bail, vos demandes de logement et vos autres papiers",
        f"nous les gardons hors du programme dont vient cette copie, dans {programs} ; "
        + asked.format(it="eux", ask="J’ai demandé la copie de mes données : il manque celles de ma location"),
        "RGPD, art. 15(1)",
    )
    yield (
        "L’enregistrement de votre voix, si vous avez laissé un message",
        "nous le gardons dans notre standard téléphonique ; la date et le numéro sont ici ; "
        + asked.format(it="lui", ask="J’ai demandé la copie de mes données : il manque mes messages vocaux"),
        "RGPD, art. 15(3)",
    )


def _officer(settings: Settings) -> str:
    return settings.privacy.officer or "notre délégué à la protection des données"


KEEP_IT_SAFE: Final = (
    "<p><strong>Cette copie contient tout ce que vous nous avez dit. Si quelqu’un, chez vous ou ailleurs, pouvait s’en "
    "servir contre vous, gardez-la là où il ne peut pas la lire.</strong> En danger : le 17 ou le 112, par SMS le "
    "114 ; contre les violences, le 3919. Cet avertissement est dans toutes les copies.</p>"
)
"""What stands at the top of every copy alike, so that it tells nothing of whose it is."""


_WORDS: Final = (
    ("Bureau", "les agents qui suivent votre logement ; un « bureau de proximité » en est un"),
    ("Agence", "les agents et les responsables dont dépendent plusieurs bureaux"),
    ("Personne d’astreinte", "celle qui répond à une urgence, quand les bureaux sont fermés aussi"),
    ("Avis", "un courriel que le programme envoie à l’un de nous pour le prévenir"),
    (
        "Gelé",
        (
            "gardé pour un litige, c’est-à-dire un désaccord qui peut aller devant un juge : rien n’en est effacé, "
            "même ancien, avant qu’un responsable ne lève le gel"
        ),
    ),
    ("Annuaire", "notre fichier des locataires"),
)
"""Words of ours that a layman meets in the copy."""


def who_answers(settings: Settings) -> str:
    """Return who has the data, whom to ask and how to complain, as settings say it, for the top of the page."""
    privacy = settings.privacy
    officer = privacy.officer or "notre délégué à la protection des données ; son adresse est à votre bureau"
    rows = (
        ("Qui répond de vos données : « nous », dans cette page", privacy.controller or "votre bailleur"),
        ("Une question, une erreur, un effacement", f"écrivez à {officer}"),
        (
            "Vous n’êtes pas d’accord avec nous",
            f"vous pouvez vous plaindre auprès de {privacy.authority.rstrip('.')}. C’est gratuit",
        ),
    )
    return table(("", ""), [(head, escape(told)) for head, told in rows])


def inside(settings: Settings, *, cases: int, messages: int, files: int, withheld: int) -> Iterator[str]:
    """Yield what the copy holds and what it does not, and how to complain, for the first page."""
    yield (
        "<p>Cette copie réunit ce que garde de vous le service qui reçoit vos messages, vos appels et vos visites, au "
        "jour où elle est faite : "
        f"{_counted(cases, 'dossier')}, {_counted(messages, 'message ou appel', 'messages ou appels')} et "
        f"{_counted(files, 'fichier joint', 'fichiers joints')}. Vous y lisez :</p><ul>"
        "<li>qui vous êtes pour nous, et d’où nous le tenons ;</li>"
        "<li>chacun de vos messages et de vos appels, ce que nous y avons répondu et ce qui a été fait ;</li>"
        "<li>ce qu’un programme a décidé seul, et à qui il a pensé en lisant vos messages ;</li>"
        "<li>à qui vos données ont été transmises, et qui les a consultées ;</li>"
        "<li>pourquoi nous les gardons, combien de temps, et quels sont vos droits.</li></ul>"
        "<p>Ce qui n’y est pas, et pourquoi :</p>"
    )
    left_out = (*_WITHHELD, *_kept_elsewhere(settings))
    yield table(("Quoi", "Ce qui vous est dit", "Le texte"), [tuple(map(escape, row)) for row in left_out])
    yield (
        f"<p><strong>{_said_of_withheld(withheld)}</strong> D’autres personnes peuvent être citées dans le reste, "
        "avec leur numéro ou leur adresse : dans ce que vous avez écrit, dans ce qu’un proche a dit pour vous. "
        "Respectez-les : ne le montrez pas sans raison. Ce que celui qui vous remet la copie en aurait encore retiré "
        "pour protéger quelqu’un, il vous le dit, avec sa raison (RGPD, art. 15(4)).</p>"
    )
    yield "<p>Quelques mots de cette copie :</p>"
    yield table(("", ""), _WORDS)
    whom = escape(_officer(settings))
    yield (
        f"<p>Quelque chose manque, ou est faux ? Écrivez à {whom}. Tous vos droits sont dits "
        '<a href="#pourquoi">plus bas</a>.</p>'
    )


def _said_of_withheld(count: int) -> str:
    """Return whether words of agents are not given, and how many."""
    if not count:
        return "Aucun texte de nos agents n’a été retiré de cette copie."
    if count == 1:
        return "Un texte de nos agents n’est pas donné ; à sa place, il est dit pourquoi."
    return f"{count} textes de nos agents ne sont pas donnés ; à leur place, il est dit pourquoi."


def _counted(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count < _TWO else several or one + 's'}"


_TWO: Final = 2


def decisions(settings: Settings) -> str:
    """Return what the program decides by itself and how to contest it, as GDPR article 15(1)(h) asks."""
    whom = escape(_officer(settings))
    return (
        "<p>Un programme lit chaque message à son arrivée. Par les mots qu’il y relève et par des règles écrites par "
        "des responsables, il choisit seul, sans attendre un agent :</p>"
        f"{lines(ProgramChoice)}"
        "<p>Il pèse tous les mots ensemble : l’un des mots relevés n’aurait parfois pas suffi. Plus bas, chaque "
        "message dit ce qui a été choisi pour lui, dans le même ordre, et chaque dossier par quels mots, par quelle "
        "règle, et ce qu’un agent a changé.</p>"
        "<p>« Sûr à 98 % » est un calcul : chaque indice d’un message (un nom, un numéro, une adresse, un bâtiment) "
        "pèse pour ou contre chaque locataire. À partir de "
        f"{percent(settings.match.tenant)}, le message est mis à votre nom ; au-dessous, à aucun nom, et un agent "
        "cherche. L’urgence suit les mots cités dans chaque dossier.</p>"
        "<p>Un danger est vu de deux façons. Des phrases, une règle ou un équipement que des responsables ont désignés "
        "le disent à eux seuls. Et le programme calcule, sur tous les mots d’un message, une note de danger de 0 à "
        "100 % ; chaque message dit la sienne, et à partir de quelle note le danger est tenu pour sûr. Au-dessous, il "
        "peut être possible : un agent le vérifie.</p>"
        "<p>Ce programme ne décide ni de votre bail, ni de votre loyer, ni d’une attribution de logement.</p>"
        "<p>Pour contester un de ces choix, donner votre avis ou demander qu’une personne relise votre dossier : "
        f"répondez à un courriel du dossier, appelez votre bureau, ou écrivez à {whom}. Un agent peut changer chacun "
        "de ces choix.</p>"
    )


def recipients(
    went_out: Iterable[Disclosure], cases: Mapping[int, str], when: Callable[[datetime], str], settings: Settings
) -> Iterator[str]:
    """Yield to whom the person's data went.

    Args:
        went_out: to whom, what and when.
        cases: how each case is told, as HTML, by its id.
        when: how a moment is told.
        settings: who has the data for us, and what goes outside of the EU.
    """
    yield (
        "<p>Vos données sont lues, pour répondre à vos demandes, par les agents du bureau qui suit votre logement, par "
        "l’agence et par les responsables. En cas de danger, la personne d’astreinte et le gardien sont prévenus. Un "
        "agent peut transmettre un message à une entreprise chargée des travaux ou à un autre service. "
        f"{escape(processors(settings))} Rien n’est vendu. {escape(outside(settings))} Voici tout ce que ce logiciel "
        "a envoyé par courriel à d’autres que vous. Il ne sait pas ce qui a été dit autrement, par exemple au "
        "téléphone à un plombier ou aux secours : vous ne le lisez ici que si un agent l’a noté dans le "
        "dossier.</p>"
    )
    rows = [
        (when(each.at), escape(each.whom), escape(each.what), cases.get(each.case_id or 0, "sans dossier"))
        for each in went_out
    ]
    yield table(("Quand", "À qui", "Quoi", "Dossier"), rows)


def readings(rows: Sequence[Mapping[str, Any]], months: int, when: Callable[[datetime], str]) -> Iterator[str]:
    """Yield who looked at the person's data, by role, and when.

    Args:
        rows: the lines of the audit trail.
        months: how long these are kept.
        when: how a moment is told.
    """
    yield (
        "<p>Chaque fois qu’un agent ouvre un de vos dossiers ou votre fiche, vous cherche ou fait une liste où vous "
        f"figurez, c’est noté : le voici. Ces lignes sont gardées {months} mois ; ce qui est plus ancien n’existe "
        "plus. Les agents agissent pour notre compte : leur fonction vous est donnée, et non leur nom. Une page qui "
        "montre beaucoup de personnes à la fois, comme la liste des dossiers d’un bureau, ne note pas chacune "
        "d’elles. Ce que la même fonction a fait plusieurs fois le même jour tient sur une ligne.</p>"
    )
    alike: dict[tuple[str, str, str], list[datetime]] = {}
    for each in sorted(rows, key=lambda row: row["at"]):
        day, _, _hour = when(each["at"]).partition(_AT)
        alike.setdefault((day, each["who"].capitalize(), _looked(each)), []).append(each["at"])
    lines = [(_times(times, when), escape(who), escape(what)) for (_day, who, what), times in alike.items()]
    yield table(("Quand", "Qui", "Quoi"), lines)


_AT: Final = " à "


def _times(times: Sequence[datetime], when: Callable[[datetime], str]) -> str:
    """Return when something was done on one day, once or several times."""
    told = list(dict.fromkeys(map(when, times)))
    often = f", {len(times)} fois" if len(times) > 1 else ""
    if len(told) == 1:
        return told[0] + often
    (day, _, first), (_day, _, last) = told[0].partition(_AT), told[-1].partition(_AT)
    return f"{day} de {first} à {last}{often}"


def _looked(line: Mapping[str, Any]) -> str:
    """Return how staff looked at a case, or at a person's card, and which change they made."""
    what, subject = line["what"], line["subject"]
    told = _LOOKED.get(what, _CHANGED)
    if not subject:
        return _NAMED.get(what) or f"{told} d’une page où vous figurez"
    if CASE_NUMBER.fullmatch(subject):
        told += f" du dossier {subject}"
    else:
        told += f" {'sur' if what in _ONTO else 'de'} la fiche de votre foyer ({subject})"
    done = audit_details({"verb": line["verb"]}, _NO_NAMES) if line.get("verb") else ""
    return f"{told} : {done}" if done else told


_NO_NAMES: Final[Mapping[str, Callable[[str], str]]] = dict.fromkeys(("queue", "office", "person"), str)


def inventory(lines: Sequence[Mapping[str, Any]], notices: int, noted: int, withheld: int) -> Iterator[str]:
    """Yield what is kept, place by place.

    Args:
        lines: the lines of the inventory, as they stand in the file of data.
        notices: how many of the mails went to staff.
        noted: how many of the messages as they came were written down by us, and have no file.
        withheld: how many texts of agents are not given: their rows are, without them.
    """
    yield (
        "<p>Cette liste est pour qui veut vérifier que rien ne manque, ou donner ces données à un autre organisme "
        '(droit à la portabilité). Le fichier <a href="donnees.json">donnees.json</a> les contient toutes, sous '
        "une forme qu’un ordinateur lit : vous n’en avez pas besoin pour lire cette page. Une heure y est celle de "
        "cette page, suivie de ce qu’il faut en retrancher pour avoir l’heure universelle (« +01:00 » : une heure)."
        "</p>"
    )
    parts = {
        outbox.name: ("dont les avis à la personne d’astreinte, au gardien ou au bureau, sans fichier joint", notices),
        arrival_bodies.name: ("dont ce qu’un agent ou le standard a noté, sans fichier joint", noted),
    }
    rows = []
    for each in lines:
        rows.append((each["contenu"], each["donne"], each["non_donne"], each.get("pourquoi", "")))
        # Several lines may be of one table: the first counts all that is given.
        what, count = parts.pop(each["table"], ("", 0))
        rows += [(what, count, 0, "")] if count else []
    if withheld:
        rows.append(("textes d’agents, dans les lignes données plus haut", 0, withheld, NOT_GIVEN))
    told = [(escape(what), str(given), str(left), escape(why)) for what, given, left, why in rows]
    yield table(("Ce que c’est", "Dans la copie", "Pas dans la copie", "Pourquoi"), told, named=True)
    yield (
        "<p>Ce qui dirait le souhait ou la protection d’une autre personne n’est ni donné ni compté : la copie de "
        "quelqu’un qui partage votre logement ou votre adresse ne dit rien des vôtres, et la vôtre rien des siens "
        "(RGPD, art. 15(4)). Cette phrase est dans toutes les copies, qu’il y en ait ou non.</p>"
    )
