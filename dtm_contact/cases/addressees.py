"""Whom an agent may write to in a case, and what is known of each address: proven, the directory's, or only written."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from dtm_contact.directory import Directory
from dtm_contact.model import Contact, domain_of
from dtm_contact.settings import Settings
from dtm_contact.store import CaseContact, Confirmation
from dtm_contact.text import is_robot


class Trust(IntEnum):
    """What is known of an address, the surest first."""

    PROVEN = 0
    """Who writes from it in this case is proven."""
    KNOWN = 1
    """The tenant's whom the case names, by the directory or by an agent's word."""
    UNPROVEN = 2
    """It stands in a message, and anybody may have written it there."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """An address that a case may be answered at.

    Attributes:
        address: lower case.
        trust: what is known of it.
        by_reply_to: a message asks to be answered there, and was sent from elsewhere.
        of_others: who writes from it is proven to be somebody else than the case's tenant, of another household.
        beside: somebody of the household is protected, and the address is not theirs alone.
        never: the register says never to write there.
        contact: the latest message that an answer there answers; None where none came from it.
    """

    address: str
    trust: Trust
    by_reply_to: bool = False
    of_others: bool = False
    beside: bool = False
    never: bool = False
    contact: Contact | None = None

    @property
    def unproven(self) -> bool:
        """Whether writing there asks a second, deliberate step."""
        return self.trust is Trust.UNPROVEN

    @property
    def mark(self) -> str:
        """What agents read beside the address; empty where it is proven."""
        if self.never:
            return "ne jamais écrire"
        if self.beside:
            return "pas à la personne protégée seule"
        match self.trust:
            case Trust.PROVEN:
                return ""
            case Trust.KNOWN:
                return "connue du foyer"
            case Trust.UNPROVEN:
                if self.of_others:
                    return "d’un autre foyer"
                return "non vérifiée, adresse de réponse" if self.by_reply_to else "non vérifiée"


@dataclass(frozen=True, slots=True)
class Care:
    """What the register says that bounds whom a case may answer.

    Attributes:
        never: returns which of some addresses must never be written to.
        protected: the protected people of the household.
    """

    never: Callable[[Collection[str]], frozenset[str]]
    protected: frozenset[str] = frozenset()


def addressees(  # noqa: PLR0913 - what is known of one case, and whom it may reach
    contacts: Sequence[CaseContact],
    tenant_id: str | None,
    confirmed: Iterable[Confirmation],
    directory: Directory,
    settings: Settings,
    care: Care,
    *,
    machines: Collection[str] = (),
) -> tuple[Addressee, ...]:
    """Return the addresses that a case may be answered at, the one to be chosen first; a robot's is none.

    Whoever is proven comes first, then the tenant's known addresses, then one of our own people who wrote, then what
    nothing proves. Of a message that a program sent, a form's for example, only the Reply-To can be a person's. Where
    somebody of the household is protected, no address counts as sure that is not theirs alone. Last stands where the
    register says never to write.

    Args:
        contacts: the case's, oldest first.
        tenant_id: whom the case names.
        confirmed: what agents confirmed for them.
        directory: the estate.
        settings: our own addresses and domains.
        care: what the register says.
        machines: the addresses, and domains that begin with @, from which the programs of sources write.
    """
    confirmed = tuple(confirmed)
    known = _known_addresses(tenant_id, confirmed, directory)
    found: dict[str, Addressee] = {}
    for each in (one for contact in reversed(contacts) for one in _written(contact, known, settings)):
        before = found.get(each.address)
        if before is None or each.trust < before.trust:
            found[each.address] = each
    for proven in (contact for contact in contacts if _proves_others(contact, tenant_id, directory)):
        address = proven.sender_address
        if address in found and address not in known:
            found[address] = replace(found[address], trust=Trust.UNPROVEN, of_others=True)
    for address in known:
        found.setdefault(address, Addressee(address, Trust.KNOWN))
    if care.protected:
        theirs = _of_the_protected(contacts, confirmed, directory, care.protected)
        found = {address: each if address in theirs else _beside(each) for address, each in found.items()}
    never = care.never(tuple(found))
    found = {address: replace(each, never=address in never) for address, each in found.items()}
    own = settings.outbound.sender.lower()
    people = [
        each
        for each in found.values()
        # A telephone company's people may be tenants: whom the directory knows by such an address is no robot.
        if each.address != own and not is_robot(each.address, () if each.address in known else machines)
    ]
    return tuple(sorted(people, key=lambda each: _place(each, settings)))


def usual(addressees: Sequence[Addressee], *, corrected: bool = False) -> Addressee | None:
    """Return the addressee whom an answer goes to unless the agent chooses; None where nothing proves any.

    Args:
        addressees: those of a case, the one to be chosen first in front.
        corrected: an agent has said since whom the case is about: an answer to what somebody wrote from elsewhere goes
            to no address that only the directory knows of whom they named.
    """
    first = next((each for each in addressees if not (each.unproven or each.never)), None)
    wrote = any(each.contact is not None and not each.never for each in addressees)
    return None if corrected and first is not None and first.contact is None and wrote else first


def _beside(each: Addressee) -> Addressee:
    return each if each.unproven else replace(each, trust=Trust.UNPROVEN, beside=True)


def _of_the_protected(
    contacts: Sequence[CaseContact],
    confirmed: Iterable[Confirmation],
    directory: Directory,
    protected: frozenset[str],
) -> frozenset[str]:
    """Return the addresses that are the protected people's, and nobody's who is not protected."""
    owners: dict[str, set[str]] = {}
    for person in protected:
        homes = {lease.dwelling_id for lease in directory.leases_of(person)}
        for lease in (*directory.leases_of(person), *(each for home in homes for each in directory.leases_in(home))):
            owners.setdefault(lease.email.lower(), set()).add(lease.tenant_id)
    for each in confirmed:
        if each.kind == "address":
            owners.setdefault(each.value, set()).update((each.tenant_id, *each.others))
    for contact in contacts:
        if contact.proven and contact.judgement:
            owners.setdefault(contact.sender_address, set()).update(contact.judgement.match.proven)
    return frozenset(address for address, people in owners.items() if people and people <= protected)


def _known_addresses(tenant_id: str | None, confirmed: Iterable[Confirmation], directory: Directory) -> tuple[str, ...]:
    """Return a tenant's addresses: the directory's, and those that agents confirmed for their household alone."""
    if tenant_id is None:
        return ()
    leases = [lease.email.lower() for lease in directory.leases_of(tenant_id)]
    kept = [
        each.value
        for each in confirmed
        if each.kind == "address" and directory.of_one_household((each.tenant_id, *each.others))
    ]
    return tuple(dict.fromkeys(filter(None, (*leases, *kept))))


def _written(contact: CaseContact, known: Collection[str], settings: Settings) -> Iterator[Addressee]:
    """Yield the addresses of one message at which its writer may be answered."""
    judged = contact.judgement
    read = judged.contact if judged else None
    writer, reply_to = contact.sender_address, read.reply_to.address.strip().lower() if read else ""
    elsewhere = bool(reply_to) and reply_to != writer
    if elsewhere:
        yield Addressee(reply_to, _trust(reply_to, known), by_reply_to=True, contact=read)
    its_people = read.sourced.answer_at if read and read.sourced else ""
    if its_people and its_people != reply_to:
        # The admins say that people read there, whatever program of theirs wrote this.
        yield Addressee(its_people, _trust(its_people, known), contact=read)
    if writer and not (read and _by_program(read, settings, passes_on=elsewhere)):
        trust = Trust.PROVEN if contact.proven else _trust(writer, known)
        yield Addressee(writer, trust, contact=read)


def _proves_others(contact: CaseContact, tenant_id: str | None, directory: Directory) -> bool:
    """Return whether the writer of a message is proven to be of another household than the case's tenant."""
    proven = contact.judgement.match.proven if contact.judgement else ()
    if tenant_id is None or not proven:
        return False
    return not any(directory.of_one_household((tenant_id, each)) for each in proven)


def _by_program(contact: Contact, settings: Settings, *, passes_on: bool) -> bool:
    """Return whether a program sent a message: its structure says so, or our own form passes it on."""
    ours = domain_of(contact.sender.address) in _domains(settings)
    return contact.by_program or contact.voice is not None or (ours and passes_on)


def _trust(address: str, known: Collection[str]) -> Trust:
    return Trust.KNOWN if address in known else Trust.UNPROVEN


def _place(each: Addressee, settings: Settings) -> tuple[bool, int, bool]:
    of_ours = domain_of(each.address) in _domains(settings)
    return (each.never, Trust.KNOWN if of_ours and not each.unproven else each.trust, of_ours)


def _domains(settings: Settings) -> frozenset[str]:
    return frozenset(domain.lower() for domain in settings.domains)
