"""What a contact offers to tell who writes and where: addresses, numbers, names, places, and what it says of itself.

Known addresses and numbers, leases, units, threads and trade names tell a person by themselves (`identify`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dtm_contact.matching import weights
from dtm_contact.matching.cues import (
    CLOSINGS,
    HAS_DIED,
    KIN,
    NEIGHBOURS,
    NOT_MY_LEASE,
    OF_A_SERVICE,
    ORGANISATIONS,
    PARTICLES,
    RELATIVES_WRITTEN_FOR,
    SERVICES,
    THEN_MINE,
    Statement,
    said_in,
    says,
)
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.mentions import (
    MOST_MENTIONS,
    Mention,
    NameRole,
    address_mention,
    called_as_the_mailbox,
    called_so_in_full,
    display_mention,
    display_name,
    distinct,
    greeted_by_us,
    joined_in_mailbox,
    written_for_in_full,
)
from dtm_contact.matching.name_mentions import NameReader
from dtm_contact.matching.passages import LONGEST_ADDRESS, LONGEST_NAME, LONGEST_TAIL, Passage, texts
from dtm_contact.matching.people import People, TradeMention, number_key
from dtm_contact.matching.place_mentions import Atom, find_atoms, is_their_own
from dtm_contact.matching.places import Group, as_its_town_has_it, grouped
from dtm_contact.matching.roles import thanked, visited
from dtm_contact.model import Authentication, Contact, Evidence, History, Part, Sourced, SourceField, Span
from dtm_contact.text import fold, fold_keeping_offsets, glued, is_robot, name_words, phone_key, phones_in

_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}")
_NUMBER = re.compile(r"(?<![a-z0-9./])(?:[a-z] ?)?[0-9](?:(?:[ ./-]{0,3}| barre | slash )[0-9]){3,11}(?![0-9])")
_MAIL_SERVERS = re.compile(r"(?:mailer-daemon|mail-daemon|postmaster)(?:@|$)")
_SPOKEN_SLASH = re.compile(" (?:barre|slash) ")
_DIGITS = re.compile(r"[0-9](?:[ ./-]{0,3}[0-9]){3}")
"""What every number of interest has in it; told in a tenth of the time where a text has none."""
_PLACES = frozenset({"street", "residence", "commune", "unknown_street", "number"})
_RELATIVES = RELATIVES_WRITTEN_FOR | KIN
_ROLES_IN_STAFF_MAIL = frozenset({NameRole.FOR, NameRole.NAMED, NameRole.SIGNED})
_GIVES_OWN_NAME = frozenset({NameRole.SELF, NameRole.SIGNED})
_MANY = re.compile(r"\b(?:gens|locataires|habitants|voisins|monde)\b[^.!?\n]{0,40}$")
_BESIDE = 60  # characters
_SIGNATURE_HEAD = 500
_MOST_OF_ONE_WRITER = 8
_LABELLED = re.compile(r"^[a-z ]{2,20} ?: ?[a-z'. -]{2,40}$", re.MULTILINE)
_OF_THE_WRITER = frozenset({Part.NEW, Part.SIGNATURE, Part.FORWARDED})
_DEVICES = ("envoye ", "sent from", "enviado", "telecharger")
_NAMED_SURELY = 0.9  # by more than one word, or after "résidence"
_CLOSING_LINES, _SHORT_LINE, _WORDS_OF_A_LINE = 5, 60, 5
_MOST_NUMBERS = 200
_BEFORE_A_NUMBER = 80
_BESIDE_A_NEIGHBOUR = 30
_NEWS = 40
_MOST_ADDRESSES = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """A value with the words that bore it; `sender` where it is who writes, not something in the text."""

    key: str
    seen: str
    span: Span | None
    sender: bool = False


@dataclass(slots=True)
class Clues:
    """All that was extracted from one contact."""

    passages: list[Passage] = field(default_factory=list)
    emails: list[Seen] = field(default_factory=list)
    phones: list[Seen] = field(default_factory=list)
    numbers: list[Seen] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    colleagues: list[Mention] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    own_floors: list[tuple[Passage, Atom]] = field(default_factory=list)
    """Floors that stand beside no place, which the writer calls theirs ("chez moi au 8e")."""
    traders: list[tuple[Seen, TradeMention]] = field(default_factory=list)
    said: list[Statement] = field(default_factory=list)
    organisation: bool = False
    """Whether an organisation or a service wrote."""
    returned: bool = False
    """Whether a mail server wrote, of a message that did not arrive: the addresses are those it was for."""
    greeted: Mapping[str, str] = field(default_factory=dict)
    """By which names a message of ours greets the writer, who answers it, with the gender of the title."""
    staff: bool = False
    """Whether one of the landlord's own addresses wrote."""

    @property
    def crowded(self) -> bool:
        """Whether so many people are named that the text is a list: then only an account known by itself tells who."""
        kinds = (self.emails, self.phones, self.numbers)
        most = max(len({seen.key for seen in kind if not seen.sender}) for kind in kinds)
        return most > _MOST_OF_ONE_WRITER or len(self.mentions) >= MOST_MENTIONS

    def in_a_place(self, mention: Mention) -> bool:
        """Return whether what seems a name is part of an address ("15 Louise-Michel")."""
        return mention.span is not None and any(_holds(place, mention.span) for place in self._place_spans())

    def has_read(self, mention: Mention) -> bool:
        """Return whether what seems a name is part of an address, or that of a relative ("Jean Roy mon mari")."""
        relatives = [each.span for each in self.mentions if each.role is NameRole.KIN and each.span is not None]
        span = mention.span
        return span is not None and any(_holds(kin, span) for kin in relatives)

    def _place_spans(self) -> Iterator[Span]:
        for group in self.groups:
            for atom in group.atoms:
                place = group.passage.span(atom.start, atom.end) if atom.kind in _PLACES else None
                if place is not None:
                    yield place


