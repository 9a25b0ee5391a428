"""An office is split: four residences of Malakoff go to a new office, and none of their open cases stays behind."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dtm_contact.cases import Command, apply
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.cli import cli
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Channel, Contact, Judgement, Likely, Mailbox, Match, Priority, Understanding
from dtm_contact.model.decision import CaseKind
from dtm_contact.rules import RuleSet, decide
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.store.rule_versions import pack
from tests.rules.once import load_once
from tests.store.fresh import fresh_store
from tests.store.samples import arrival

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
GIVEN = ("R013", "R014", "R047", "R048")
STAYS = "R012"
CASES = ("R048", "R048", "R048", "R047", "R047", "R047", "R013", "R014", STAYS)
Run = Callable[..., Result]
Act = Callable[..., None]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample directory, small enough to be imported often: its offices and residences, and a few people."""
    folder = tmp_path_factory.mktemp("export") / "directory"
    shutil.copytree(ROOT / "fixtures" / "directory", folder)
    kept: set[str] = set()
    for name in ("dwellings.csv", "tenants.csv"):
        head, *lines = (folder / name).read_text("utf-8-sig").splitlines()
        place = head.split(",").index("dwelling_id")
        few = [line for line in lines if not kept or line.split(",")[place] in kept][: 300 if not kept else 100]
        kept = kept or {line.split(",")[place] for line in few}
        (folder / name).write_text("\n".join([head, *few]) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def split(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("split") / "directory"
    shutil.copytree(exported, folder)
    offices = (folder / "offices.csv").read_text("utf-8-sig")
    malakoff = next(line for line in offices.splitlines() if line.startswith("malakoff,"))
    vanves = malakoff.replace("malakoff,", "vanves,").replace("Malakoff", "Vanves").replace("bp.malakoff", "bp.vanves")
    (folder / "offices.csv").write_text(f"{offices.rstrip()}\n{vanves}\n", "utf-8")
    residences = (folder / "residences.csv").read_text("utf-8-sig").splitlines()
    given = [
        line.removesuffix(",malakoff") + ",vanves" if line.startswith(tuple(f"{each}," for each in GIVEN)) else line
        for line in residences
    ]
    (folder / "residences.csv").write_text("\n".join(given) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load_once(ROOT / "rules")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))


@pytest.fixture
def store(tmp_path: Path, folder: Path, exported: Path, shipped: RuleSet) -> Iterator[Store]:
    """A store with nine open cases of Malakoff's residences, about a leak each."""
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    with open_store(url) as opened:
        records, _warnings = read_export(exported)
        opened.directory.save(records, "import", NOW)
        directory = Directory(records)
        for number, residence in enumerate(CASES):
            at = NOW - timedelta(days=9 - number)
            contact = Contact(Channel.EMAIL, at, Mailbox(address=f"l{number}@tenant.example"), new_text="Une fuite.")
            match = Match(residence=Likely(residence, 0.99), office_id="malakoff")
            understood = Understanding(CaseKind.CASE, ("water_leak",), Priority.P3)
            decision = decide(contact, match, understood, at, shipped, directory)
            judgement = Judgement(f"m{number}", contact, match, understood, decision)
            opened.arrivals.accept([arrival(f"m{number}", at)])
            claimed = opened.arrivals.claim("test", at)
            assert claimed is not None
            opened.cases.record(claimed, judgement, as_json(judgement), at)
        opened.rule_versions.put_in_force("daemon", digest(folder), pack(folder), NOW)
        yield opened


@pytest.fixture
def run(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DTM_STORE_URL", f"sqlite:///{tmp_path}/store.db")
    monkeypatch.setenv("DTM_RULES_DIR", str(folder))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, [*arguments], standalone_mode=False, catch_exceptions=False)

    return call


@pytest.fixture
def act(store: Store, shipped: RuleSet) -> Act:
    def call(number: str, verb: str, **arguments: str) -> None:
        known = SiteConfiguration(store.directory.in_force(), shipped, Settings())
        apply(store, Command(verb, "paul", number, dict(arguments)), NOW, lambda: known)

    return call


def queues(store: Store) -> list[str]:
    """Return the queue of each case, in the order in which they were opened."""
    return [case.queue for case in sorted(store.cases.queue(), key=lambda case: case.number)]


def numbers(store: Store) -> list[str]:
    return sorted(case.number for case in store.cases.queue())


def test_an_import_takes_the_cases_of_its_residences_along(run: Run, act: Act, store: Store, split: Path) -> None:
    taken, by_hand, elsewhere, there, *_ = numbers(store)
    due = {case.number: case.due for case in store.cases.queue()}
    act(taken, "take")
    act(by_hand, "move", queue="pantin", reason="à voir là-bas")
    act(by_hand, "move", queue="malakoff", reason="non, ici")
    act(elsewhere, "move", queue="agence-juridique", reason="un avocat écrit")
    act(there, "move", queue="pantin", reason="le gardien de Pantin s'en occupe")
    assert "4 residences have another office; 6 open cases moved to it" in run("directory", "import", str(split)).output
    assert queues(store) == ["vanves", "vanves", "agence-juridique", "pantin", *["vanves"] * 4, "malakoff"]
    file = store.cases.get(taken)
    assert (file.case.owner, file.case.office_id, file.case.due) == (None, "vanves", due[taken])
    event = file.events[-1]
    assert (event.who, event.what) == ("worker", "office changed")
    assert event.data["changed"]["owner"] == ["paul", None]
    # What somebody takes back stays with the former office, whatever is imported or replayed later.
    act(taken, "move", queue="malakoff", reason="presque fini")
    run("directory", "import", str(split))
    run("rules", "replay", "--apply-open")
    assert store.cases.get(taken).case.queue == "malakoff"


def test_a_replay_judges_by_today_s_directory(run: Run, act: Act, store: Store, split: Path) -> None:
    """Where the import took no cases along, applying the rules to the open ones does."""
    records, _warnings = read_export(split)
    store.directory.save(records, "import", NOW)
    taken, by_hand, *_ = numbers(store)
    act(taken, "take")
    act(by_hand, "move", queue="pantin", reason="à voir là-bas")
    act(by_hand, "move", queue="malakoff", reason="non, ici")
    assert "8 would lie elsewhere, 0 be treated otherwise there" in run("rules", "replay").output
    assert "8 open cases moved; 0 stay" in run("rules", "replay", "--apply-open").output
    assert queues(store) == [*["vanves"] * 8, "malakoff"]
    assert "0 would lie elsewhere, 0 be treated otherwise there" in run("rules", "replay").output


def test_a_renamed_queue_keeps_its_cases(run: Run, act: Act, store: Store, folder: Path) -> None:
    taken, by_hand, *_ = numbers(store)
    act(taken, "take")
    act(by_hand, "move", queue="agence-locatif", reason="c'est un bail")
    text = (folder / "queues.yaml").read_text("utf-8")
    renamed = text.replace("  agence-locatif:\n", "  agence-bail:\n").replace("  malakoff:\n", "  sud-ouest:\n")
    (folder / "queues.yaml").write_text(renamed, "utf-8")
    routing = (folder / "routing.yaml").read_text("utf-8")
    (folder / "routing.yaml").write_text(routing.replace("queue: agence-locatif", "queue: agence-bail"), "utf-8")
    topics = (folder / "topics.yaml").read_text("utf-8")
    (folder / "topics.yaml").write_text(topics.replace("queue: agence-locatif", "queue: agence-bail"), "utf-8")
    checked = run("rules", "check")
    assert "1 open case lies in agence-locatif, which is no queue of these rules" in checked.stderr
    assert "malakoff, which is no queue" not in checked.stderr, "the office's own name leads to its queue"
    former = renamed.replace("  agence-bail:\n", "  agence-bail:\n    formerly: agence-locatif\n")
    (folder / "queues.yaml").write_text(former, "utf-8")
    assert "no queue of these rules" not in run("rules", "check").stderr
    assert "0 would lie elsewhere, 0 be treated otherwise there" in run("rules", "replay").output
    assert "9 open cases went along with their queue" in run("rules", "replay", "--apply-open").output
    assert queues(store) == ["sud-ouest", "agence-bail", *["sud-ouest"] * 7]
    case = store.cases.get(taken).case
    assert (case.owner, store.cases.get(by_hand).case.by_hand) == ("paul", ("office_id", "queue"))
