"""Claim, judge, record: what happens to an arrival once it is durable."""

from dtm_contact.worker.heartbeat import Heartbeat, beating
from dtm_contact.worker.intake import WakingInbox
from dtm_contact.worker.mailing import Mail, tokens_of
from dtm_contact.worker.posting import posting
from dtm_contact.worker.queue_watch import QueueWatch, watching_queues
from dtm_contact.worker.rules_in_force import RulesWatch, at_start, copies, following, quiet_copy
from dtm_contact.worker.standin import Reception
from dtm_contact.worker.worker import Worker, utc_now

__all__ = [
    "Heartbeat",
    "Mail",
    "QueueWatch",
    "Reception",
    "RulesWatch",
    "WakingInbox",
    "Worker",
    "at_start",
    "beating",
    "copies",
    "following",
    "posting",
    "quiet_copy",
    "tokens_of",
    "utc_now",
    "watching_queues",
]
