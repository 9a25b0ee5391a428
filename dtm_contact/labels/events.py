"""What happened to a case, one line of plain French an event: no code of the program, no name of its parts.

Identifiers are put into words by `Naming`, which the caller fills with the directory, the rules and the accounts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dtm_contact.labels.coded_text import text_of, text_of_json
from dtm_contact.model import CodedText, JoinedBy, OutgoingKind, Withheld

ENGINE: Final = frozenset({"worker", "outbound", "timers", "import", "restore"})
"""Who does what no person did: a line says what happened, and names nobody."""
_BY_COMMAND: Final = "command line"

EVENTS: Final[Mapping[str, str]] = {
    "opened": "Dossier créé",
    "completed": "Message relu, dossier complété",
    "judged": "Message lu",
    "parked": "Message que le programme n'a pas pu lire : à lire par une personne",
    "retried": "Message à relire",
    "released": "Rendu à la file",
    "joined": "Nouveau message ou appel",
    "revised": "Appel corrigé par le journal du standard",
    "reopened": "Dossier rouvert",
    "taken": "Dossier pris",
    "moved": "Transmis",
    "waiting": "Mis en attente",
    "resumed": "Remis dans l'ordre de la file",
    "done": "Dossier clos",
    "closed": "Dossier clos automatiquement",
    "spoken": "Appel pris, l'urgence reste ouverte",
    "tried": "Rappel sans réponse",
    "reached": "Joint au téléphone, pas réglé",
    "noted": "Note",
    "replied": "Réponse écrite",
    "forwarded": "Message transféré par courriel",
    "answered": "Réponse écrite depuis une messagerie",
    "returned": "Notre propre message, revenu",
    "notice queued": "Message de service à envoyer",
    "sent": "Message envoyé",
    "not sent": "Message non envoyé",
    "refused": "Message refusé par le serveur du destinataire",
    "no_such_address": "Message non remis : l'adresse n'existe pas",
    "given_up": "Message non remis : aucun serveur ne l'a accepté",
    "bounced": "Message revenu : non remis au destinataire",
    "outgoing released": "Message retenu depuis la restauration, à envoyer",
    "outgoing dropped": "Message retenu depuis la restauration, abandonné",
    "restored": "Rétabli d'une sauvegarde",
    "renumbered": "Numéro avant la restauration",
    "reply lost": "Réponse envoyée avant la restauration, dont le texte est perdu",
    "tagged": "Étiquettes changées",
    "tenant": "Locataire",
    "confirmed": "Coordonnée ajoutée à la fiche",
    "unconfirmed": "Coordonnée retirée de la fiche",
    "registered": "Inscrit au registre du foyer",
    "register ended": "Inscription au registre terminée",
    "register undone": "Inscription au registre annulée",
    "topic": "Motif changé",
    "danger": "Danger réel, selon un agent",
    "no_danger": "Pas de danger, selon un agent",
    "priority": "Priorité changée",
    "linked": "Lié",
    "merged": "Fusionné",
    "absorbed": "Un autre dossier a été fusionné avec celui-ci",
    "split": "Messages séparés",
    "divided": "Autre dossier ouvert pour le même message",
    "appointed": "Rendez-vous pris",
    "appointment cancelled": "Rendez-vous annulé",
    "reminded": "Relance : délai de réponse dépassé",
    "escalated": "Attend depuis trop longtemps",
    "called next": "L'astreinte suivante est prévenue",
    "storm": "Beaucoup de dossiers semblables : l'astreinte est prévenue une fois pour tous",
    "rerouted": "Déplacé par les règles, à la demande d'un administrateur",
    "office changed": "Passé à un autre bureau",
    "queue renamed": "La file a changé de nom",
    "undone": "Changement annulé",
}
_NOT_TAKEN: Final = "personne n'a pris le dossier"
_ALL_NOTIFIED: Final = "toute l'astreinte était déjà prévenue"
_NOT_REACHED: Final = "l'avis à la précédente n'a atteint personne"
_BY_ENGINE: Final[Mapping[str, str]] = {"opened": "Dossier créé automatiquement"}
WITHHELD_BECAUSE: Final[Mapping[Withheld, str]] = {
    Withheld.NO_SUCH_ADDRESS: "l'adresse n'existe pas",
    Withheld.MAILBOX_LIMIT: "le nombre de réponses automatiques permis à cette adresse en 24 heures est atteint",
    Withheld.TOTAL_LIMIT: "trop de réponses automatiques en une heure",
    Withheld.REGISTER: "le registre interdit d'écrire à cette adresse",
    Withheld.NO_ADDRESS: "personne n'a pu être prévenu, faute d'adresse utilisable",
    Withheld.STORM: "beaucoup de dossiers semblables, l'astreinte est prévenue une fois pour tous",
    Withheld.NO_SERVER: "aucun serveur n'est réglé pour envoyer le courrier",
}
"""Why a message did not go out."""
_JOINED_BY: Final[Mapping[JoinedBy, str]] = {
    JoinedBy.MESSAGE_ID: "",
    JoinedBy.ADDRESS: "",
    JoinedBy.THREAD: "",
    JoinedBy.SUBJECT: "",
    JoinedBy.OWN: "",
    JoinedBy.SAME_MESSAGE: "déjà reçu",
    JoinedBy.SAME_TEXT: "les mêmes mots que le précédent",
    JoinedBy.REQUEST: "du même numéro de demande",
    JoinedBy.OUR_NUMBER: "qui porte notre numéro",
    JoinedBy.RULE: "de la même personne, dont un dossier est ouvert",
}
_KIND: Final[Mapping[OutgoingKind, str]] = {
    OutgoingKind.ANSWER: "Réponse automatique",
    OutgoingKind.REPLY: "Réponse",
    OutgoingKind.NOTICE: "Message de service",
}
_LETTERS: Final[Mapping[str, tuple[str, bool]]] = {
    "forwarded": ("Transfert", False),
    "REQUEST": ("Invitation", True),
    "CANCEL": ("Annulation de rendez-vous", True),
}
"""What an agent's letters are called that are no answer, and whether that is feminine."""
WRITTEN_BY: Final[Mapping[str, str]] = {
    "noted": "Note de",
    "replied": "Réponse de",
    "forwarded": "Message transféré par",
    "REQUEST": "Invitation de",
    "CANCEL": "Annulation de rendez-vous par",
}
"""What stands over an agent's words, before who wrote them, by the act as `letter_act` names it."""
_FATES: Final[Mapping[str, str]] = {
    "sent": "{kind} envoyé{e} à {to}",
    "refused": "{kind} non remis{e} : refusé{e} par le serveur de {to}",
    "no_such_address": "{kind} non remis{e} : l'adresse {to} n'existe pas",
    "given_up": "{kind} non remis{e} à {to} : aucun serveur ne l'a accepté{e}",
    "bounced": "{kind} revenu{e}, non remis{e} à {to}",
}
SENT_STATES: Final[Mapping[str, str]] = {
    "waiting": "en attente d'envoi",
    "claimed": "en cours d'envoi",
    "sent": "envoyé",
    "refused": "refusé par le serveur du destinataire",
    "no_such_address": "non remis : l'adresse n'existe pas",
    "given_up": "non remis : aucun serveur ne l'a accepté",
    "bounced": "revenu : non remis au destinataire",
}
"""What became of a message, by its state in the outbox."""
_COLUMNS: Final[Mapping[str, str]] = {
    "queue": "file",
    "priority": "priorité",
    "waiting_until": "jusqu'au",
    "due": "à répondre avant",
    "topic": "motif",
    "tenant_id": "locataire",
    "dwelling_id": "logement",
    "residence_id": "résidence",
    "tags": "étiquettes",
    "done_reason": "raison",
}
_ALONE: Final[Mapping[str, str]] = {"topic": "topic", "moved": "queue", "tenant": "tenant_id", "tagged": "tags"}
"""Of these events, the column whose new value needs no name of its own: the event's words say it."""
_SAY_ALL: Final = frozenset(
    {"parked", "sent", "refused", "no_such_address", "given_up", "bounced", "reminded", "storm", "revised", "completed"}
)
"""Events whose details are codes: their words say all that agents need."""
_OF_TWO_CASES: Final = frozenset({"merged", "linked", "absorbed", "split", "divided"})
TAGS: Final[Mapping[str, str]] = {
    "langue-a-traduire": "À traduire",
    "danger-possible": "Danger possible",
    "lay_long": "ancien message",
    "taken_over": "repris de l’ancienne boîte",
    "message-illisible": "Message illisible",
}
"""What the tags are called of the rules that we ship, and those that the program puts to a case."""
RULES: Final[Mapping[str, str]] = {
    "appel-equipement": "Appel d'un équipement",
    "autre-bailleur": "Autre bailleur",
    "courrier-a-lire": "Courrier à lire",
    "courrier-numerise": "Courrier numérisé",
    "difficultes-paiement": "Difficultés de paiement",
    "indesirable": "Message indésirable",
    "langue-a-lire-vite": "Langue à lire vite",
    "par-defaut": "Par défaut",
    "troisieme-relance": "Troisième relance",
    "urgence-autre-sujet": "Urgence, autre sujet",
    "urgence-sujet-agence": "Urgence, sujet de l'agence",
}
"""What those rules that we ship are called whose identifiers, which have no accents, say it badly."""


