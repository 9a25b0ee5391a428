"""What the register says of a household, in the order in which it matters, and in the words that agents read."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from dtm_contact.calls.outcomes import national
from dtm_contact.directory import Directory
from dtm_contact.labels.cases import REACHES
from dtm_contact.labels.formats import spaced
from dtm_contact.model import CodedText, EntryKind, Reach
from dtm_contact.store import Case, RegisterEntry
from dtm_contact.store.desk import StoredDesk
from dtm_contact.text import fold

ENDS_SOON: Final = timedelta(days=30)
"""A protection is shown as about to end for so long before its last day."""
_MEANS: Final = (Reach.PHONE, Reach.MAIL, Reach.POST)
_ORDER: Final = {kind: place for place, kind in enumerate(EntryKind)}
_SHORTEST_NAME: Final = 5
"""Letters of a street or a residence whose name in a text is taken for it, and not for any word."""


def entry_text(kind: EntryKind, value: str) -> CodedText:
    """Return what an entry says, as everybody who sees the household may read it: of a protection that it is one."""
    value = "" if kind is EntryKind.PROTECTION else value
    dialled = national(value) if kind is EntryKind.NEVER and "@" not in value else value
    return CodedText("register_entry", {"kind": kind.value, "value": dialled})


def shown_reach(value: str) -> str:
    """Return an address, or a number in pairs of digits, as people read it."""
    return value if "@" in value else spaced(national(value))


@dataclass(frozen=True)
class HouseholdRegister:
    """What the register says of the people of a household on a day.

    Attributes:
        people: their tenant ids, by the leases in force.
        entries: all of theirs, ended ones too.
        on: the day.
    """

    people: tuple[str, ...] = ()
    entries: tuple[RegisterEntry, ...] = ()
    on: date = date.min

    @cached_property
    def in_force(self) -> tuple[RegisterEntry, ...]:
        """The entries in force, those first that matter first."""
        held = (entry for entry in self.entries if entry.in_force(self.on))
        return tuple(sorted(held, key=lambda entry: (_ORDER[entry.kind], entry.value in _MEANS, entry.id)))

    @cached_property
    def over(self) -> tuple[RegisterEntry, ...]:
        """The entries that are over, the latest first."""
        return tuple(reversed([entry for entry in self.entries if not entry.in_force(self.on)]))

    @cached_property
    def protected(self) -> frozenset[str]:
        """Those who are protected; empty where nobody is."""
        found = [entry for entry in self.in_force if entry.kind is EntryKind.PROTECTION]
        whole = self.people if any(entry.household for entry in found) else ()
        return frozenset((*whole, *(entry.tenant_id for entry in found)))

    @cached_property
    def never(self) -> tuple[str, ...]:
        """The addresses and numbers, as their keys, that must never be used."""
        return tuple(entry.value for entry in self.in_force if entry.kind is EntryKind.NEVER)

    def ends_soon(self, entry: RegisterEntry) -> bool:
        """Return whether a protection in force is about to end."""
        protects = entry.kind is EntryKind.PROTECTION and entry.in_force(self.on)
        return protects and entry.until is not None and entry.until - self.on <= ENDS_SOON

    def first(self, name: Callable[[str], str]) -> tuple[str, ...]:
        """Return the lines that an agent must read before anything else, the gravest first.

        Args:
            name: what a tenant is called.
        """
        return tuple(self._first(name))

    def _first(self, name: Callable[[str], str]) -> Iterator[str]:
        numbers = [shown_reach(each) for each in self.never if "@" not in each]
        addresses = [each for each in self.never if "@" in each]
        if self.protected:
            who = "" if set(self.people) <= self.protected else f" ({', '.join(map(name, sorted(self.protected)))})"
            told = [f"Protégé·e{who} : ne révélez pas l’adresse"]
            told += [f"n’appelez pas le {', le '.join(numbers)}"] if numbers else []
            told += [f"n’écrivez pas à {', à '.join(addresses)}"] if addresses else []
            yield f"{' ; '.join(told)}."
            yield from (
                f"La protection prend fin le {entry.until:%d/%m/%Y} : à revoir avant."
                for entry in self.in_force
                if self.ends_soon(entry)
            )
        else:
            yield from (f"N’appelez jamais le {each}." for each in numbers)
            yield from (f"N’écrivez jamais à {each}." for each in addresses)
        for entry in self.in_force:
            if entry.kind is EntryKind.REACH and entry.value not in _MEANS:
                whose = f" ({name(entry.tenant_id)})" if len(self.people) > 1 and not entry.household else ""
                yield f"{REACHES[Reach(entry.value)].capitalize()}{whose}{f' : {entry.words}' if entry.words else '.'}"


def household_of(directory: Directory, tenant_id: str | None, dwelling_id: str | None, on: date) -> tuple[str, ...]:
    """Return the people whose entries matter to a case: all of the dwelling, and the tenant with whom they live with.

    Args:
        directory: the estate.
        tenant_id: whom the case names.
        dwelling_id: where it is about.
        on: the day.
    """
    people = directory.household(dwelling_id, on) if dwelling_id else ()
    mates = directory.housemates(tenant_id, on) if tenant_id else ()
    return tuple(dict.fromkeys((*people, *mates)))


def registered(people: Sequence[str], entries: Iterable[RegisterEntry], on: date) -> HouseholdRegister:
    """Return what entries say of a household on a day."""
    return HouseholdRegister(tuple(people), tuple(entries), on)


def look_up(desk: StoredDesk, directory: Directory, case: Case, on: date) -> HouseholdRegister:
    """Read what the register has of the household that a case is about.

    Args:
        desk: reads the register.
        directory: says who lives in the household.
        case: its tenant and dwelling name the household; the register has nothing where it has neither.
        on: the day on which the household and the entries are looked at.
    """
    people = household_of(directory, case.tenant_id, case.dwelling_id, on)
    return registered(people, desk.register(people), on)


def place_named(text: str, people: Collection[str], directory: Directory, on: date) -> str | None:
    """Return what of the home of some people a text names, a street or a residence; None where it names neither."""
    words = _bare(text)
    for person in people:
        home = directory.home(person, on)
        address = directory.address_of(home.dwelling_id) if home else None
        residence = directory.residence_of(home.dwelling_id) if home else None
        names: list[str] = [*((address.street,) if address else ()), *((residence.name,) if residence else ())]
        for name in names:
            if len(name) >= _SHORTEST_NAME and _bare(name) in words:
                return name
    return None


def _bare(text: str) -> str:
    """Return a text's words, folded, each between two blanks."""
    kept = "".join(each if each.isalnum() else " " for each in fold(text))
    return f" {' '.join(kept.split())} "
