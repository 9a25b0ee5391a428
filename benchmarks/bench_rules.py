"""Loading and checking rules, and deciding among them: python benchmarks/bench_rules.py.

The rules are made up, all of them reachable, with their tests; the contacts hit rules all over the file and the
default. No phrases: they take the same time however many rules there are.
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from dtm_contact.directory import Directory, read_export
from dtm_contact.hours import PARIS
from dtm_contact.model import CaseKind, Channel, Contact, Likely, Mailbox, Match, Priority, Understanding
from dtm_contact.rules import RuleSet, decide, load_rules

ROOT = Path(__file__).parent.parent
COUNTS = (10, 100, 1_000, 10_000)
CONTACTS = 2_000
ROUNDS = 5
CHANNELS = ("email", "phone", "desk")
SCOPES = ("dwelling", "staircase", "building", "residence")
WORDS = ("badge", "cave", "hall", "vitre", "velo", "porte", "tuyau", "evier", "grille", "lampe")


def main() -> None:
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    topics = list(load_rules(ROOT / "rules").reader.topics)
    print(f"{'rules':>7} {'load+check':>12} {'decide p50':>12} {'p99':>10} {'with trace':>12}")
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as name:
            folder = write_rules(Path(name) / "rules", count, topics, directory)
            loading = median(timed_load(folder, directory) for _ in range(1 if count > 1_000 else ROUNDS))
            rules = load_rules(folder, directory.offices)
        quick, slowest = timed_decisions(rules, directory, topics)
        traced = timed_trace(rules, directory)
        figures = f"{quick * 1e6:>9.1f} µs {slowest * 1e6:>7.1f} µs {traced * 1e3:>9.2f} ms"
        print(f"{count:>7} {loading * 1e3:>9.0f} ms {figures}")


def write_rules(folder: Path, count: int, topics: list[str], directory: Directory) -> Path:
    shutil.copytree(ROOT / "rules", folder)
    rules = made_up_rules(count - 1, topics, directory)
    default = "- {id: reste, then: {queue: office, notify: [on_call], answer: accuse-reception}}\n"
    for phrases in folder.glob("phrases*.yaml"):
        phrases.write_text("version: 1\n", "utf-8")
    (folder / "routing.yaml").write_text("".join(rules) + default, "utf-8")
    return folder


def made_up_rules(count: int, topics: list[str], directory: Directory) -> Iterator[str]:
    """Yield rules, each for a residence, a topic and one thing more, so that none makes another needless."""
    residences = list(directory.residences.values())
    combinations = len(topics) * len(residences)
    for number in range(count):
        topic, residence = topics[number % len(topics)], residences[number // len(topics) % len(residences)]
        more = (
            f"scope: {SCOPES[number % 4]}",
            f"text: {{contains: [{WORDS[number % 10]}, {WORDS[number % 7]} cassé]}}",
            f"any: [{{channel: {CHANNELS[number % 3]}}}, {{hours: closed}}]",
            "not: {tenant.role: commercial}",
            f"subject: {{matches: '^{WORDS[number % 10]} [0-9]+'}}",
        )[number // combinations % 5]
        yield (
            f"# Règle {number}\n- id: regle-{number}\n"
            f"  when:\n    topic: {topic}\n    residence: {residence.residence_id}\n    {more}\n"
            "  then: {queue: office, notify: [on_call], answer: fuite}\n"
            f'  tests:\n    - {{text: "Un texte pour {topic}", holds: false}}\n'
        )


def timed_load(folder: Path, directory: Directory) -> float:
    start = perf_counter()
    load_rules(folder, directory.offices)
    return perf_counter() - start


def made_up_contacts(
    directory: Directory, topics: list[str]
) -> Iterator[tuple[Contact, Match, Understanding, datetime]]:
    random = Random(7)  # noqa: S311 - made-up contacts, the same each time
    residences = list(directory.residences.values())
    for number in range(CONTACTS):
        at = datetime(2026, 11, 24, 10, tzinfo=PARIS) + timedelta(hours=random.randrange(5_000))
        residence = random.choice(residences)
        place = Match(residence=Likely(residence.residence_id, 0.99), office_id=residence.office_id)
        contact = Contact(Channel.EMAIL, at, Mailbox(address="a@poste.example"), new_text="le badge du hall")
        understanding = Understanding(CaseKind.CASE, tuple(random.sample(topics, 2)), Priority.P3)
        yield contact, place if number % 4 else Match(), understanding, at


def timed_decisions(rules: RuleSet, directory: Directory, topics: list[str]) -> tuple[float, float]:
    """Return the median and the 99th percentile of one decision, in seconds."""
    taken = []
    for contact, match, understanding, now in made_up_contacts(directory, topics):
        start = perf_counter()
        decide(contact, match, understanding, now, rules, directory)
        taken.append(perf_counter() - start)
    taken.sort()
    return median(taken), taken[len(taken) * 99 // 100]


def timed_trace(rules: RuleSet, directory: Directory) -> float:
    now = datetime(2026, 11, 24, 10, tzinfo=PARIS)
    asked = Understanding(CaseKind.CASE, ("gas",), Priority.P1)
    start = perf_counter()
    decide(Contact(Channel.EMAIL, now), Match(), asked, now, rules, directory, trace=True)
    return perf_counter() - start


if __name__ == "__main__":
    main()
