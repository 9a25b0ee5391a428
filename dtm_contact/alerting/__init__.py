"""Alarms that reach somebody: told by the first way that works, kept until one does, told again while they last."""

from dtm_contact.alerting.announcer import Announcer, announce_lasting, announce_once, announcing
from dtm_contact.alerting.episodes import AlarmNotice, Episode, NoticeState
from dtm_contact.alerting.kept import Kept, kept_in
from dtm_contact.alerting.notifiers import (
    CommandNotifier,
    MailNotifier,
    NoticeFailedError,
    Notifier,
    WebhookNotifier,
    notifiers_of,
)

__all__ = [
    "AlarmNotice",
    "Announcer",
    "CommandNotifier",
    "Episode",
    "Kept",
    "MailNotifier",
    "NoticeFailedError",
    "NoticeState",
    "Notifier",
    "WebhookNotifier",
    "announce_lasting",
    "announce_once",
    "announcing",
    "kept_in",
    "notifiers_of",
]
