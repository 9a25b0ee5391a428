"""Alarms that reach somebody: told by the first way that works, kept until one does, told again while they last."""

from dtm_contact.notices.announcer import Announcer, announcing, tell_lasting, tell_once
from dtm_contact.notices.episodes import Episode, State
from dtm_contact.notices.kept import Kept, kept_in
from dtm_contact.notices.telling import Telling
from dtm_contact.notices.ways import Command, Mail, NotToldError, Way, Webhook, ways_of

__all__ = [
    "Announcer",
    "Command",
    "Episode",
    "Kept",
    "Mail",
    "NotToldError",
    "State",
    "Telling",
    "Way",
    "Webhook",
    "announcing",
    "kept_in",
    "tell_lasting",
    "tell_once",
    "ways_of",
]
