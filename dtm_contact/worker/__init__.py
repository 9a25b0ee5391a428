"""Claim, judge, record: what happens to an arrival once it is durable."""

from dtm_contact.worker.fallback import FallbackQueue
from dtm_contact.worker.heartbeat import LeaseHeartbeat, heartbeat_lifespan
from dtm_contact.worker.outbox import OutboxWriter, sender_lifespan, tokens_of
from dtm_contact.worker.queue_watch import QueueWatch, queue_watch_lifespan
from dtm_contact.worker.rules_in_force import RulesWatch, at_start, copies, quiet_copy, rules_watch_lifespan
from dtm_contact.worker.worker import WakingInbox, Worker, utc_now

__all__ = [
    "FallbackQueue",
    "LeaseHeartbeat",
    "OutboxWriter",
    "QueueWatch",
    "RulesWatch",
    "WakingInbox",
    "Worker",
    "at_start",
    "copies",
    "heartbeat_lifespan",
    "queue_watch_lifespan",
    "quiet_copy",
    "rules_watch_lifespan",
    "sender_lifespan",
    "tokens_of",
    "utc_now",
]
