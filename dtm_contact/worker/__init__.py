"""Claim, judge, record: what happens to an arrival once it is durable."""

from dtm_contact.worker.fallback import FallbackQueue
from dtm_contact.worker.heartbeat import Heartbeat, beating
from dtm_contact.worker.outbox import OutboxWriter, sender_lifespan, tokens_of
from dtm_contact.worker.queue_watch import QueueWatch, watching_queues
from dtm_contact.worker.rules_in_force import RulesWatch, at_start, copies, following, quiet_copy
from dtm_contact.worker.worker import WakingInbox, Worker, utc_now

__all__ = [
    "FallbackQueue",
    "Heartbeat",
    "OutboxWriter",
    "QueueWatch",
    "RulesWatch",
    "WakingInbox",
    "Worker",
    "at_start",
    "beating",
    "copies",
    "following",
    "quiet_copy",
    "sender_lifespan",
    "tokens_of",
    "utc_now",
    "watching_queues",
]