def extract(contact: Contact, index: MatchIndex) -> Clues:
    """Return what the contact offers; nothing that is the landlord's own is evidence."""
    # For naming, an address of ours is believed where nothing speaks against it: mail within a house often passes no
    # check. It names nobody by itself, proves nothing, and keeps a colleague's signature from being a tenant's.
    is_staff = index.is_ours(contact.sender.address) and contact.authentication is not Authentication.FAILED
    clues = Clues(staff=is_staff, greeted=greeted_by_us(contact.quoted_text, index.is_ours))
    spoken_for = f"{contact.sender.name[:LONGEST_NAME]} {contact.signature[:_SIGNATURE_HEAD]}"
    passages = clues.passages = texts(contact)
    clues.returned = bool(_MAIL_SERVERS.match(contact.sender.address[:LONGEST_ADDRESS].lower()))
    clues.organisation = bool(ORGANISATIONS.intersection(name_words(spoken_for))) or _signed_by_service(contact)
    clues.organisation |= any(text.part is Part.NEW and says(text.folded.text, OF_A_SERVICE) for text in passages)
    for text in passages:
        _identifiers(text, index, clues)
        clues.said.extend(each for each in _statements(text) if each not in clues.said)
    _mailboxes(contact, index, clues)
    _numbers_passed_on(contact, index, clues)
    sender = display_name(contact.sender.name, span=True)
    _names(contact, sender, index, clues)
    for text in (*passages, sender):
        for mention in index.traders.find(text):
            seen = Seen("", text.seen(mention.start, mention.end), text.span(mention.start, mention.end))
            clues.traders.append((seen, mention))
    for text in passages:
        _places(text, index, clues)
    towns = [
        span
        for group in clues.groups
        for atom in group.of("commune")
        if (span := group.passage.span(atom.start, atom.end))
    ]
    clues.mentions = [each for each in clues.mentions if not _is_town(each, towns)]
    clues.mentions = [each for each in clues.mentions if each.role is not NameRole.PAIR or not clues.in_a_place(each)]
    clues.mentions = [thanked(each, clues.passages, index) for each in clues.mentions]
    if clues.organisation and not clues.staff:
        clues.mentions = visited(clues.mentions, clues.groups)
    if any(_has_died(each, contact) for each in clues.mentions if each.role is NameRole.FOR):
        clues.said.append(Statement.DIED)
    return clues


