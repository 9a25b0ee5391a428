"""One more channel is one more member of `Channel`, and one more way in is one more file; nothing else is touched.

Both are added to a copy of the program, in which the daemon's own parts then take in, judge and show a contact.
"""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import dtm_contact
from dtm_contact.model import Channel

ROOT = Path(__file__).parents[2]
MEMBER = '    SMS = "sms",'
FAX = '    FAX = "fax", ChannelTraits("télécopie", "fax reçu", from_program=True)\n'
WAY_IN = '''
"""A machine that hands over one fax as soon as it is asked."""

import json
from datetime import datetime
from dtm_contact.ingest import receiver
from dtm_contact.model import Arrival, Channel
from dtm_contact.reading.formats.fields import fields_type

FIELDS = {"text": "Fuite d'eau sous l'évier", "name": "Mme Petit", "place": "1 rue des Tilleuls, Saint-Ouen"}

class FaxMachine:
    name, address = "fax_machine", "the fax machine"

    def health(self):
        return None

    async def stop(self):
        pass

@receiver("fax_machine")
async def start(settings, inbox):
    raw = json.dumps(FIELDS).encode()
    at = datetime.fromisoformat("2026-11-24T10:00:00+01:00")
    await inbox.accept([Arrival("fax_machine", "1", at, fields_type(Channel("fax")), None, raw)])
    return FaxMachine()
'''
RULE = """- id: telecopie
  when: {channel: fax, alarm: none}
  then: {queue: agence-accueil}
  tests:
    - {text: "Fuite d'eau", channel: fax, holds: true}
    - {text: "Fuite d'eau", holds: false}

"""
WORK = """
import asyncio, json, sys
from dataclasses import replace
from pathlib import Path

from dtm_contact.ingest import start_receivers
from dtm_contact.contract import as_json
from dtm_contact.model import Channel
from dtm_contact.pipeline import Grounds
from dtm_contact.rules import load_rules
from dtm_contact.rules.conditions import all_conditions
from dtm_contact.store.inbox import GroupCommitInbox
from dtm_contact.worker.fallback import readable_part
from dtm_contact.worker.handlers import Handlers
from dtm_contact.worker.ipc import JudgeRequest
from tests.rules.cast import DIRECTORY
from tests.web.conftest import Role, Somebody, desk_over

folder = Path(sys.argv[1])
with desk_over(folder) as desk:
    settings = desk.settings.model_copy(update={"channels": ("fax_machine",)})

    async def take_in():
        inbox = GroupCommitInbox(desk.store)
        (running,) = await start_receivers(settings, inbox)
        await running.stop()
        await inbox.close()

    asyncio.run(take_in())
    claimed = desk.store.arrivals.claim("worker", desk.now())
    rules = load_rules(folder / "rules")
    handlers = Handlers(Grounds.build(DIRECTORY, rules, settings))
    request = JudgeRequest(claimed.arrival, claimed.arrival.received_at)
    judgement = handlers.of(claimed.arrival.media_type)(request, desk.store)
    number = desk.store.cases.record(claimed, judgement, as_json(judgement), desk.now())
    agent = Somebody(desk, "anne", Role.AGENCY, None)
    torn = readable_part(replace(claimed.arrival, raw=b"{"))
    print(json.dumps({
        "decision": as_json(judgement),
        "page": agent.get(f"/dossier/{number}").text,
        "condition": ", ".join(map(all_conditions()["channel"].says.values.get, ("fax", "email"))),
        "torn": torn.channel,
    }))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the program and its rules, that has a channel, a way in and a rule more."""
    folder = tmp_path_factory.mktemp("copy")
    program = folder / "dtm_contact"
    shutil.copytree(Path(dtm_contact.__file__).parent, program)
    shutil.copytree(ROOT / "rules", folder / "rules")
    channels = program / "model" / "channel.py"
    channels.write_text(channels.read_text(encoding="utf-8").replace(MEMBER, FAX + MEMBER, 1), encoding="utf-8")
    (program / "ingest" / "fax_machine.py").write_text(WAY_IN, encoding="utf-8")
    routing = folder / "rules" / "routing.yaml"
    before, comment, after = routing.read_text(encoding="utf-8").partition("# ----")
    routing.write_text(f"{before}{RULE}{comment}{after}", encoding="utf-8")
    return folder


def run(copy: Path, *arguments: str) -> str:
    environment = {"PYTHONPATH": f"{copy}:{ROOT}", "PATH": "/usr/bin:/bin", "DTM_RULES_DIR": str(copy / "rules")}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seen(copy: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(run(copy, "-c", WORK, str(copy)).splitlines()[-1])
    return found


def test_it_is_judged_by_a_rule_for_it(seen: Mapping[str, Any]) -> None:
    decision = seen["decision"]
    assert (decision["channel"], decision["rule"], decision["topic"]) == ("fax", "routing.yaml:telecopie", "water_leak")
    assert decision["residence"]["id"] == "R01"


def test_the_desk_and_the_explanation_name_it(seen: Mapping[str, Any]) -> None:
    assert " · télécopie · ouvert " in seen["page"]
    assert seen["condition"] == "télécopie, courriel"


def test_one_that_cannot_be_read_is_still_known_by_its_channel(seen: Mapping[str, Any]) -> None:
    assert seen["torn"] == "fax"


def test_the_schema_and_the_manual_of_the_rules_have_it(copy: Path) -> None:
    run(copy, "-m", "dtm_contact", "rules", "schema", str(copy / "rules"))
    schema = json.loads((copy / "rules" / "schema" / "routing.schema.json").read_text(encoding="utf-8"))
    assert "fax" in schema["$defs"]["when"]["properties"]["channel"]["anyOf"][0]["enum"]
    assert "fax" in schema["$defs"]["Channel"]["enum"]
    assert "`fax`" in run(copy, "-m", "dtm_contact", "rules", "conditions", "--markdown")


def test_the_rules_are_checked_and_tested_with_it(copy: Path) -> None:
    run(copy, "-m", "dtm_contact", "rules", "check")


def test_a_source_may_say_that_it_brings_it(copy: Path) -> None:
    sources = copy / "rules" / "sources.yaml"
    before = sources.read_text(encoding="utf-8")
    sources.write_text(before.replace("    channel: form\n", "    channel: fax\n", 1), encoding="utf-8")
    assert "channel: fax" in sources.read_text(encoding="utf-8")
    run(copy, "-m", "dtm_contact", "rules", "check")
    sources.write_text(before, encoding="utf-8")


def test_the_way_in_is_found_by_its_file(copy: Path) -> None:
    assert "fax_machine" in run(copy, "-c", "from dtm_contact.ingest import known_receivers; print(*known_receivers())")


def test_no_module_compares_a_channel_with_a_word() -> None:
    """Whoever asks what a channel is like asks its traits, so that one more channel is answered too."""
    found = []
    for path in sorted(Path(dtm_contact.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                sides = (node.left, *node.comparators)
                words = {side.value for side in sides if isinstance(side, ast.Constant)} & set(map(str, Channel))
                if words and any(isinstance(side, ast.Attribute) and side.attr == "channel" for side in sides):
                    found.append(f"{path.name}:{node.lineno}")
    assert found == []
