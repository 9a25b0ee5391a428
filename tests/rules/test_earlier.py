"""Rules folders of earlier versions of the program: an upgrade reads them, and the daemon judges by them.

Each folder of `earlier/` is what the program shipped at a time. Those before 0.2.0 have words in `topics.yaml`, only
those that the folder's own tests needed, of which none is read any more, and no phrases.

- `first_calls`: calls have become messages; nothing is learned yet, no escalation, no history in conditions;
- `first_model`: the first learned model lies beside the words; rules may add, queues escalate;
- `other_landlords`: who asks and what they wish can be asked for by rules;
- `to_translate`: the last ones beside which a learned model lay;
- `version_0_2_0`: phrases, two tiers of alarm, a register.
"""

import asyncio
import re
import shutil
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest
from click.testing import CliRunner, Result

from dtm_contact.cli import cli
from dtm_contact.daemon import daemon
from dtm_contact.directory import read_export
from dtm_contact.rules import load_rules
from dtm_contact.rules.reader_files import FORMER_MODEL
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import JudgeSettings, MonitorSettings, RulesSettings, Settings, SmtpSettings, StoreSettings
from dtm_contact.store import open_store
from dtm_contact.store.rule_versions import pack
from tests.store.fresh import fresh_store

HERE = Path(__file__).parent
EARLIER = sorted(path for path in (HERE / "earlier").iterdir() if path.is_dir())
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
UNTOLD = "- id: mairie\n  when: {text: {contains: mairie}}\n  then: {queue: office}\n"


@pytest.fixture(params=EARLIER, ids=[path.name for path in EARLIER])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A rules folder as an earlier version of the program left it, its learned model included."""
    shutil.copytree(request.param, tmp_path / "rules")
    (tmp_path / "rules" / FORMER_MODEL).write_bytes(b"what was learned then")
    return tmp_path / "rules"


@pytest.fixture
def settings(folder: Path, tmp_path: Path) -> Settings:
    """A daemon that judged by the folder before the program was upgraded."""
    found = Settings(
        store=StoreSettings(url=f"sqlite:///{tmp_path}/store.db"),
        rules=RulesSettings(dir=folder),
        smtp=SmtpSettings(port=0),
        monitor=MonitorSettings(port=0),
        judge=JudgeSettings(processes=1, pause=0.05),
    )
    fresh_store(found.store.url)
    with open_store(found.store.url) as store:
        store.directory.save(read_export(HERE.parent / "directory" / "good")[0], "import", AT)
        store.rule_versions.put_in_force(found.name, "as it was told", pack(folder), AT)
    return found


def test_each_is_read_and_only_what_is_not_read_any_more_is_remarked_upon(folder: Path) -> None:
    model, *words = load_rules(folder).problems
    assert str(model) == (
        f"{FORMER_MODEL}: warning: this file is not read any more: the learned model comes with the program (delete it)"
    )
    about_words = "topics.yaml:1:10: warning: topics.yaml is of an earlier version (its words are not read"
    has_words = not (folder / "phrases.yaml").exists()
    assert [str(problem).startswith(about_words) for problem in words] == [True] * has_words


def test_the_check_finds_nothing_but_tests_of_what_is_understood_otherwise_since_then(folder: Path) -> None:
    done = _checked(folder)
    errors = [line for line in done.output.splitlines() if ": error: " in line]
    assert all(re.match(r"routing\.yaml:\d+:\d+: error: the test expects", line) for line in errors), errors
    assert done.return_value == bool(errors)
    assert done.output.count(FORMER_MODEL) == 1


async def test_the_daemon_judges_a_message_by_it(settings: Settings) -> None:
    async with daemon(settings) as running:
        await _send(running.addresses["smtp"], "Forte odeur de gaz dans le hall")
        async with asyncio.timeout(60):
            while running.store.arrivals.waiting():
                await asyncio.sleep(0.02)
        (case,) = running.store.cases.queue()
        (told,) = running.store.rule_versions.in_force()
    assert (case.topic, case.priority, case.rule) == ("gas", "P1", "routing.yaml:urgence-gaz")
    assert (told.version, told.refused) == (digest(settings.rules.dir), None)


@pytest.mark.parametrize("folder", EARLIER[-1:], ids=["to_translate"], indirect=True)
async def test_a_rule_of_then_that_a_new_check_refuses_keeps_the_daemon_from_nothing(
    settings: Settings, folder: Path
) -> None:
    (folder / "routing.yaml").write_text(UNTOLD + (folder / "routing.yaml").read_text("utf-8"), "utf-8")
    with open_store(settings.store.url) as store:
        store.rule_versions.put_in_force(settings.name, "as it was told then", pack(folder), AT)
    async with daemon(settings) as running:
        await _send(running.addresses["smtp"], "Il y a une forte odeur de gaz dans tout le hall de la mairie annexe")
        async with asyncio.timeout(60):
            while running.store.arrivals.waiting():
                await asyncio.sleep(0.02)
        (case,) = running.store.cases.queue()
    assert (case.priority, case.rule) == ("P1", "routing.yaml:mairie")
    done = _checked(folder)
    assert done.return_value == 1
    assert "routing.yaml:1:3: error: the rule mairie decides for P1 of any topic, and nobody on call is told" in (
        done.output
    )


def _checked(folder: Path) -> Result:
    no_store = {"DTM_STORE_URL": f"sqlite:///{folder.parent}/none.db"}
    return CliRunner().invoke(cli, ["rules", "check", str(folder)], standalone_mode=False, env=no_store)


async def _send(address: str, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "p@free.example", "metropole@parishabitat.fr", "Bonjour"
    message.set_content(text)
    host, _, port = address.rpartition(":")
    await aiosmtplib.send(message, hostname=host, port=int(port), timeout=30)
