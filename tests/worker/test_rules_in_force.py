"""The folder that admins write in, and the rules in force: what is taken up, what is refused, what a restart runs."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from dtm_contact.errors import InvalidFilesError, StoreUnavailableError
from dtm_contact.rules import load_in_force
from dtm_contact.rules.reader_files import FORMER_MODEL, SHIPPED_MODEL
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import RulesSettings, Settings
from dtm_contact.store import Store
from dtm_contact.store.rule_versions import pack
from dtm_contact.worker import rules_in_force
from dtm_contact.worker.rules_in_force import (
    ALARM,
    FAULTY,
    MODEL,
    UNREADABLE,
    Copies,
    LoadedRules,
    RulesWatch,
    at_start,
    quiet_copy,
    try_rules,
)
from tests.heard import made_alarms
from tests.worker.test_judge_process import Child

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GOOD = Path(__file__).parents[1] / "rules" / "good"


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "routing.yaml").read_text("utf-8")
    assert old in text
    (folder / "routing.yaml").write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / "rules")
    change(tmp_path / "rules", "not: {office: sud}", "not: {channel: desk}")
    return tmp_path / "rules"


@pytest.fixture
def ruled(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"rules": RulesSettings(dir=folder)})


class Scene:
    """A watch over a folder whose judges are a list."""

    def __init__(self, settings: Settings, store: Store, folder: Path) -> None:
        self.told: dict[str, str] = {}
        self.alarms = made_alarms(self.told.__setitem__)
        self.copies = Copies(settings, folder)
        self.taken_up: list[LoadedRules] = []
        self._settings = settings
        self._store = store

    async def start(self) -> RulesWatch:
        copy = await quiet_copy(self.copies)
        found = await at_start(self._settings, self._store, self.copies, copy, self.alarms, NOW)
        return RulesWatch(
            self._settings,
            self._store,
            self.copies,
            self.alarms,
            in_force=found,
            clock=lambda: NOW,
            use_rules=self.taken_up.append,
        )


@pytest.fixture
def scene(ruled: Settings, store: Store, tmp_path: Path) -> Scene:
    (tmp_path / "copies").mkdir()
    return Scene(ruled, store, tmp_path / "copies")


async def test_a_sound_change_is_taken_up_once_the_folder_is_quiet(scene: Scene, store: Store, folder: Path) -> None:
    watch = await scene.start()
    before = watch.in_force.rules.version
    change(folder, "then: {queue: comptes}", "then: {queue: nord}")
    await watch.look()
    assert watch.in_force.rules.version == before
    await watch.look()
    assert watch.in_force.rules.version != before
    assert scene.taken_up == [watch.in_force]
    (told,) = store.rule_versions.in_force()
    assert (told.version, told.refused) == (watch.in_force.rules.version, None)
    assert [change.taken for change in store.rule_versions.changes(9)] == [True, True]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("topic: gas", "topik: gas", "unknown condition topik (did you mean topic?)"),
        ("holds: false", "holds: true", "the test expects that gaz decides"),
        ("- id: gaz", "- id: gaz\n\tx", "routing.yaml:2:"),
    ],
    ids=["an error", "a test that fails", "no YAML"],
)
async def test_what_is_broken_is_refused_and_the_rules_in_force_stay(
    scene: Scene, store: Store, folder: Path, old: str, new: str, said: str
) -> None:
    watch = await scene.start()
    before = watch.in_force
    change(folder, old, new)
    for _ in range(4):
        await watch.look()
    assert (watch.in_force, scene.taken_up) == (before, [])
    (told,) = store.rule_versions.in_force()
    assert told.version == before.rules.version
    assert said in "\n".join(told.problems)
    assert scene.alarms.lasting == (ALARM,)
    assert [change.taken for change in store.rule_versions.changes(9)] == [False, True]


async def test_a_broken_change_that_is_taken_back_is_over(scene: Scene, store: Store, folder: Path) -> None:
    watch = await scene.start()
    change(folder, "topic: gas", "topik: gas")
    for _ in range(2):
        await watch.look()
    change(folder, "topik: gas", "topic: gas")
    for _ in range(2):
        await watch.look()
    assert scene.taken_up == []
    assert store.rule_versions.in_force()[0].refused is None
    assert not scene.alarms.lasting


async def test_a_restart_with_a_broken_folder_runs_the_last_good_rules(
    scene: Scene, store: Store, folder: Path
) -> None:
    good = (await scene.start()).in_force.rules
    change(folder, "topic: gas", "topik: gas")
    watch = await scene.start()
    assert watch.in_force.rules.version == good.version
    assert scene.alarms.lasting == (ALARM,)
    assert store.rule_versions.in_force()[0].refused is not None
    change(folder, "topik: gas", "topic: fire")
    change(folder, "odeur de gaz", "appartement")
    change(folder, "holds: true", "holds: false")
    for _ in range(2):
        await watch.look()
    assert scene.alarms.lasting == (ALARM,)
    change(folder, "topic: fire", "topic: gas")
    for _ in range(2):
        await watch.look()
    assert watch.in_force.rules.version != good.version
    assert not scene.alarms.lasting


async def test_a_restart_with_rules_whose_tests_fail_runs_the_last_good_ones(scene: Scene, folder: Path) -> None:
    good = (await scene.start()).in_force.rules
    change(folder, "holds: false", "holds: true")
    assert (await scene.start()).in_force.rules.version == good.version
    assert scene.alarms.lasting == (ALARM,)


async def test_a_broken_folder_without_earlier_rules_is_refused(scene: Scene, folder: Path) -> None:
    change(folder, "topic: gas", "topik: gas")
    with pytest.raises(InvalidFilesError, match="topik"):
        await scene.start()


def leave_a_danger_untold(folder: Path) -> None:
    """Write a rule that today's check refuses, as one may have stood there when the check did not."""
    rule = "- id: mairie\n  when: {text: {contains: mairie}}\n  then: {queue: comptes}\n"
    (folder / "routing.yaml").write_text(rule + (folder / "routing.yaml").read_text("utf-8"), "utf-8")


