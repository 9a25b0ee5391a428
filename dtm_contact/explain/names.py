"""How identifiers are called when people read of them."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dtm_contact.directory import Directory
from dtm_contact.directory.lines import column
from dtm_contact.model import WriterHome


@dataclass(frozen=True, slots=True)
class Names:
    """How identifiers are called: people and places by the directory, topics by their French labels."""

    directory: Directory
    topics: dict[str, str]
    zone: ZoneInfo

    @property
    def people(self) -> int:
        """How many people the directory holds."""
        return len(set(column(self.directory.records.leases, "tenant_id")))

    def called(self, identifier_or_name: str) -> str:
        """Return a person's name where an identifier is given, else what is given."""
        return self.person(identifier_or_name) if self.directory.leases_of(identifier_or_name) else identifier_or_name

    def person(self, tenant_id: str) -> str:
        """Return "Mme Huguette Joly (T000001)"."""
        lease = next(iter(self.directory.leases_of(tenant_id)), None)
        name = " ".join(filter(None, (lease.title, lease.first_name, lease.last_name))) if lease else ""
        return f"{name} ({tenant_id})".strip()

    def residence(self, residence_id: str) -> str:
        """Return "La Maladrerie, Bagnolet (R001)"."""
        residence = self.directory.residences.get(residence_id)
        return f"{residence.name}, {residence.commune} ({residence_id})" if residence else residence_id

    def home(self, home: WriterHome) -> str:
        """Return where somebody lives: the dwelling with its residence, or the residence alone."""
        parts = (
            self.dwelling(home.dwelling_id) if home.dwelling_id else "",
            self.residence(home.residence_id) if home.residence_id else "",
        )
        return ", ".join(filter(None, parts))

    def dwelling(self, dwelling_id: str) -> str:
        """Return "14 rue du 11-Novembre-1918, bât. A, étage 3, porte D (L000002)"."""
        dwelling = self.directory.dwellings.get(dwelling_id)
        address = self.directory.address_of(dwelling_id)
        if dwelling is None or address is None:
            return dwelling_id
        details = (("bât.", dwelling.building), ("esc.", dwelling.staircase), ("étage", dwelling.floor))
        parts = [f"{address.house_number} {address.street}", *(f"{word} {value}" for word, value in details if value)]
        # A door may bring its own word: "porte 3", "box 247".
        worded = " " in dwelling.door and dwelling.door.split()[0].isalpha()
        parts += [dwelling.door if worded else f"porte {dwelling.door}"] if dwelling.door else []
        return f"{', '.join(parts)} ({dwelling_id})"

    def entrance(self, address_id: str) -> str:
        """Return "14 rue du 11-Novembre-1918, bât. A, Bagnolet (A00001)"."""
        address = self.directory.addresses.get(address_id)
        if address is None:
            return address_id
        details = [
            f"{word} {value}" for word, value in (("bât.", address.building), ("esc.", address.staircase)) if value
        ]
        return f"{', '.join((f'{address.house_number} {address.street}', *details, address.commune))} ({address_id})"

    def written_place(self, words: str, residence_id: str | None) -> str:
        """Return a place as somebody wrote it, with the residence that this is: "« 9 rue Hoche » (La Maladrerie, …)".

        Args:
            words: the address as written.
            residence_id: the residence; None where the words do not say surely which of ours it is.
        """
        within = without_code(self.residence(residence_id)) if residence_id else "lieu non reconnu"
        return f"« {words} » ({within})"

    def caretaker(self, caretaker_id: str) -> str:
        """Return "Mme Isabel Carvalho (G001)"."""
        caretaker = self.directory.caretakers.get(caretaker_id)
        if caretaker is None:
            return caretaker_id
        return f"{caretaker.title} {caretaker.first_name} {caretaker.last_name} ({caretaker_id})"

    def topic(self, code: str) -> str:
        """Return "Fuite, dégât des eaux (water_leak)"."""
        return f"{self.topics[code]} ({code})" if code in self.topics else code


def without_code(name: str) -> str:
    """Return a name of `Names` without the identifier in brackets behind it; "sans nom" where nothing else is known."""
    head, found, code = name.rpartition("(")
    if not found or not code.endswith(")"):
        return name
    return head.rstrip() or "sans nom"
