"""Claim, judge, record: what happens to an arrival once it is durable."""

from dtm_contact.worker.intake import WakingInbox
from dtm_contact.worker.standin import Reception
from dtm_contact.worker.worker import Worker

__all__ = ["Reception", "WakingInbox", "Worker"]