UNTOLD = "routing.yaml:1:3: error: the rule mairie decides for P1 of any topic, and nobody on call is told"


async def test_rules_in_force_that_a_new_check_refuses_judge_on_and_the_admins_are_told(
    scene: Scene, store: Store, folder: Path
) -> None:
    leave_a_danger_untold(folder)
    store.rule_versions.put_in_force("daemon", digest(folder), pack(folder), NOW)
    watch = await scene.start()
    assert watch.in_force.rules.version == digest(folder)
    assert watch.in_force.rules.rules[0].id == "mairie"
    assert scene.alarms.lasting == (FAULTY,)
    assert UNTOLD in scene.told[FAULTY]
    change(folder, "then: {queue: comptes}", "then: {queue: comptes, answer: gaz}")
    for _ in range(2):
        await watch.look()
    assert scene.taken_up == []
    assert set(scene.alarms.lasting) == {FAULTY, ALARM}
    change(folder, "then: {queue: comptes, answer: gaz}", "then: {queue: comptes, notify: [on_call]}")
    for _ in range(2):
        await watch.look()
    assert scene.taken_up == [watch.in_force]
    assert not scene.alarms.lasting


async def test_rules_that_an_earlier_version_took_are_known_again_though_it_counted_the_learned_model(
    scene: Scene, store: Store, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_a_danger_untold(folder)
    change(folder, 'text: "Mon loyer", holds: false', 'text: "Mon loyer", holds: true')
    (folder / FORMER_MODEL).write_bytes(b"of then")
    store.rule_versions.put_in_force("daemon", "0123456789ab", _with_model(folder), NOW)
    watch = await scene.start()
    assert watch.in_force.rules.version == digest(folder)
    assert scene.alarms.lasting == (FAULTY,)
    (told,) = store.rule_versions.in_force()
    assert (told.version, told.refused) == (digest(folder), None)
    log = [line for line in capsys.readouterr().err.splitlines() if FORMER_MODEL in line]
    assert len(log) == 1
    assert "can be deleted" in log[0]
    assert (folder / FORMER_MODEL).exists()
    assert not (watch.in_force.settings.rules.dir / FORMER_MODEL).exists()


def _with_model(folder: Path) -> bytes:
    archive = pack(folder)
    assert FORMER_MODEL.encode() in archive
    return archive


async def test_new_rules_that_leave_a_danger_untold_do_not_take_the_place_of_the_last_good_ones(
    scene: Scene, folder: Path
) -> None:
    good = (await scene.start()).in_force.rules
    leave_a_danger_untold(folder)
    assert (await scene.start()).in_force.rules.version == good.version
    assert scene.alarms.lasting == (ALARM,)
    assert UNTOLD in scene.told[ALARM]


async def test_where_there_are_no_others_rules_that_leave_a_danger_untold_judge(scene: Scene, folder: Path) -> None:
    leave_a_danger_untold(folder)
    watch = await scene.start()
    assert watch.in_force.rules.rules[0].id == "mairie"
    assert UNTOLD in scene.told[FAULTY]


async def test_rules_with_a_fault_judge_where_those_in_force_cannot_be_read_any_more(
    scene: Scene, store: Store, folder: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    change(before, "topic: gas", "topik: gas")
    store.rule_versions.put_in_force("daemon", "0123456789ab", pack(before), NOW)
    change(folder, "holds: false", "holds: true")
    watch = await scene.start()
    assert watch.in_force.rules.version == digest(folder)
    assert scene.alarms.lasting == (FAULTY,)
    assert "the test expects that gaz decides" in scene.told[FAULTY]
    store.rule_versions.put_in_force("daemon", "0123456789ab", pack(before), NOW)
    change(folder, "topic: gas", "topik: gas")
    with pytest.raises(InvalidFilesError, match="topik"):
        await scene.start()


async def test_a_learned_model_that_cannot_be_used_is_told_and_the_programs_own_is_heard(
    ruled: Settings, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "model").write_bytes(b"of an earlier version")
    scene = Scene(ruled.model_copy(update={"model": tmp_path / "model"}), store, tmp_path / "copies")
    watch = await scene.start()
    assert watch.in_force.settings.model is None
    assert scene.alarms.lasting == (MODEL,)
    told = f"{tmp_path / 'model'}: error: The file is no model that this program can read"
    assert told in scene.told[MODEL]


async def test_all_that_judges_hears_the_same_model_until_the_next_start(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "copies").mkdir()
    shutil.copyfile(SHIPPED_MODEL, tmp_path / "model")
    scene = Scene(settings.model_copy(update={"model": tmp_path / "model"}), store, tmp_path / "copies")
    (tmp_path / "model").write_bytes(b"another")
    watch = await scene.start()
    assert watch.in_force.rules.model_version == load_in_force(settings.rules.dir).model_version != ""
    assert not scene.alarms.lasting


@pytest.mark.parametrize("absolute", [True, False])
async def test_a_file_that_is_a_link_is_refused_and_what_it_leads_to_never_kept(
    scene: Scene, folder: Path, tmp_path: Path, *, absolute: bool
) -> None:
    (tmp_path / "secret").write_text("Le mot de passe du courrier : 7391.", "utf-8")
    answer = next((folder / "answers").iterdir())
    answer.unlink()
    answer.symlink_to(tmp_path / "secret" if absolute else Path("../..") / "secret")
    assert "7391" in answer.read_text("utf-8")
    with pytest.raises(InvalidFilesError, match="a link to another file"):
        await scene.start()
    assert b"7391" not in pack(folder)


async def test_a_folder_of_answers_that_is_a_link_is_refused(scene: Scene, folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "answers", tmp_path / "elsewhere")
    (folder / "answers").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidFilesError, match="this is no answer"):
        await scene.start()


async def test_a_copy_is_whole_or_none(ruled: Settings, folder: Path, tmp_path: Path) -> None:
    class Hasty(Copies):
        def version(self) -> str:
            found = super().version()
            with (folder / "routing.yaml").open("a") as file:
                file.write("\n")
            return found

    (tmp_path / "copies").mkdir()
    assert Hasty(ruled, tmp_path / "copies").take() is None


async def test_a_trial_that_takes_too_long_is_refused(ruled: Settings) -> None:
    hasty = ruled.model_copy(update={"rules": RulesSettings(dir=ruled.rules.dir, trial_seconds=0.001)})
    outcome = await try_rules(hasty)
    assert not outcome.is_sound
    assert "could not be tried within 0.001 s" in str(outcome.errors[0])


async def test_a_trial_whose_process_ends_is_refused(ruled: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended() -> object:
        raise EOFError

    async def start(_first: object) -> Child:
        return child

    child = Child(ended)
    monkeypatch.setattr(rules_in_force, "Child", SimpleNamespace(start=start))
    outcome = await try_rules(ruled)
    assert not outcome.is_sound
    assert "the process that tried them ended" in str(outcome.errors[0])
    assert child.killed


async def test_what_the_store_could_not_keep_is_not_in_force_and_is_tried_again(
    scene: Scene, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = await scene.start()
    before = watch.in_force
    change(folder, "then: {queue: comptes}", "then: {queue: nord}")
    await watch.look()

    def fail(*_: object) -> None:
        raise StoreUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(store.rule_versions, "put_in_force", fail)
        with pytest.raises(StoreUnavailableError):
            await watch.look()
    assert (watch.in_force, scene.taken_up) == (before, [])
    await watch.look()
    assert scene.taken_up == [watch.in_force]
    assert watch.in_force.rules.version != before.rules.version


async def test_a_folder_that_cannot_be_read_is_an_alarm_that_names_it_until_it_can(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = await scene.start()
    with monkeypatch.context() as patch:
        patch.setattr("dtm_contact.worker.rules_in_force.digest", _denied)
        await watch.look()
        assert scene.alarms.lasting == (UNREADABLE,)
        with pytest.raises(InvalidFilesError, match=r"cannot be read: Permission denied: .*routing\.yaml"):
            await quiet_copy(scene.copies)
    await watch.look()
    assert not scene.alarms.lasting


def _denied(folder: Path) -> str:
    raise PermissionError(13, "Permission denied", str(folder / "routing.yaml"))


async def test_a_reload_takes_up_a_change_at_once_and_tries_again_what_was_refused(scene: Scene, folder: Path) -> None:
    watch = await scene.start()
    before = watch.in_force.rules.version
    change(folder, "then: {queue: comptes}", "then: {queue: nord}")
    await watch.reload()
    assert watch.in_force.rules.version != before
    change(folder, "topic: gas", "topik: gas")
    await watch.reload()
    assert list(scene.alarms.lasting) == [ALARM]
    scene.told.clear()
    scene.alarms.over(ALARM)
    await watch.look()
    assert list(scene.alarms.lasting) == [], "looking alone does not try it again"
    await watch.reload()
    assert list(scene.alarms.lasting) == [ALARM]
    change(folder, "topik: gas", "topic: gas")
    await watch.reload()
    assert list(scene.alarms.lasting) == []


async def test_however_many_changes_are_refused_judges_can_load_the_rules_in_force(scene: Scene, folder: Path) -> None:
    watch = await scene.start()
    for number in range(5):
        change(folder, "topic: gas" if number == 0 else f"topik{number - 1}: gas", f"topik{number}: gas")
        await watch.reload()
    copies = {path.name for path in watch.in_force.settings.rules.dir.parent.iterdir()}
    assert digest(watch.in_force.settings.rules.dir) == watch.in_force.rules.version
    assert len(copies) <= 4, "the others go"


async def test_what_was_refused_before_a_restart_is_not_tried_again_until_it_changes(
    scene: Scene, store: Store, folder: Path
) -> None:
    good = (await scene.start()).in_force.rules.version
    change(folder, "topic: gas", "topik: gas")
    watch = await scene.start()
    tried = store.rule_versions.changes(9)
    scene.told.clear()
    for _ in range(3):
        await watch.look()
    assert store.rule_versions.changes(9) == tried
    assert not scene.told
    assert list(scene.alarms.lasting) == [ALARM], "nor is it forgotten"
    change(folder, "topik: gas", "topic: gas")
    for _ in range(2):
        await watch.look()
    assert list(scene.alarms.lasting) == []
    assert watch.in_force.rules.version == good


async def test_what_another_daemon_refused_keeps_none_from_trying_it(scene: Scene, store: Store, folder: Path) -> None:
    await scene.start()
    change(folder, "then: {queue: comptes}", "then: {queue: nord}")
    store.rule_versions.put_in_force("other", "0123456789ab", pack(folder), NOW)
    store.rule_versions.refuse("other", digest(folder), (), NOW)
    change(folder, "then: {queue: nord}", "then: {queue: comptes}")
    watch = await scene.start()
    change(folder, "then: {queue: comptes}", "then: {queue: nord}")
    for _ in range(2):
        await watch.look()
    assert watch.in_force.rules.version == digest(folder)


async def test_the_last_good_rules_whose_fault_a_new_check_finds_are_told_of_beside_the_refused_ones(
    scene: Scene, store: Store, folder: Path
) -> None:
    leave_a_danger_untold(folder)
    store.rule_versions.put_in_force("daemon", digest(folder), pack(folder), NOW)
    change(folder, "topic: gas", "topik: gas")
    watch = await scene.start()
    assert watch.in_force.rules.rules[0].id == "mairie"
    assert set(scene.alarms.lasting) == {ALARM, FAULTY}
    assert UNTOLD in scene.told[FAULTY]


async def test_a_judge_that_is_loading_the_rules_before_the_last_change_finds_them(scene: Scene, folder: Path) -> None:
    watch = await scene.start()
    before = watch.in_force.settings.rules.dir
    change(folder, "then: {queue: comptes}", "then: {queue: nord}")
    await watch.reload()
    assert watch.in_force.settings.rules.dir != before
    change(folder, "topic: gas", "topik: gas")
    await watch.reload()
    assert load_in_force(before).rules
