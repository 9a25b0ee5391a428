"""How often the matching is right on hard messages of people it has not learnt from, and how far it may be believed.

Run from the project's folder:
`python -m benchmarks.bench_hard_contacts [--directory DIR | --people N] [--count N] [--seed N] [--part PART]`.
With `--people` a directory of so many is made for the run. Messages are read from their bytes, as they come in.
`--misses FILE` writes what went wrong, by kind of message, with what was said and why.
"""

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import TextIO

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Arrival, Contact, Match, NoHistory
from dtm_contact.reading import read
from dtm_contact.rehearsal.score import reliability, wilson
from dtm_contact.settings import Settings
from fixtures.hard_contacts.correspondence import Correspondence, Message
from fixtures.hard_contacts.estate.making import Estate
from fixtures.hard_contacts.landlord import TODAY, Landlord
from fixtures.hard_contacts.parts import Part

_AT = datetime(TODAY.year, TODAY.month, TODAY.day, 18, tzinfo=UTC)
_EXAMPLES_OF_A_KIND = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """One message of which something was said wrong, or not said that could be known."""

    what: str
    message: Message
    contact: Contact
    found: Match


@dataclass
class Examination:
    """What came out so far."""

    answers: list[tuple[float, bool]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    of_kind: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def add(self, message: Message, contact: Contact, found: Match) -> None:
        """Hold one match against its truth."""
        truth, accepted = message.truth, message.truth["acceptable_tenant_ids"]
        self.counts["messages"] += 1
        self.of_kind.update(truth["kinds"])
        if found.candidates:
            best = found.candidates[0]
            self.answers.append((best.probability, best.tenant_id in accepted))
            self.counts["first"] += best.tenant_id in accepted
        self.counts["tenants"] += truth["tenant_id"] is not None
        self.counts["unique"] += truth["unique"] is True
        five = {each.tenant_id for each in found.candidates[:5]}
        self.counts["first five"] += bool(five & set(accepted))
        if found.tenant is not None:
            right = found.tenant.id in accepted
            self.counts["named right" if right else "named wrong"] += 1
            self.counts["unique named"] += right and truth["unique"] is True
        self._judge(Fault("", message, contact, found))

    def _judge(self, about: Fault) -> None:
        truth, found = about.message.truth, about.found
        accepted = truth["acceptable_tenant_ids"]
        if found.tenant is not None and found.tenant.id not in accepted:
            self.faults.append(Fault("wrong tenant", about.message, about.contact, found))
        elif found.tenant is None and truth["unique"]:
            self.faults.append(Fault("unique, not named", about.message, about.contact, found))
        for what, said, true in (
            ("dwelling", found.dwelling, truth["dwelling_id"]),
            ("residence", found.residence, truth["residence_id"]),
        ):
            self.counts[f"{what}s"] += true is not None
            if said is not None:
                self.counts[f"{what} right" if said.id == true else f"{what} wrong"] += 1
            if said is not None and said.id != true:
                self.faults.append(Fault(f"wrong {what}", about.message, about.contact, found))

    def told(self) -> str:
        """Return the figures as text."""
        counts = self.counts
        named = counts["named right"] + counts["named wrong"]
        low, high = wilson(counts["named right"], named)
        lines = [
            f"{counts['messages']} messages, {counts['tenants']} about tenants, {counts['unique']} single one out",
            (
                f"of {named} tenants named {counts['named right']} right: {counts['named right'] / max(named, 1):.2%} "
                f"(95 %: {low:.2%} to {high:.2%})"
            ),
            f"of those singled out named: {counts['unique named'] / max(counts['unique'], 1):.2%}",
            (
                f"right one first: {counts['first'] / counts['tenants']:.2%}, "
                f"among the first five: {counts['first five'] / counts['tenants']:.2%}"
            ),
        ]
        lines += [
            f"{what}: right {counts[f'{what} right'] / max(counts[f'{what}s'], 1):.2%} of {counts[f'{what}s']}, "
            f"wrong {counts[f'{what} wrong']}"
            for what in ("dwelling", "residence")
        ]
        cuts = quantiles(self.times, n=100)
        lines.append(f"match: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms of the processor")
        lines.append("band          answers   said  right   off   95 %")
        for band in reliability(self.answers):
            least, most = band.interval
            shares = f"{band.said:7.1%} {band.right:6.1%} {100 * band.off:+5.1f}   {least:.1%} – {most:.1%}"
            lines.append(f"{band.low:.2f} – {band.high:.2f} {band.count:9} {shares}")
        return "\n".join(lines)

    def write_misses(self, file: TextIO, landlord: Landlord) -> None:
        """Write the kinds that fail most, and for each what was said and why."""
        for what in ("wrong tenant", "wrong dwelling", "wrong residence", "unique, not named"):
            faults = [fault for fault in self.faults if fault.what == what]
            failing = Counter(kind for fault in faults for kind in fault.message.truth["kinds"])
            file.write(f"\n######## {what}: {len(faults)}\n")
            file.writelines(
                f"{kind:28} {count:5} of {self.of_kind[kind]:6} = {count / self.of_kind[kind]:.1%}\n"
                for kind, count in failing.most_common(30)
            )
            shown: Counter[str] = Counter()
            for fault in faults:
                kind = fault.message.draft.kind
                shown[kind] += 1
                if shown[kind] <= (_EXAMPLES_OF_A_KIND if what.startswith("unique") else 40):
                    file.write(_told(fault, landlord))


def _told(fault: Fault, landlord: Landlord) -> str:
    found, truth, contact = fault.found, fault.message.truth, fault.contact
    lines = [
        f"\n---- {fault.what} | {', '.join(truth['kinds'])}",
        f"From: {contact.sender.name} <{contact.sender.address}> | Subject: {contact.subject}",
        contact.new_text.strip(),
    ]
    lines += [f"[signature] {contact.signature}"] if contact.signature else []
    lines += [f"[forwarded] {each.sender} {each.text}" for each in contact.forwarded]
    lines.append(f"TRUTH {truth['acceptable_tenant_ids']} {_person(truth['tenant_id'], landlord)}")
    lines.append(f"SAID tenant {found.tenant} dwelling {found.dwelling} residence {found.residence}")
    lines.extend(
        f"  {each.probability:.4f} {_person(each.tenant_id, landlord)}: "
        + "; ".join(f"{piece.name} {piece.weight:+.1f} [{piece.seen}]" for piece in each.evidence)
        for each in found.candidates[:2]
    )
    return "\n".join(lines) + "\n"


def _person(tenant_id: object, landlord: Landlord) -> str:
    person = landlord.people.get(str(tenant_id))
    if person is None:
        return "nobody"
    entrance = landlord.entrance(landlord.home(person))
    name = f"{person.title} {person.first} {person.last} ({person.birth})"
    where = f"{entrance.number} {entrance.street} {entrance.commune} bât {entrance.building}"
    return f"{person.tenant_id} {name}, {where}, {person.email} {' '.join(person.phones)}"


def examine(folder: Path, part: Part, seed: int, count: int) -> tuple[Examination, Landlord]:
    """Match so many messages over a directory."""
    records, _problems = read_export(folder)
    landlord = Landlord.read(folder)
    domain = landlord.agency().email.partition("@")[2]
    index = MatchIndex.build(Directory(records), Settings(domains=(domain, *Settings().domains)))
    found = Examination()
    for message in Correspondence(landlord, part, seed).messages(count):
        contact = read(Arrival("file", "examined", _AT, "message/rfc822", None, message.raw))
        begun = time.process_time()
        answer = match(contact, TODAY, index, NoHistory())
        found.times.append((time.process_time() - begun) * 1_000)
        found.add(message, contact, answer)
    return found, landlord


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("fixtures/directory"))
    parser.add_argument("--people", type=int, help="make a directory of so many for the run")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.EVALUATION)
    parser.add_argument("--misses", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.directory
        if given.people:
            folder = Path(made)
            Estate(given.people, given.seed).write(folder)
        found, landlord = examine(folder, given.part, given.seed, given.count)
    print(found.told())
    if given.misses:
        with given.misses.open("w", encoding="utf-8") as file:
            found.write_misses(file, landlord)


if __name__ == "__main__":
    main()
