"""People placed by hand in an invented estate, so that each test can name whom it means."""

from dataclasses import replace
from datetime import date

from dtm_contact.directory import (
    Address,
    Assignment,
    Caretaker,
    Dwelling,
    Lease,
    Records,
    Residence,
)
from tests.matching.estate import make_estate

_AUBEPINES = Residence("RX1", "Les Aubépines", ("Aubépines",), "Arcueil", "94110", "", "94", "bp1")
_MAIL = Residence("RX2", "Le Mail", (), "Cachan", "94230", "", "94", "bp2")
_ADDRESSES = (
    Address("AX1", "RX1", "12", "rue Laplace", "94110", "Arcueil", "A", ""),
    Address("AX2", "RX1", "12", "rue Laplace", "94110", "Arcueil", "B", ""),
    Address("AX3", "RX1", "14 bis", "rue Laplace", "94110", "Arcueil", "", ""),
    Address("AX4", "RX2", "7", "avenue du Président-Wilson", "94230", "Cachan", "", ""),
    Address("AX5", "RX2", "9", "rue Laplace", "94230", "Cachan", "", ""),
)


def _dwelling(number: int, address_id: str, floor: str = "2", door: str = "", kind: str = "dwelling") -> Dwelling:
    building = next(each.building for each in _ADDRESSES if each.address_id == address_id)
    return Dwelling(f"LX{number}", address_id, kind, building, "", floor, door, f"50000{number}.1{number % 10}")


_DWELLINGS = (
    _dwelling(1, "AX1", "6", "porte 3"),
    _dwelling(2, "AX2", "4"),
    _dwelling(3, "AX3", "1"),
    _dwelling(4, "AX4", "3"),
    _dwelling(5, "AX5", "5"),
    _dwelling(6, "AX4", "8"),
    _dwelling(7, "AX1", "0", kind="commercial"),
    _dwelling(8, "AX5", "-1", kind="parking"),
    _dwelling(9, "AX3", "7"),
    _dwelling(10, "AX4", "-1", kind="parking"),
)


def _lease(key: str, dwelling: int, who: tuple[str, str, str], **more: str) -> Lease:
    title, first, last = who
    phones = tuple(filter(None, (more.get("phone", ""),)))
    start = date.fromisoformat(more.get("start", "2010-05-01"))
    end = date.fromisoformat(more["end"]) if "end" in more else None
    return Lease(
        f"TX-{key}", more.get("lease", f"555000{dwelling}/1{dwelling}"), f"LX{dwelling}",
        more.get("role", "holder"), title,
        last, more.get("birth", ""), first, more.get("email", ""), phones, start, end,
    )  # fmt: skip


_LEASES = (
    _lease("odette", 1, ("Mme", "Odette", "Vauquelin"), birth="Sarrazin", email="odette.vauquelin@courriel.example",
           phone="0611000001"),
    _lease("georges", 1, ("M.", "Georges", "Vauquelin"), role="co_holder"),
    _lease("jebali1", 2, ("M.", "Mohammed", "Jebali")),
    _lease("jebali2", 4, ("M.", "Mohammed", "Jebali")),
    _lease("gavroche", 3, ("M.", "Pierre", "Gavroche"), phone="0611000009", email="famille.gavroche@courriel.example"),
    _lease("grandson", 5, ("M.", "Enguerrand", "Gavroche"), phone="0611000009",
           email="famille.gavroche@courriel.example"),
    _lease("gone", 6, ("Mme", "Ysaline", "Brochant"), end="2025-12-31", email="ysaline.brochant@courriel.example"),
    _lease("after", 6, ("M.", "Théodule", "Ribot"), start="2026-02-01"),
    _lease("bakery", 7, ("", "", "Boulangerie Aubépine"), role="commercial", lease="C900001"),
    _lease("parker", 8, ("Mme", "Eulalie", "Trochu"), lease="P700001", phone="0611000044"),
    _lease("petit", 9, ("M.", "Marcel", "Petit"), phone="0611000055"),
    _lease("petit", 10, ("M.", "Marcel", "Petit"), lease="P700002"),
)  # fmt: skip
_CARETAKERS = (
    Caretaker("GX1", "M.", "Quesnel", "Hilaire", "quesnel@bailleur.example", "0700000901", "", "bp1"),
    Caretaker("GX2", "Mme", "Zwilling", "Berthe", "zwilling@bailleur.example", "0700000902", "", "bp1"),
    Caretaker("GX3", "M.", "Trochu", "Anselme", "trochu@bailleur.example", "0700000903", "", "bp2"),
)
_ASSIGNMENTS = (
    Assignment("GX1", "AX1", None, None),
    Assignment("GX1", "AX2", None, None),
    Assignment("GX2", "AX3", None, None),
    Assignment("GX3", "AX4", None, None),
    Assignment("GX3", "AX5", None, None),
)


def placed_estate() -> Records:
    """Return an estate of some thousands of people, with those placed by hand among them."""
    records = make_estate(7, people=4_000)
    return replace(
        records,
        residences=(*records.residences, _AUBEPINES, _MAIL),
        addresses=(*records.addresses, *_ADDRESSES),
        dwellings=(*records.dwellings, *_DWELLINGS),
        leases=(*records.leases, *_LEASES),
        caretakers=(*records.caretakers, *_CARETAKERS),
        assignments=(*records.assignments, *_ASSIGNMENTS),
    )