def _has_died(mention: Mention, contact: Contact) -> bool:
    """Return whether a name is followed by the news of a death: "mon père Jean Roy est décédé"."""
    span = mention.span
    after = contact.text(span.part)[span.end : span.end + _NEWS] if span else ""
    return HAS_DIED.match(fold(after)) is not None


def _is_town(mention: Mention, towns: list[Span]) -> bool:
    """Return whether what seems a signature is the town below an address ("Saint-Denis")."""
    span = mention.span
    return mention.role is NameRole.SIGNED and not mention.title and any(span and _holds(town, span) for town in towns)


def _signed_by_service(contact: Contact) -> bool:
    """Return whether one of the last lines, short as a signature's, names a service ("Mandataire judiciaire")."""
    closing = contact.new_text[-LONGEST_TAIL:].strip().splitlines()[-_CLOSING_LINES:]
    lines = [name_words(line) for line in closing if len(line) <= _SHORT_LINE]
    return any(len(words) <= _WORDS_OF_A_LINE and SERVICES.intersection(words) for words in lines)


def _identifiers(text: Passage, index: MatchIndex, clues: Clues) -> None:
    folded = text.folded.text
    for match in _first(_EMAIL.finditer(folded), _MOST_ADDRESSES) if "@" in folded and not clues.returned else ():
        if not index.is_ours(match.group()):
            clues.emails.append(Seen(match.group(), text.seen(*match.span()), text.span(*match.span())))
    for key, start, end in phones_in(text.folded, limit=_MOST_ADDRESSES):
        if key not in index.our_numbers:
            place = None if text.offset is None else Span(text.part, text.offset + start, text.offset + end)
            clues.phones.append(Seen(key, text.original[start:end], place))
    if _DIGITS.search(folded):
        anothers = says(folded, NOT_MY_LEASE)
        for match in _first(_NUMBER.finditer(folded), _MOST_NUMBERS):
            if not anothers or THEN_MINE.search(folded, max(0, match.start() - _BEFORE_A_NUMBER), match.start()):
                _number(text, match, index, clues)


def _number(text: Passage, match: re.Match[str], index: MatchIndex, clues: Clues) -> None:
    """Keep a number that is a lease's or a unit's, alone or without what was taken before or after it."""
    written = match.group()
    pieces = [piece.span() for piece in re.finditer(r"[a-z0-9]+", written)]
    for first in range(len(pieces)):
        for last in range(len(pieces), first, -1):
            start, end = pieces[first][0], pieces[last - 1][1]
            key = number_key(_SPOKEN_SLASH.sub("/", written[start:end]))
            if key in index.people.by_number or key in index.people.units:
                begin, stop = match.start() + start, match.start() + end
                clues.numbers.append(Seen(key, text.seen(begin, stop), text.span(begin, stop)))
                return


def _first(matches: Iterator[re.Match[str]], most: int) -> Iterator[re.Match[str]]:
    for count, match in enumerate(matches):
        if count >= most:
            return
        yield match


def _statements(text: Passage) -> Iterator[Statement]:
    folded = text.folded.text
    yield from said_in(folded, text.part)
    if text.part in _OF_THE_WRITER and _may_be_signed(folded):
        yield Statement.MAY_BE_SIGNED
    if text.part is Part.NEW and not _RELATIVES.isdisjoint([word.text for word in text.words]):
        yield Statement.SPEAKS_OF_KIN


def _may_be_signed(folded: str) -> bool:
    """Return whether the last line is a few words without a stop that take no leave, or "…:" stands before some."""
    if _LABELLED.search(folded):
        return True
    last = folded.rstrip().rpartition("\n")[2]
    words = name_words(last)
    if last.startswith(_DEVICES):
        return False
    short = 0 < len(words) <= _WORDS_OF_A_LINE and last[-1:] not in ".!?" and not any(map(str.isdigit, last))
    return short and not CLOSINGS.issuperset(word for word in words if len(word) > len("de"))


