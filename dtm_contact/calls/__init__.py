"""Calls: from the lines of a switchboard's logs to what became of each, and the call-backs that follow from it."""