@dataclass(frozen=True, slots=True)
class EventNaming:
    """How what events hold by identifiers is called; by itself, as it is.

    Attributes:
        time: writes a time on the offices' wall clock.
        person, dwelling, residence, topic, queue, account: the name for an identifier.
    """

    time: Callable[[datetime], str] = datetime.isoformat
    person: Callable[[str], str] = str
    dwelling: Callable[[str], str] = str
    residence: Callable[[str], str] = str
    topic: Callable[[str], str] = str
    queue: Callable[[str], str] = str
    account: Callable[[str], str] = str

    def value(self, column: str, value: Any) -> str:
        """Return the new value of a case's column."""
        if isinstance(value, list):
            return ", ".join(map(tag_label, value))
        if column == "done_reason":
            return text_of_json(value)
        if column in {"waiting_until", "due"}:
            return self.time(datetime.fromisoformat(value))
        called: dict[str, Callable[[str], str]] = {
            "tenant_id": self.person,
            "dwelling_id": self.dwelling,
            "residence_id": self.residence,
            "topic": self.topic,
            "queue": self.queue,
        }
        return called.get(column, str)(value)


_AS_IT_IS: Final = EventNaming()


def tag_label(tag: str) -> str:
    """Return what a tag is called: by its words where nobody has named it."""
    return TAGS.get(tag) or tag.replace("-", " ").replace("_", " ")