def _mailboxes(contact: Contact, index: MatchIndex, clues: Clues) -> None:
    """Take the addresses of who writes: the sender's, where an answer is asked for, and first writers passed on."""
    boxes = [(contact.sender, Part.SENDER_ADDRESS), (contact.reply_to, None)]
    boxes += [(original.sender, None) for original in contact.forwarded[:3]]
    for box, part in boxes:
        address = box.address[:LONGEST_ADDRESS].strip().lower()
        if not address or index.is_ours(address):
            continue
        span = Span(part, 0, min(len(box.address), LONGEST_ADDRESS)) if part else None
        clues.emails.insert(0, Seen(address, box.address[:LONGEST_ADDRESS], span, sender=True))
        key = phone_key(address) if address[:1] in "+0123456789" else None
        if key and key not in index.our_numbers:
            clues.phones.insert(0, Seen(key, box.address[:LONGEST_ADDRESS], span, sender=True))


def _numbers_passed_on(contact: Contact, index: MatchIndex, clues: Clues) -> None:
    """Take the number by which somebody who is passed on is called: "De : Momo 06 12 34 56 78"."""
    for original in contact.forwarded[:3]:
        name = original.sender.name[:LONGEST_NAME]
        for key, _start, _end in phones_in(fold_keeping_offsets(name), limit=1):
            if key not in index.our_numbers:
                clues.phones.append(Seen(key, name, None))


def _names(contact: Contact, sender: Passage, index: MatchIndex, clues: Clues) -> None:
    people = index.people
    found: list[Mention | None] = []
    # Whoever stood before an agent said who they are; what a mailbox is called, somebody chose once.
    called = NameRole.DISPLAY if contact.stated is None and not _says_who(contact) else NameRole.SELF
    writers = [(contact.sender, sender), *((original.sender, None) for original in contact.forwarded[:3])]
    for box, own in writers:
        if index.is_ours(box.address):
            continue
        found.append(display_mention(own or display_name(box.name, span=False), called))
        if box.address[:LONGEST_ADDRESS].lower() not in people.by_email:
            found.append(address_mention(box.address[:LONGEST_ADDRESS], people, span=own is not None))
    shown = {*name_words(contact.sender.name[:LONGEST_NAME])}
    for text in clues.passages:
        reader = NameReader(text, people)
        titled = reader.titled()
        if text.part is Part.SUBJECT:
            # A subject names whom it is about, and is not signed.
            titled = [replace(each, role=NameRole.NAMED) if each.role is NameRole.SIGNED else each for each in titled]
        if _by_staff(text, clues):
            told = [each for each in titled if each.role in _ROLES_IN_STAFF_MAIL and not _among_others(text, each)]
            titled = [replace(each, role=NameRole.FOR) for each in told if not shown.issuperset(each.words)]
        found.extend(titled)
        if text.part is Part.SUBJECT:
            found.extend(reader.pairs())
        else:
            signed = [*reader.signed(block=text.part is Part.SIGNATURE), *reader.pairs()]
            theirs = [each for each in signed if each.role is NameRole.SIGNED and _by_staff(text, clues)]
            clues.colleagues.extend(theirs)
            found.extend(each for each in signed if each not in theirs)
    if _says_who(contact):
        found = [_only_named(each) for each in found]
    said = _of_whom(clues, [mention for mention in found if mention is not None])
    said = [each for each in said if not _is_neighbour(each, clues.passages)]
    named = called_as_the_mailbox(joined_in_mailbox(said, people.firsts.number), people.firsts.number)
    clues.mentions = distinct(written_for_in_full(called_so_in_full(named)))[:MOST_MENTIONS]


def _says_who(contact: Contact) -> bool:
    """Return whether the fields of a source tell the name of who writes: whoever fills them in says who they are."""
    name = contact.sourced.value(SourceField.NAME) if contact.sourced is not None else ""
    return bool(name) and contact.sender.name.endswith(name)


def _only_named(mention: Mention | None) -> Mention | None:
    """Return what a text calls its writer as merely named, where a field says who they are: "Nom : Dupont" is typed."""
    typed = mention is not None and mention.span is not None and mention.span.part is Part.NEW
    if mention is None or not typed or mention.role not in _GIVES_OWN_NAME:
        return mention
    return replace(mention, role=NameRole.NAMED)


