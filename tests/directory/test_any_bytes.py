"""Whatever bytes a file holds, the answer is a directory or a list of faults, each in a place that there is."""

import io
import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory.layouts import LAYOUTS
from tests.directory.samples import GOOD, problems_of

FILES = st.sampled_from([layout.file for layout in LAYOUTS])
SPLINTERS = st.lists(
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b'"', b'""', b",", b";", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\0", b"\xc3\xa9", b"\xe9", b"|"]
        ),
    ),
    max_size=3,
).map(b"".join)


@given(FILES, st.integers(0, 700), st.integers(0, 20), SPLINTERS)
def test_a_splinter_in_any_file_is_told_in_a_place_that_there_is(
    file: str, at: int, lost: int, splinter: bytes
) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(shutil.copytree(GOOD, Path(parent) / "directory"))
        raw = (folder / file).read_bytes()
        at %= len(raw) + 1
        (folder / file).write_bytes(raw[:at] + splinter + raw[at + lost :])

        for problem in problems_of(folder):
            text = (folder / problem.file).read_bytes().decode("utf-8-sig", errors="replace")
            lines = list(io.StringIO(text, newline="")) or [""]
            # A fault that begins behind a file's last line end stands on a line that holds nothing yet.
            assert 0 <= problem.line <= len(lines) + 1
            if 0 < problem.line <= len(lines):
                assert 0 <= problem.column <= len(lines[problem.line - 1]) + 1
