"""Contact-routing engine: messages and calls, each in the right office's queue."""

__version__ = "0.2.0"
