"""The notes that agents read of a message that was not read in full; each once, in the order of its cause."""

from collections.abc import Iterator
from typing import Final

HEADERS_CUT: Final = "En-têtes trop longs : seul le début a été lu."
NESTING_CUT: Final = "Message imbriqué trop profondément : le contenu le plus profond n'a pas été lu."
PARTS_CUT: Final = "Message en trop de parties : les dernières n'ont pas été lues."
TEXT_CUT: Final = "Texte très long : seul le début a été lu."
HTML_CUT: Final = "Mise en page trop lourde : la fin a été lue sans elle."
FORWARDED_CUT: Final = "Trop de messages transférés : seuls les premiers ont été lus."
ATTACHMENTS_CUT: Final = "Trop de pièces jointes : seules les premières sont indiquées."
UNDECODED: Final = "Le texte de ce message n'a pas pu être décodé : personne ne l'a lu. Ouvrir le message d'origine."
ENCRYPTED: Final = "Message chiffré : son contenu ne peut pas être lu ici."
SIGNED: Final = "Message signé électroniquement ; la signature n'a pas été vérifiée."
SIGNED_UNREADABLE: Final = "Message signé électroniquement dont le contenu n'a pas pu être lu : ouvrir la pièce jointe."
TNEF: Final = "Message emballé par Outlook (winmail.dat) : son contenu a été déballé."
TNEF_UNREADABLE: Final = "Pièce jointe winmail.dat (format propre à Outlook) dont le contenu n'a pas pu être lu."
NO_TEXT: Final = "Aucun texte lisible dans ce message."
ONLY_FILES: Final = "Aucun texte lisible dans ce message : voir les pièces jointes."
ONLY_QUOTED: Final = "Rien de nouveau n'est écrit dans ce message : seulement une citation."
INVITATION: Final = "Invitation d'agenda"
PARTIAL: Final = "Fragment d'un message envoyé en plusieurs morceaux : texte peut-être incomplet."
ONLY_LETTER: Final = "Rien n'est écrit dans le message lui-même : le texte de sa pièce jointe (PDF) a été lu."
FILE_CUT: Final = "Pièce jointe (PDF) lue en partie seulement : voir le fichier."
FILE_WITHOUT_WORDS: Final = "Pièce jointe (PDF) faite d'images : elle n'a pas été lue."
FILE_LOCKED: Final = "Pièce jointe (PDF) protégée par un mot de passe : elle n'a pas été lue."
FILE_BROKEN: Final = "Pièce jointe (PDF) abîmée : elle n'a pas pu être lue."
FILE_COSTLY: Final = "Pièce jointe (PDF) trop lourde : elle n'a pas été lue."
FILES_CUT: Final = "Trop de pièces jointes (PDF) : les dernières n'ont pas été lues."

RECOGNISED: Final = "Texte reconnu automatiquement d'après l'image de la lettre, à vérifier : lecture {quality}."
NOT_RECOGNISED: Final = "Lettre numérisée que le programme n'a pas pu lire : à lire sur l'image."
RECOGNISED_BADLY: Final = "Lettre numérisée mal lue par le programme : à lire sur l'image, rien n'en est conclu."
SCAN_CUT: Final = "Lettre numérisée lue en partie seulement : voir le fichier."
DATED: Final = "Lettre datée du {day}."
REGISTERED: Final = "Lettre recommandée avec avis de réception, {number}."

UNREAD: Final = frozenset({UNDECODED, ENCRYPTED, SIGNED_UNREADABLE})
"""Notes that say that words are there which nobody has read: nothing is concluded from their absence."""


class Notes:
    """Notes gathered while a message is read."""

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}

    def add(self, note: str) -> None:
        """Keep `note` unless it is there already."""
        self._notes.setdefault(note)

    def __iter__(self) -> Iterator[str]:
        return iter(self._notes)
