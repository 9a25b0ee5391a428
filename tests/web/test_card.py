"""The card of a case of violence at home: whom its numbers reach, and which of them are kept apart."""

from dataclasses import replace

import pytest

from dtm_contact.store import CaseContact
from dtm_contact.web.case_view import HouseholdCard, Member, guarded
from tests.store.samples import judgement

SHARED, HERS, HIS = "01 23 45 67 89", "06 11 22 33 44", "06 99 88 77 66"
NADIA = Member("T1", "Nadia", "holder", (SHARED, HERS), "nadia@free.example")
MARC = Member("T2", "Marc", "co_holder", (HIS, "0123456789"), "marc@free.example")
HOME = HouseholdCard("L1", "12 rue des Lilas", "Les Lilas", "nord", (MARC, NADIA), ())


def contact(*proven: str, is_proven: bool = True) -> CaseContact:
    judged = judgement()
    judged = replace(
        judged,
        match=replace(judged.match, proven=proven),
        understanding=replace(judged.understanding, violence_at_home=True),
    )
    return CaseContact(1, None, None, judged, is_proven)


def test_who_wrote_comes_first_with_what_is_theirs_alone() -> None:
    card = guarded(HOME, [contact("T1")])
    assert [(member.name, member.phones, member.email) for member in card.members] == [
        ("Nadia", (HERS,), "nadia@free.example"),
        ("Marc", (), ""),
    ]
    assert set(card.guarded) == {SHARED, HIS, "0123456789", "marc@free.example"}


@pytest.mark.parametrize(
    "contacts",
    [[contact("T1", "T2")], [contact("T1"), contact("T2")], [contact("T1", is_proven=False)], []],
    ids=["shared address", "both wrote", "not proven", "nobody"],
)
def test_where_it_is_not_sure_who_wrote_nothing_is_shown_first(contacts: list[CaseContact]) -> None:
    card = guarded(HOME, contacts)
    assert [(member.phones, member.email) for member in card.members] == [((), ""), ((), "")]
    assert {SHARED, HERS, HIS} <= set(card.guarded)
