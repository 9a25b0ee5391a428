"""Claim, judge, record: what happens to an arrival once it is durable."""

from dtm_contact.worker.worker import Worker

__all__ = ["Worker"]
