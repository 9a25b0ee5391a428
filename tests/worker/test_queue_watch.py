"""A case that no queue of today has is an alarm, once, until it is mended."""

import shutil
from dataclasses import replace
from pathlib import Path

from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.worker import QueueWatch
from tests.heard import made_alarms
from tests.rules.folders import GOOD
from tests.rules.once import load_once
from tests.store.samples import NOW, judgement, open_case


def renamed(folder: Path, formerly: str = "") -> RuleSet:
    """Return the sample rules with the queue of the bills under another name."""
    shutil.copytree(GOOD, folder)
    for name in ("queues.yaml", "routing.yaml"):
        text = (folder / name).read_text("utf-8").replace("  comptes:\n", f"  factures:\n{formerly}")
        (folder / name).write_text(text.replace("queue: comptes", "queue: factures"), "utf-8")
    return load_once(folder)


async def test_what_lies_in_no_queue_of_today_is_told_once_and_moved_once_it_can_be(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    assert settings.store.url.startswith("sqlite")
    number = open_case(store, "one", judgement(queue="comptes"))
    told: list[tuple[str, str]] = []
    alarms = made_alarms(lambda cause, text: told.append((cause, text)))
    rules = [renamed(tmp_path / "rules")]
    watch = QueueWatch(store, alarms, rules=lambda: rules[-1], clock=lambda: NOW)
    try:
        await watch.look()
        await watch.look()
        assert [cause for cause, _ in told] == ["queues"] == list(alarms.lasting)
        assert "where nobody looks: comptes (1)." in told[0][1]
        rules.append(renamed(tmp_path / "mended", "    formerly: [comptes, bills]\n"))
        await watch.look()
        assert alarms.lasting == ()
        file = store.cases.get(number)
        assert (file.case.queue, file.events[-1].what, file.events[-1].who) == ("factures", "queue renamed", "worker")
        await watch.look()
        assert store.cases.get(number).events == file.events
    finally:
        watch.close()


async def test_an_office_s_own_queue_is_one_of_today_as_long_as_there_is_the_office(
    store: Store, settings: Settings
) -> None:
    assert settings.store.url.startswith("sqlite")
    open_case(store, "one", judgement(queue="vanves"))
    told: list[str] = []
    alarms = made_alarms(lambda cause, _: told.append(cause))
    rules = load_once(GOOD)
    watch = QueueWatch(store, alarms, rules=lambda: rules, clock=lambda: NOW)
    try:
        records = store.directory.load()
        offices = (*records.offices, replace(records.offices[1], office_id="vanves"))
        store.directory.save(replace(records, offices=offices), "import", NOW)
        await watch.look()
        assert told == []
        store.directory.save(records, "import", NOW)
        await watch.look()
        assert told == ["queues"]
    finally:
        watch.close()
