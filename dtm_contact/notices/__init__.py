"""Alarms that reach somebody: told by the first way that works, kept until one does, told again while they last."""

from dtm_contact.notices.announcer import Announcer, announcing, tell_lasting, tell_once
from dtm_contact.notices.episodes import Episode, NoticeState
from dtm_contact.notices.kept import Kept, kept_in
from dtm_contact.notices.telling import AlarmNotice
from dtm_contact.notices.ways import CommandWay, MailWay, NoticeWay, NotToldError, WebhookWay, ways_of

__all__ = [
    "AlarmNotice",
    "Announcer",
    "CommandWay",
    "Episode",
    "Kept",
    "MailWay",
    "NotToldError",
    "NoticeState",
    "NoticeWay",
    "WebhookWay",
    "announcing",
    "kept_in",
    "tell_lasting",
    "tell_once",
    "ways_of",
]