def _of_whom(clues: Clues, mentions: list[Mention]) -> list[Mention]:
    """Drop of those written for who are no tenants of ours, and whoever signs what they dictated themselves."""
    written_for = [each for each in mentions if each.role is NameRole.FOR]
    if Statement.DICTATED in clues.said:
        signed = [{*each.words} for each in mentions if each.role in _GIVES_OWN_NAME]
        written_for = [each for each in written_for if any(words.issuperset(each.words) for words in signed)]
    elif Statement.OF_NO_TENANT not in clues.said:
        return mentions
    return [each for each in mentions if each not in written_for]


def _is_neighbour(mention: Mention, passages: Iterable[Passage]) -> bool:
    """Return whether whom a subject seems to be for is a neighbour of whom the text tells: "ma voisine, Mme Roy"."""
    if mention.role is not NameRole.FOR or mention.span is None or mention.span.part is not Part.SUBJECT:
        return False
    after = rf"\b(?:{'|'.join(NEIGHBOURS)})\b[^.!?\n]{{0,{_BESIDE_A_NEIGHBOUR}}}\b{re.escape(mention.words[-1])}\b"
    return any(text.part is Part.NEW and re.search(after, text.folded.text) for text in passages)


def _among_others(text: Passage, mention: Mention) -> bool:
    """Return whether a colleague names somebody as one of many: "les gens se plaignent, Mme Roy la première"."""
    span = mention.span
    start = span.start - (text.offset or 0) if span is not None else 0
    return _MANY.search(fold(text.original[max(0, start - _BESIDE) : start])) is not None


def _by_staff(text: Passage, clues: Clues) -> bool:
    """Return whether a colleague wrote the text themselves: they sign it with their own name."""
    return clues.staff and text.part in {Part.NEW, Part.SIGNATURE}


def _of_a_name(text: Passage, atom: Atom, clues: Clues) -> bool:
    """Return whether what seems a residence is a word of a name, a shop's or a person's ("Élodie Fontaine")."""
    span = text.span(atom.start, atom.end) if atom.kind == "residence" else None
    if span is None:
        return False
    people = [
        each for each in (*clues.mentions, *clues.colleagues) if each.span is not None and _holds(each.span, span)
    ]
    return atom.quality < _NAMED_SURELY and any(
        "," not in each.seen and (each.title or _begins_before(each, span)) for each in people
    )


def _begins_before(mention: Mention, place: Span) -> bool:
    """Return whether a name begins before a place with more than an article: "Élodie Fontaine", not "Le Belvédère"."""
    span = mention.span
    if span is None or span.start >= place.start:
        return False
    return not PARTICLES.issuperset(name_words(mention.seen[: place.start - span.start]))


def _holds(outer: Span, inner: Span) -> bool:
    return outer.part is inner.part and outer.start <= inner.start and inner.end <= outer.end


def _places(text: Passage, index: MatchIndex, clues: Clues) -> None:
    atoms = [atom for atom in find_atoms(text, index.gazetteer) if not _of_a_name(text, atom, clues)]
    for group in (as_its_town_has_it(each, index.gazetteer) for each in grouped(text, atoms, index.gazetteer)):
        if any(atom.kind in _PLACES for atom in group.atoms) or group.foreign:
            if not index.is_office(group):
                clues.groups.append(group)
        else:
            clues.own_floors.extend((text, atom) for atom in group.of("floor") if is_their_own(text, atom))


@dataclass(slots=True)
class Identity:
    """Bits and evidence of each person whom something known points to, by position among the `People`."""

    by_person: dict[int, dict[str, Evidence]] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    """Addresses and numbers that agents confirmed."""
    proven: set[int] = field(default_factory=set)
    """Whose the sender's address is, where our own server vouches for it."""

    def add(self, person: int, evidence: Evidence) -> None:
        """Keep the heaviest evidence of each kind."""
        kinds = self.by_person.setdefault(person, {})
        kind = evidence.name.partition(".")[0]
        if kind not in kinds or kinds[kind].weight < evidence.weight:
            kinds[kind] = evidence

    def bits(self, person: int) -> float:
        """Return the sum of a person's evidence."""
        return sum(evidence.weight for evidence in self.by_person.get(person, {}).values())


