import os
from collections.abc import Iterator

import pytest

from tests.ingest.mailbox.dovecot import Dovecot, program, running


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if program() is None or os.geteuid() != 0:
        why = "Dovecot is not installed, or one is not root, as its server wants"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    with running() as found:
        yield found