def rule_label(rule: str) -> str:
    """Return a rule's identifier as words: "urgence-gaz" is "Urgence gaz"; where it stands is left out."""
    identifier = rule.rpartition(":")[2]
    return RULES.get(identifier) or tag_label(identifier).capitalize()


def actor(who: str, account: Callable[[str], str] = str) -> str:
    """Return who did something: an account as it is shown, whoever may use the command line; "" for the program."""
    if who in ENGINE:
        return ""
    return "un administrateur" if who == _BY_COMMAND else account(who)


_WRITER_UNTOLD: Final = (
    "qui a écrit n’a pas reçu les consignes de sécurité, aucune réponse automatique ne pouvant lui être envoyée"
)


def event_name(what: str) -> str:
    """Return what an event is called within a sentence ("dossier pris"); empty where it has no name."""
    name = EVENTS.get(what, "")
    return name[:1].lower() + name[1:]


def event_line(what: str, data: Mapping[str, Any], naming: EventNaming = _AS_IT_IS, who: str = "") -> str:
    """Return what an event of a case did, in a line; a word that nobody has put into French yet stands as it is.

    Args:
        what: its name in the store.
        data: its details.
        naming: how identifiers are called.
        who: who did it, as the store has it.
    """
    head = (_BY_ENGINE.get(what) if who in ENGINE else None) or EVENTS.get(what, what)
    details = [detail for detail in _details(what, data, naming) if detail]
    return f"{head} : {' ; '.join(details)}" if details else head


