"""What channels that follow logs share: files that grow and are rotated, and reading them again and again."""

from dtm_contact.channels.log.file import FollowedFile, Mark, NotReadableError
from dtm_contact.channels.log.follower import Batch, Follower, Source

__all__ = ["Batch", "FollowedFile", "Follower", "Mark", "NotReadableError", "Source"]
