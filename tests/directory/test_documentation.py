"""The manual of the files names what the files hold."""

import re
from pathlib import Path

import pytest

from dtm_contact.directory.layouts import LAYOUTS, Layout

MANUAL = Path(__file__).parent.parent.parent / "docs" / "directory-files.md"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.file)
def test_the_manual_names_the_columns_and_keys_of_each_file(layout: Layout) -> None:
    line = next(
        line for line in MANUAL.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{layout.file}`")
    )
    columns = line.split(" | ", 1)[1].split(": ")[0]

    words = re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", columns).replace(" and ", ", "))
    assert tuple(words) == layout.headers
    assert tuple(re.findall(r"\*\*([a-z_]+)\*\*", columns)) == layout.key
