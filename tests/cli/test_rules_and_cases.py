"""The commands on rules that look at the store: what is in force, what was, what other rules would move."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from dtm_contact.cli import cli
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, Problem
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rules import load_rules
from dtm_contact.rules.reader_files import FORMER_MODEL
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import pack
from tests.rules.once import load_once
from tests.store.fresh import fresh_store

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
SHUTTER = (
    "From: Locataire <l1@tenant.example>\r\nSubject: Volet\r\nMessage-ID: <1@tenant.example>\r\n\r\n"
    "Le volet de ma chambre est cassé.\r\n"
)
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("tests"))
    return tmp_path / "rules"


def come(store: Store, grounds: Grounds, raw: str, at: datetime) -> None:
    """Have a message judged and recorded."""
    arrival = Arrival("file", f"m{hash(raw)}", at, "message/rfc822", None, raw.encode())
    store.arrivals.accept([arrival])
    claimed = store.arrivals.claim("test", at)
    assert claimed is not None
    with store.history(arrival) as history:
        judgement = judge(arrival, at, grounds, history)
    store.cases.record(claimed, judgement, as_json(judgement), at)


@pytest.fixture
def store(tmp_path: Path, folder: Path) -> Iterator[Store]:
    """A store with one case on a shutter, which waits for the offices to open, and the rules of the folder in force."""
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    with open_store(url) as opened:
        records, _warnings = read_export(ROOT / "tests" / "directory" / "good")
        opened.directory.save(records, "import", NOW)
        at = NOW - timedelta(days=1)
        come(opened, Grounds.build(Directory(records), load_once(folder), Settings()), SHUTTER, at)
        opened.rule_versions.put_in_force("daemon", digest(folder), pack(folder), at)
        yield opened


@pytest.fixture
def run(tmp_path: Path, folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Run:
    assert store.arrivals.waiting() == 0
    monkeypatch.setenv("DTM_STORE_URL", f"sqlite:///{tmp_path}/store.db")
    monkeypatch.setenv("DTM_RULES_DIR", str(folder))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["rules", *arguments], standalone_mode=False, catch_exceptions=False)

    return call


def send_shutters_elsewhere(folder: Path) -> None:
    routing = (folder / "routing.yaml").read_text("utf-8")
    rule = "- id: essai\n  when: {topic: joinery}\n  then: {queue: agence-sinistres}\n"
    (folder / "routing.yaml").write_text(routing.replace("- id: fuite\n", f"{rule}- id: fuite\n"), "utf-8")


def test_status_tells_what_is_in_force_and_what_is_refused(run: Run, store: Store, folder: Path) -> None:
    version = digest(folder)
    done = run("status")
    assert f"daemon: version {version} in force since" in done.output
    assert f"holds version {version}, which is in force" in done.output
    assert done.return_value == 0
    send_shutters_elsewhere(folder)
    assert f"holds version {digest(folder)}, which is not in force: a daemon" in run("status").output
    store.rule_versions.refuse("daemon", digest(folder), [Problem("routing.yaml", 2, 1, "no")], NOW)
    refused = run("status")
    assert f"version {digest(folder)} REFUSED at" in refused.output
    assert f"holds version {digest(folder)}, which is refused" in refused.output
    assert "  routing.yaml:2:1: error: no" in refused.output
    assert refused.return_value == 1


def test_history_tells_what_each_version_changed_and_restore_takes_one_back(
    run: Run, store: Store, folder: Path
) -> None:
    before = digest(folder)
    send_shutters_elsewhere(folder)
    (folder / "answers" / "neuf.fr.txt").write_text("Bonjour.\n", "utf-8")
    (folder / "phrases-plus.yaml").write_text("version: 1\npossible: [arc électrique]\n", "utf-8")
    (folder / "phrases-plus.yaml~").write_text("version: 1\n", "utf-8")
    refused = CliRunner().invoke(cli, ["rules", "restore", before])
    assert "never in force" in refused.output
    store.rule_versions.put_in_force("daemon", digest(folder), pack(folder), NOW)
    assert "+answers/neuf.fr.txt, +essai, +phrases-plus.yaml" in run("history").output
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "a-moi.yaml").write_text("[]\n", "utf-8")
    done = run("restore", before)
    assert done.return_value is None
    assert digest(folder) == before
    assert not (folder / "answers" / "neuf.fr.txt").exists()
    assert {path.name for path in folder.glob("phrases-plus*")} == {"phrases-plus.yaml~"}
    assert "a-moi.yaml~: put aside" in done.output
    assert (folder / "tests" / "a-moi.yaml~").read_text("utf-8") == "[]\n"


def test_replay_tells_what_would_move_and_moves_what_is_open(run: Run, store: Store, folder: Path) -> None:
    assert run("replay").return_value == 0
    send_shutters_elsewhere(folder)
    assert run("replay").return_value == 1
    done = run("replay", "--apply-open")
    assert done.return_value == 0
    assert "1 contact decided again, and understood as they were, by version" in done.output
    assert "1 would lie elsewhere, 0 be treated otherwise there" in done.output
    assert "1 open case moved; 0 stay" in done.output
    (case,) = store.cases.queue()
    assert case.queue == "agence-sinistres"


def test_replay_understands_anew_where_another_learned_model_is_heard_and_names_both(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = load_rules(folder).reader.model
    (tmp_path / "model.npz").write_bytes(replace(then, about={"made": "again"}).packed())
    monkeypatch.setenv("DTM_MODEL", str(tmp_path / "model.npz"))
    now = load_rules(folder, model=tmp_path / "model.npz").model_version
    told = run("replay").output
    assert now != then.digest
    assert "1 contact understood anew and decided again" in told
    assert f"learned model: {now}; when they were judged: {then.digest} (1 message)" in told


def test_replay_understands_anew_where_phrases_changed(run: Run, folder: Path) -> None:
    (folder / "phrases-plus.yaml").write_text("version: 1\ntopic: [{phrase: volet, topic: pests}]\n", "utf-8")
    assert "1 contact understood anew and decided again" in run("replay").output


def test_replay_understands_anew_what_other_phrases_judged_than_those_that_are_in_force_by_now(
    run: Run, store: Store, folder: Path
) -> None:
    (folder / "phrases-plus.yaml").write_text("version: 1\ntopic: [{phrase: volet, topic: pests}]\n", "utf-8")
    store.rule_versions.put_in_force("daemon", digest(folder), pack(folder), NOW)
    assert "1 contact understood anew and decided again" in run("replay").output


def test_try_tells_what_a_phrase_would_have_changed_and_nothing_that_was_written(run: Run, store: Store) -> None:
    (case,) = store.cases.queue()
    done = run("try", "--phrase", "volet ... cassé", "--does", "danger")
    assert done.return_value == 1
    lines = [" ".join(line.split()) for line in done.stdout.splitlines() if line.strip()]
    assert lines[:3] == [
        "1 message or call read again; the phrase stands in 1 of them",
        "1 alarms raised to certain, 0 to possible, 0 lowered; 0 other topics; 0 would lie elsewhere",
        "the on-call service: told of 1 more, of 0 no more",
    ]
    assert lines[-1].startswith(f"DANGER {case.number} ")
    assert lines[-1].endswith("none → certain joinery")
    assert "chambre" not in done.output
    assert "tenant.example" not in done.output
    nowhere = run("try", "--phrase", "volet de la cuisine", "--does", "danger")
    assert "the phrase stands in 0 of them" in nowhere.output
    assert nowhere.return_value == 0


def test_try_tells_what_another_folder_of_phrases_would_have_changed(run: Run, store: Store, folder: Path) -> None:
    (case,) = store.cases.queue()
    (folder / "phrases-plus.yaml").write_text("version: 1\ntopic: [{phrase: volet, topic: pests}]\n", "utf-8")
    *_, changed, counts = run("try", str(folder), "--json").output.splitlines()
    told = json.loads(changed)
    assert (told["case"], told["alarm"], told["topic"]) == (case.number, ["none", "none"], ["joinery", "pests"])
    assert json.loads(counts)["other_topic"] == 1
    assert run("try", str(folder), "--phrase", "volet", "--does", "topic", "--topic", "joinery").return_value == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a folder of rules, or give --phrase and --does"),
        (("--phrase", "volet"), "say what the phrase does: --does always_danger|danger|"),
        (("--phrase", "volet", "--does", "topic"), "--topic goes with --does topic"),
        (("--phrase", "volet", "--does", "danger", "--topic", "gas"), "--topic goes with --does topic"),
        (("--phrase", "volet", "--does", "topic", "--topic", "joinry"), "unknown topic joinry (did you mean joinery?)"),
        (("--phrase", "?!", "--does", "danger"), "the phrase has no word to look for"),
    ],
)
def test_try_says_what_it_needs(run: Run, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(click.UsageError, match=re.escape(told)):
        run("try", *arguments)


def test_a_version_of_when_the_learned_model_was_counted_is_restored_without_it(
    run: Run, store: Store, folder: Path
) -> None:
    now = digest(folder)
    (folder / FORMER_MODEL).write_bytes(b"what was learned then")
    store.rule_versions.put_in_force("daemon", "0123456789ab", pack(folder), NOW)
    (folder / FORMER_MODEL).unlink()
    send_shutters_elsewhere(folder)
    assert "holds version 0123456789ab again, which is told as " in run("restore", "--force", "0123456789ab").output
    assert (digest(folder), (folder / FORMER_MODEL).exists()) == (now, False)


def test_replay_lists_dangers_first_and_marks_them(run: Run, store: Store, folder: Path) -> None:
    grounds = Grounds.build(Directory(store.directory.load()), load_once(folder), Settings())
    come(store, grounds, SHUTTER.replace("1@", "2@").replace("cassé", "coincé").replace("l1", "l2"), NOW)
    gas = "Ça sent très fort le gaz dans le hall depuis ce matin."
    come(store, grounds, SHUTTER.replace("1@", "3@").replace("Le volet de ma chambre est cassé.", gas), NOW)
    send_shutters_elsewhere(folder)
    routing = (folder / "routing.yaml").read_text("utf-8")
    waived = routing.replace(
        "  then: {queue: office, notify: [on_call, caretaker], answer: urgence-gaz}\n",
        "  then: {queue: office, answer: urgence-gaz}\n  waiver: un essai\n",
    )
    (folder / "routing.yaml").write_text(waived, "utf-8")
    lines = [line.strip() for line in run("replay").output.splitlines()]
    assert "1 of them is a danger that would lie elsewhere, be told to others, or be none: see first" in lines
    marked = [number for number, line in enumerate(lines) if "DANGER" in line]
    ways = lines.index("Where they go")
    listed = next(number for number, line in enumerate(lines) if line.startswith("All of them"))
    assert marked == [ways + 2, listed + 2]
    assert "tells on_call, caretaker" in lines[marked[0]]
    assert lines[ways + 3].split()[0] == "2"


def test_a_misrouted_case_becomes_a_test_without_what_its_writer_said(run: Run, store: Store, folder: Path) -> None:
    (case,) = store.cases.queue()
    done = run("new-test", case.number, "--queue", "agence-sinistres")
    assert done.return_value is None
    (test,) = yaml.safe_load((folder / "tests" / f"{case.number}.yaml").read_text("utf-8"))
    assert (test["topic"], test["expect"]) == (["joinery"], {"queue": "agence-sinistres"})
    assert "l1" not in test["sender"]
    assert "text" not in test
    told = f"tests/{case.number}.yaml:1:3: error: the test expects queue agence-sinistres, and it is agence-accueil"
    failing = run("test")
    assert failing.return_value == 1
    assert told in failing.output
    send_shutters_elsewhere(folder)
    assert told not in run("test").output


def test_a_possible_danger_becomes_a_test_of_one(run: Run, store: Store, folder: Path) -> None:
    grounds = Grounds.build(Directory(store.directory.load()), load_rules(folder), Settings())
    come(store, grounds, SHUTTER.replace("1@", "4@").replace("Le volet", "Des fils nus, et le volet"), NOW)
    (number,) = (case.number for case in store.cases.queue() if case.priority == "P2")
    run("new-test", number)
    (test,) = yaml.safe_load((folder / "tests" / f"{number}.yaml").read_text("utf-8"))
    assert (test["priority"], test["alarm"]) == ("P2", "possible")
    assert f"tests/{number}.yaml" not in run("test").output


def test_check_finds_rules_that_decided_nothing(run: Run) -> None:
    done = run("check", "--since", "90d")
    assert done.return_value == 0
    assert "the rule urgence-gaz decided nothing in 90 days" in done.output
    assert "the rule logement-et-immeuble decided nothing" not in done.output
