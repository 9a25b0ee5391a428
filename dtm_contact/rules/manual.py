"""The manual of the conditions, made of their docstrings."""

import re
from collections.abc import Iterator

from dtm_contact.rules.registry import Condition, known_conditions

_HEAD = """# Conditions

What `when` may ask in `rules/routing.yaml`. Several lines under `when` must all hold; `all` and `any` take a list,
`not` takes one. Where a condition takes several values, one of them is enough. Text is compared without regard to
case and accents.

This page is generated: `dtm-contact rules conditions --markdown > docs/conditions.md`.
"""


def conditions_manual(*, markdown: bool = False) -> str:
    """Return the manual: the page `docs/conditions.md`, or plain text for a terminal."""
    entries = [_entry(condition, markdown=markdown) for condition in known_conditions().values()]
    return "\n".join([_HEAD, *entries] if markdown else entries)


def _entry(condition: Condition, *, markdown: bool) -> str:
    if markdown:
        return "\n".join((f"## `{condition.name}`\n", f"Takes {condition.takes.form}.\n", condition.manual)) + "\n"
    lines = (f"takes {condition.takes.form}", *_plain(condition.manual))
    return f"{condition.name}\n" + "".join(f"    {line}\n" for line in lines).replace("    \n", "\n")


def _plain(text: str) -> Iterator[str]:
    return iter(re.sub(r"`([^`]*)`", r"\1", text).splitlines())
