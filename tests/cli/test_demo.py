import re
import signal
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP

import httpx
import pytest

from tests.cli.conftest import ROOT, Program


def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    (folder / "mail").mkdir(parents=True)
    (folder / "directory").symlink_to(ROOT / "tests" / "directory" / "good")
    for number, raw in enumerate(("Odeur de gaz dans le hall, c'est tres fort", "Je voudrais une quittance de loyer")):
        message = EmailMessage()
        message["From"], message["Subject"] = f"Personne <p{number}@free.example>", f"Message {number}"
        message["Date"] = "Tue, 24 Nov 2026 10:30:00 +0100"
        message.set_content(raw)
        (folder / "mail" / f"{number}.eml").write_bytes(message.as_bytes())
    return folder


def test_the_demo_shows_the_queues_filled_by_smtp(program: Program, tmp_path: Path) -> None:
    done = program("demo", "--once", str(samples(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert "Sent 2 messages by SMTP to metropole@parishabitat.fr; all are judged." in done.stdout
    assert re.search(r"\d{4}-00000\d  P1 .*Message 0(?s:.*)règle\s+urgence-gaz", done.stdout)
    assert "Message 1" in done.stdout
    queues = program("queue", "list", "--json").stdout.splitlines()
    assert len(queues) == 2
    number = re.search(r"\d{4}-00000\d(?=  P1)", done.stdout)
    assert number is not None
    shown = program("case", "show", number[0])
    assert "Odeur de gaz" in shown.stdout.replace("[", "").replace("]", "")
    assert program("case", "show", "1999-000001").returncode == 1


def test_the_first_reply_of_a_newcomer_is_read_on_the_demos_own_page(
    environment: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "dtm_contact", "demo", str(samples(tmp_path))]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        said = ""
        while "/entrer/" not in said and (line := demo.stdout.readline()):
            said += line
        link, mails = re.search(r"http://\S+/entrer/\S+", said), re.search(r"is read at (\S+);", said)
        assert link is not None
        assert mails is not None
        desk = link[0].partition("/entrer/")[0]
        with httpx.Client(base_url=desk, headers={"Origin": desk}, timeout=60) as browser:
            browser.post(link[0])
            number = re.findall(r'data-case="(\d{4}-\d{6})"', browser.get("/file?file=toutes").text)[-1]
            csrf = re.search(r'data-csrf="([^"]+)"', browser.get(f"/dossier/{number}").text)
            assert csrf is not None
            reply = {"csrf": csrf[1], "texte": "Nous passons demain.", "a": "p1@free.example", "non_verifiee": "1"}
            answer = browser.post(f"/dossier/{number}/repondre", data=reply)
            assert answer.status_code == 303, answer.text
        while "Nous passons demain." not in httpx.get(mails[1]).text:
            assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        demo.stdout.read()
        assert demo.wait(timeout=60) == 0


@pytest.mark.usefixtures("fresh_interpreter")
def test_the_daemon_takes_mail_and_stops_cleanly_on_an_interrupt(program: Program, environment: dict[str, str]) -> None:
    assert program("directory", "import", "tests/directory/good").returncode == 0
    with subprocess.Popen(
        [sys.executable, "-m", "dtm_contact", "run"],
        cwd=ROOT, env={**environment, "DTM_LOG_JSON_LINES": "true"}, stderr=subprocess.PIPE, text=True,
    ) as daemon:  # fmt: skip
        assert daemon.stderr is not None
        port = None
        for line in daemon.stderr:
            if found := re.search(r'"smtp": "127\.0\.0\.1:(\d+)"', line):
                port = int(found[1])
                break
        assert port is not None
        message = EmailMessage()
        message["From"], message["Subject"] = "Personne <p@free.example>", "Fuite"
        message.set_content("Grosse fuite d'eau chez moi")
        with SMTP("127.0.0.1", port) as client:
            client.send_message(message, to_addrs=["metropole@parishabitat.fr"])
        for line in daemon.stderr:
            if '"judged"' in line:
                assert "p@free.example" not in line
                break
        daemon.send_signal(signal.SIGINT)
        rest = daemon.stderr.read()
        assert daemon.wait(timeout=20) == 0, rest
    assert program("queue", "list", "--json").stdout