def mail_line(what: str, kind: OutgoingKind, to: str, by: str = "") -> str:
    """Return what became of a message that was sent.

    Args:
        what: the event's name: `sent`, `refused`, `no_such_address`, `given_up` or `bounced`.
        kind: why it was sent.
        to: where it went.
        by: the act of an agent that wrote it, as `letter_act` names it; "" where none did.
    """
    named, is_feminine = _LETTERS.get(by) or (_KIND[kind], kind is not OutgoingKind.NOTICE)
    return _FATES[what].format(kind=named, e="e" if is_feminine else "", to=to)


def letter_act(what: str, data: Mapping[str, Any]) -> str:
    """Return which act wrote the letter that an event tells of: `replied`, `forwarded`, or an invitation's method."""
    return str(data.get("invitation") or what)


def _details(what: str, data: Mapping[str, Any], naming: EventNaming) -> list[str]:
    because = text_of_json(data.get("reason"))
    details = [*_changed(what, data, naming), *_kept(data, naming), *_in_words(data), *_of_restore(what, data, naming)]
    if what in _SAY_ALL:
        details = []
    elif "way" in data:
        details = [_JOINED_BY[JoinedBy(data["way"])] if data["way"] in set(JoinedBy) else ""]
    elif what == "not sent":
        details = [WITHHELD_BECAUSE[Withheld(because)] if because in set(Withheld) else because]
    elif what in _OF_TWO_CASES:
        details = [f"dossier {_other(data)}" if _other(data) else "", because]
    elif what == "called next":
        details = [str(data.get("to", "")), _NOT_REACHED if data.get("unreached") else _NOT_TAKEN]
        details += [_ALL_NOTIFIED] if data.get("again") else []
    elif what == "notice queued":
        details = [str(data.get("to", ""))]
    elif what == "danger" and data.get("writer_told") is False:
        details.append(_WRITER_UNTOLD)
    elif what == "undone":
        details = [event_name(data.get("what", "")), *_in_words(data)]
    elif what == "tenant" and (data.get("changed") or {}).get("tenant_id", [None, "?"])[1] is None:
        details = ["aucun de nos locataires", *_kept(data, naming)]
    return details


def _of_restore(what: str, data: Mapping[str, Any], naming: EventNaming) -> list[str]:
    if what == "restored":
        since = naming.time(datetime.fromisoformat(data["backed_up_at"]))
        return [f"ce qui a été fait depuis le {since} est perdu"]
    return [str(data["number"])] if what == "renumbered" else []


def _other(data: Mapping[str, Any]) -> str:
    return str(data.get("with") or (data.get("other") or {}).get("number") or "")


def _changed(what: str, data: Mapping[str, Any], naming: EventNaming) -> list[str]:
    told = []
    for column, (_before, after) in (data.get("changed") or {}).items():
        if column not in _COLUMNS or after in (None, []) or (column == "done_reason" and data.get("reason")):
            continue
        value = naming.value(column, after)
        told.append(value if _ALONE.get(what) == column else f"{_COLUMNS[column]} {value}")
    if "at" in data:
        told.append(naming.time(datetime.fromisoformat(data["at"])))
    if _other(data):
        told.append(f"dossier {_other(data)}")
    return told


def _kept(data: Mapping[str, Any], naming: EventNaming) -> list[str]:
    told = [f"{value} ajouté à la fiche de {naming.person(whose)}" for _kind, value, whose in data.get("confirmed", ())]
    told += [f"{value} retiré" for _kind, value, _whose in data.get("withdrawn", ())]
    told += [
        f"{value} est à plusieurs foyers : cela ne dit plus qui appelle ou écrit" for value in data.get("shared", ())
    ]
    return told


def _in_words(data: Mapping[str, Any]) -> list[str]:
    told = [text_of_json(data[name]) for name in ("entry", "reason", "text", "why") if data.get(name)]
    if "outcome" in data and "text" not in data:
        told.append(text_of(CodedText.about("outcome", outcome=data["outcome"], before=data.get("before"))))
    if data.get("told"):
        told.append(f"prévenu : {', '.join(data['told'])}")
    elif "told" in data:
        told.append("personne n'a pu être prévenu par courriel")
    if data.get("unproven"):
        told.append("adresse non vérifiée")
    return told
