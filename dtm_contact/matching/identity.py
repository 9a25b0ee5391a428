"""Evidence that names a person by itself: known addresses and numbers, leases, units, threads, trade names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dtm_contact.matching import weights
from dtm_contact.matching.clues import Clues, Seen
from dtm_contact.matching.index import MatchIndex
from dtm_contact.model import Authentication, Contact, Evidence, History
from dtm_contact.text import is_robot


@dataclass(slots=True)
class Identity:
    """Bits and evidence of each person whom something known points to, by position among the `People`."""

    found: dict[int, dict[str, Evidence]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    """Addresses and numbers that agents confirmed."""
    proven: set[int] = field(default_factory=set)
    """Whose the sender's address is, where our own server vouches for it."""

    def add(self, person: int, evidence: Evidence) -> None:
        """Keep the heaviest evidence of each kind."""
        kinds = self.found.setdefault(person, {})
        kind = evidence.name.partition(".")[0]
        if kind not in kinds or kinds[kind].weight < evidence.weight:
            kinds[kind] = evidence

    def bits(self, person: int) -> float:
        """Return the sum of a person's evidence."""
        return sum(evidence.weight for evidence in self.found.get(person, {}).values())


def identify(contact: Contact, clues: Clues, index: MatchIndex, history: History) -> Identity:
    """Return what is known of the addresses and numbers that the contact brings."""
    identity = Identity()
    people = index.people
    forged = contact.authentication is Authentication.FAILED
    for seen in clues.emails:
        bits = weights.EMAIL_KNOWN if seen.sender else weights.EMAIL_IN_TEXT
        level = "unproven" if forged and seen.sender else "known"
        bits = weights.EMAIL_UNPROVEN if level == "unproven" else bits
        _holders(identity, index, people.by_email.get(seen.key), Known("email", level, bits, seen))
    for seen in clues.phones:
        known = Known("phone", "known", weights.PHONE_KNOWN, seen)
        _holders(identity, index, people.by_phone.get(seen.key), known)
    for seen in clues.numbers:
        _numbers(identity, index, seen)
    _confirmed(identity, clues, index, history, forged=forged)
    _prove(identity, contact)
    _thread(identity, contact, index, history)
    for seen, mention in clues.traders:
        for person in mention.people:
            label = people.person(person).label
            kind = "trade.name" if mention.signed else "trade.cited"
            bits = index.learnt.bits(kind, mention.bits)
            identity.add(person, Evidence(kind, bits, seen.seen, seen.span, label))
    return identity


_PROVING = frozenset({"email.known", "email.confirmed"})


def _prove(identity: Identity, contact: Contact) -> None:
    """Keep whose the sender's address is; that of a Reply-To or of a message passed on proves nothing."""
    sender = contact.sender.address.strip().lower()
    if contact.authentication is not Authentication.VOUCHED or not sender:
        return
    for person, kinds in identity.found.items():
        evidence = kinds.get("email")
        if evidence is not None and evidence.name in _PROVING and evidence.seen.strip().lower() == sender:
            identity.proven.add(person)


@dataclass(frozen=True, slots=True)
class Known:
    """One kind of known thing and its weight."""

    kind: str
    level: str
    bits: float
    seen: Seen


def _holders(identity: Identity, index: MatchIndex, holders: Iterable[int], known: Known) -> None:
    """Credit those who are known by it, and with less the people who live with them."""
    people = index.people
    for holder in holders:
        person, seen = people.person(holder), known.seen
        label = person.label
        kind = f"{known.kind}.{known.level}"
        identity.add(holder, Evidence(kind, index.learnt.bits(kind, known.bits), seen.seen, seen.span, label))
        for home in person.homes:
            for other in people.living_in(home.dwelling_id):
                if other != holder and people.person(other).lived_with(home):
                    bits = index.learnt.bits(f"{known.kind}.household", known.bits + weights.HOUSEHOLD)
                    identity.add(other, Evidence(f"{known.kind}.household", bits, seen.seen, seen.span, label))


def _numbers(identity: Identity, index: MatchIndex, seen: Seen) -> None:
    people = index.people
    for holder in people.by_number.get(seen.key):
        label = people.person(holder).label
        identity.add(
            holder,
            Evidence(
                "lease.number", index.learnt.bits("lease.number", weights.LEASE_NUMBER), seen.seen, seen.span, label
            ),
        )
    for row in people.units.get(seen.key):
        unit = index.directory.records.dwellings[row].dwelling_id
        for holder in people.living_in(unit):
            identity.add(
                holder,
                Evidence(
                    "unit.reference",
                    index.learnt.bits("unit.reference", weights.UNIT_REFERENCE),
                    seen.seen,
                    seen.span,
                    unit,
                ),
            )


def _confirmed(identity: Identity, clues: Clues, index: MatchIndex, history: History, *, forged: bool) -> None:
    """Credit what agents confirmed for an address or a number of one household."""
    addresses = {seen.key: seen for seen in clues.emails if seen.sender}
    numbers = {seen.key: seen for seen in clues.phones}
    if not addresses and not numbers:
        return
    facts = history.confirmed(tuple(addresses), tuple(numbers))
    owners: dict[str, set[str]] = {}
    for fact in facts:
        owners.setdefault(fact.value, set()).add(fact.tenant_id)
    for fact in facts:
        person = index.people.position(fact.tenant_id)
        if person is None:
            continue
        identity.known.add(fact.value)
        if is_robot(fact.value):
            # Kept before such addresses were refused: a program's says nothing of who has it write.
            continue
        if not index.directory.of_one_household(owners[fact.value]):
            # A mailbox or a line that several households use says nothing of which of them writes.
            continue
        if fact.value in addresses:
            level, bits = ("unproven", weights.EMAIL_UNPROVEN) if forged else ("confirmed", weights.EMAIL_CONFIRMED)
            known = Known("email", level, bits, addresses[fact.value])
        elif fact.value in numbers:
            known = Known("phone", "confirmed", weights.PHONE_CONFIRMED, numbers[fact.value])
        else:
            continue
        _holders(identity, index, (person,), known)


def _thread(identity: Identity, contact: Contact, index: MatchIndex, history: History) -> None:
    """Credit whom the same sender's earlier messages of this thread were about."""
    ids = tuple(dict.fromkeys((*contact.in_reply_to, *contact.references)))[:50]
    if not ids:
        return
    sender = contact.sender.address.strip().lower()
    for earlier in history.thread(ids):
        if earlier.sender_address != sender or not sender:
            continue
        seen = Seen(earlier.case_number, earlier.case_number, None)
        person = index.people.position(earlier.tenant_id)
        if person is not None:
            _holders(identity, index, (person,), Known("thread", "same_sender", weights.THREAD, seen))
        elif earlier.dwelling_id:
            for person in index.people.living_in(earlier.dwelling_id):
                evidence = Evidence("thread.household", weights.THREAD, seen.seen, None, earlier.dwelling_id)
                identity.add(person, evidence)
