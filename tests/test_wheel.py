"""A wheel holds all that a site needs: laid out, started, written to and read without the source beside it."""

import os
import re
import subprocess
import sys
import zipfile
from http.client import HTTPConnection
from pathlib import Path
from smtplib import SMTP

import pytest

ROOT = Path(__file__).parents[1]
LEAK = b"From: A <a@free.example>\nSubject: Fuite\nDate: Tue, 24 Nov 2026 10:30:00 +0100\n\nGrosse fuite d'eau.\n"
LISTENS = re.compile(r'"(smtp|desk)": "127\.0\.0\.1:(\d+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack a wheel made of the source, as installing it does; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_a_wheel_runs_alone(site: Path, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DTM_")},
        "PYTHONPATH": str(site),
        "DTM_SMTP_PORT": "0", "DTM_DESK_PORT": "0", "DTM_MONITOR_PORT": "0",
        "DTM_JUDGE_PROCESSES": "1", "DTM_LOG_JSON_LINES": "true",
    }  # fmt: skip
    trial = tmp_path / "trial"

    def program(*arguments: str, folder: Path = trial) -> str:
        command = [sys.executable, "-m", "dtm_contact", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    laid_out = program("init", str(trial), folder=tmp_path)
    sample = re.search(r"a made-up one: (.+)", laid_out)
    assert sample is not None
    assert Path(sample[1]).is_relative_to(site)
    assert (Path(sample[1]) / "tenants.csv").is_file()
    assert (site / "dtm_contact" / "shipped" / "docs" / "installation.md").is_file()
    program("directory", "import", str(ROOT / "tests" / "directory" / "good"))
    environment["LANGUAGE"] = "fr"
    assert "tout est en ordre" in program("rules", "check")
    del environment["LANGUAGE"]
    command = [sys.executable, "-m", "dtm_contact", "run"]
    with subprocess.Popen(command, cwd=trial, env=environment, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        ports: dict[str, str] = {}
        for line in daemon.stderr:
            if '"started"' in line:
                ports = dict(LISTENS.findall(line))
                break
        with SMTP("127.0.0.1", int(ports["smtp"])) as client:
            client.sendmail("a@free.example", "metropole@parishabitat.fr", LEAK)
        assert any('"judged"' in line for line in daemon.stderr)
        desk = HTTPConnection("127.0.0.1", int(ports["desk"]), timeout=60)
        desk.request("GET", "/connexion")
        answer = desk.getresponse()
        assert (answer.status, b"<form" in answer.read()) == (200, True)
        desk.close()
        assert '"open": 1' in program("queue", "list", "--json")
        program("doctor", "--only", "database", "--only", "leases", "--only", "directory", "--only", "rights")
        daemon.terminate()
        daemon.stderr.read()
    assert daemon.returncode == 0
