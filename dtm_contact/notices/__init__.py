"""Alarms that reach somebody: told by the first way that works, kept until one does, told again while they last."""

from dtm_contact.notices.announcer import Announcer, announce_lasting, announce_once, announcing
from dtm_contact.notices.episodes import AlarmNotice, Episode, NoticeState
from dtm_contact.notices.kept import Kept, kept_in
from dtm_contact.notices.ways import CommandWay, MailWay, NoticeFailedError, NoticeWay, WebhookWay, ways_of

__all__ = [
    "AlarmNotice",
    "Announcer",
    "CommandWay",
    "Episode",
    "Kept",
    "MailWay",
    "NoticeFailedError",
    "NoticeState",
    "NoticeWay",
    "WebhookWay",
    "announce_lasting",
    "announce_once",
    "announcing",
    "kept_in",
    "ways_of",
]
