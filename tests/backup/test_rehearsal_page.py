"""The rehearsal of docs/backup.md works with the service's settings, wherever they stand, on a store of its own."""

import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "backup.md"
PROGRAM = "/opt/dtm-contact/venv/bin/dtm-contact"
ENVIRONMENT = "/etc/dtm-contact/environment"


def test_the_rehearsal_reads_what_stands_in_the_environment_of_the_service(tmp_path: Path) -> None:
    """Without DTM_PRIVACY_DIR it would bring back whoever was erased after the backup."""
    found = re.search(r"^    rehearse\(\) \{\n.*?^    \}\n", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    told, program, environment = tmp_path / "told", tmp_path / "program", tmp_path / "environment"
    program.write_text(f"#!/bin/sh\nenv | grep ^DTM_ >{told}\nprintf '%s\\n' \"$@\" >>{told}\n")
    program.chmod(0o755)
    environment.write_text("DTM_PRIVACY_DIR=/srv/erasures\nDTM_STORE_URL=sqlite:////var/lib/dtm-contact/store.db\n")
    script = found[0].replace("runuser -u dtm-contact --", "env").replace(PROGRAM, str(program))
    script = script.replace(ENVIRONMENT, str(environment)) + "rehearse restore 'a file.tar'\n"
    subprocess.run(["sh", "-euc", script], check=True, env={"PATH": "/usr/bin:/bin"})
    *variables, verb, file = told.read_text().splitlines()
    assert (verb, file) == ("restore", "a file.tar")
    assert set(variables) == {
        "DTM_PRIVACY_DIR=/srv/erasures",
        "DTM_STORE_URL=sqlite:////var/lib/dtm-contact/rehearsal/store.db",
        "DTM_RULES_DIR=/var/lib/dtm-contact/rehearsal/rules",
    }
