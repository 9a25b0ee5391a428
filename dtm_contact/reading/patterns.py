"""Long alternations, written one alternative a line."""


def any_of(*patterns: str) -> str:
    """Return a group that matches any of the patterns, the first that does."""
    return f"(?:{'|'.join(patterns)})"
