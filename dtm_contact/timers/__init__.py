"""What follows when a case waits too long, and what is told once where many cases come at once."""

from dtm_contact.timers.runner import Runner, running
from dtm_contact.timers.storms import Storms

__all__ = ["Runner", "Storms", "running"]