def identify(contact: Contact, clues: Clues, index: MatchIndex, history: History) -> Identity:
    """Return what is known of the addresses and numbers that the contact brings."""
    identity = Identity()
    people = index.people
    forged = contact.authentication is Authentication.FAILED
    for seen in clues.emails:
        bits = weights.EMAIL_KNOWN if seen.sender else weights.EMAIL_IN_TEXT
        level = "unproven" if forged and seen.sender else "known"
        bits = weights.EMAIL_UNPROVEN if level == "unproven" else bits
        _holders(identity, index, people.by_email.get(seen.key), KnownReach("email", level, bits, seen))
    for seen in clues.phones:
        known = KnownReach("phone", "known", weights.PHONE_KNOWN, seen)
        _holders(identity, index, people.by_phone.get(seen.key), known)
    for seen in clues.numbers:
        _numbers(identity, index, seen)
    _confirmed(identity, clues, index, history, forged=forged)
    _prove(identity, contact, people)
    _thread(identity, contact, index, history)
    for seen, mention in clues.traders:
        for person in mention.people:
            label = people.person(person).label
            kind = "trade.name" if mention.signed else "trade.cited"
            bits = index.learnt.bits(kind, mention.bits)
            identity.add(person, Evidence(kind, bits, seen.seen, seen.span, label))
    return identity


_PROVING = frozenset({"email.known", "email.confirmed"})


def _prove(identity: Identity, contact: Contact, people: People) -> None:
    """Keep whose the sender's address is; that of a Reply-To or of a message passed on proves nothing."""
    if contact.sourced is not None and contact.sourced.proven:
        identity.proven |= {*_of_their_account(contact.sourced, people)}
        return
    sender = contact.sender.address.strip().lower()
    if contact.authentication is not Authentication.VOUCHED or not sender:
        return
    for person, kinds in identity.by_person.items():
        evidence = kinds.get("email")
        if evidence is not None and evidence.name in _PROVING and evidence.seen.strip().lower() == sender:
            identity.proven.add(person)


def _of_their_account(sourced: Sourced, people: People) -> Iterator[int]:
    """Yield who holds the lease of an account that a source vouches for, and bears the name that stands beside it.

    Of two who share the lease and the surname only the one with that first name is meant, where one stands there.
    """
    surname, first = sourced.value(SourceField.NAME), glued(sourced.value(SourceField.FIRST_NAME))
    words = {glued(surname), *name_words(surname)}
    holders = people.by_number.get(number_key(sourced.value(SourceField.LEASE)))
    named = [at for at in holders if words & ({people.person(at).surname, people.person(at).birth} - {""})]
    called = [at for at in named if people.person(at).first in {first, *words}]
    yield from called if len(called) == 1 else named if len(named) == 1 else ()


@dataclass(frozen=True, slots=True)
class KnownReach:
    """One kind of known thing and its weight."""

    kind: str
    level: str
    bits: float
    seen: Seen


def _holders(identity: Identity, index: MatchIndex, holders: Iterable[int], known: KnownReach) -> None:
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
        identity.confirmed.add(fact.value)
        if is_robot(fact.value):
            # Kept before such addresses were refused: a program's says nothing of who has it write.
            continue
        if not index.directory.of_one_household(owners[fact.value]):
            # A mailbox or a line that several households use says nothing of which of them writes.
            continue
        if fact.value in addresses:
            level, bits = ("unproven", weights.EMAIL_UNPROVEN) if forged else ("confirmed", weights.EMAIL_CONFIRMED)
            known = KnownReach("email", level, bits, addresses[fact.value])
        elif fact.value in numbers:
            known = KnownReach("phone", "confirmed", weights.PHONE_CONFIRMED, numbers[fact.value])
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
            _holders(identity, index, (person,), KnownReach("thread", "same_sender", weights.THREAD, seen))
        elif earlier.dwelling_id:
            for person in index.people.living_in(earlier.dwelling_id):
                evidence = Evidence("thread.household", weights.THREAD, seen.seen, None, earlier.dwelling_id)
                identity.add(person, evidence)
