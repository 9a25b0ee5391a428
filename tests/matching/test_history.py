"""What is known beyond the directory: confirmations, threads, what our mail server found; and what is proposed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Authentication, Channel, Confirmed, Contact, Earlier, Mailbox, Match, NoHistory

ON = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
ODETTE = "odette.vauquelin@courriel.example"


@dataclass
class _Confirmations(NoHistory):
    """A history with what agents confirmed, which a test may take back."""

    facts: list[Confirmed]
    earlier: tuple[Earlier, ...] = ()

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> tuple[Confirmed, ...]:
        return tuple(each for each in self.facts if each.value in addresses or each.value in numbers)

    def thread(self, message_ids: Sequence[str]) -> tuple[Earlier, ...]:
        return tuple(each for each in self.earlier if each.message_id in message_ids)


def _mail(text: str, address: str = "inconnu@poste.example", **more: object) -> Contact:
    return replace(Contact(Channel.EMAIL, AT, Mailbox("", address), new_text=text), **more)  # type: ignore[arg-type]


def _names(found: Match) -> set[str]:
    return {piece.name for piece in found.candidates[0].evidence}


def test_a_confirmation_counts_at_once_and_can_be_taken_back(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed("inconnu@poste.example", "TX-petit")])
    found = match(_mail("Plus d'eau."), ON, placed, history)
    assert found.tenant is not None
    assert found.tenant.id == "TX-petit"
    assert "email.confirmed" in _names(found)
    history.facts.clear()
    assert match(_mail("Plus d'eau."), ON, placed, history).tenant is None


def test_a_confirmation_for_another_home_makes_a_known_address_doubtful(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed(ODETTE, "TX-petit")])
    found = match(_mail("Plus d'eau.", ODETTE), ON, placed, history)
    assert found.tenant is None or found.tenant.id == "TX-petit"
    assert {each.tenant_id for each in found.candidates[:2]} == {"TX-petit", "TX-odette"}
    signed = match(_mail("Plus d'eau.\nOdette Vauquelin", ODETTE), ON, placed, history)
    assert signed.candidates[0].tenant_id == "TX-odette"


def test_an_address_confirmed_for_two_households_names_and_proves_nobody(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed("inconnu@poste.example", who) for who in ("TX-petit", "TX-odette")])
    found = match(_mail("Plus d'eau.", authentication=Authentication.VOUCHED), ON, placed, history)
    assert (found.tenant, found.proven, found.candidates) == (None, (), ())
    signed = match(_mail("Plus d'eau.\nOdette Vauquelin\n12 rue Laplace, Arcueil"), ON, placed, history)
    assert signed.tenant is not None, "the text still may name somebody"
    assert signed.tenant.id == "TX-odette"


def test_a_number_confirmed_for_two_households_names_nobody(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed("+33699887766", who) for who in ("TX-petit", "TX-odette")])
    found = match(_mail("Plus d'eau. Tél. 06 99 88 77 66"), ON, placed, history)
    assert (found.tenant, found.candidates) == (None, ())


def test_a_robots_address_that_was_confirmed_once_names_nobody(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed("no-reply@standard-vocal.example", "TX-petit")])
    assert match(_mail("Plus d'eau.", "no-reply@standard-vocal.example"), ON, placed, history).candidates == ()


def test_a_confirmation_of_somebody_who_left_the_directory_is_passed_over(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed("inconnu@poste.example", "T-of-an-older-import")])
    assert match(_mail("Plus d'eau."), ON, placed, history).tenant is None


def test_an_earlier_case_of_the_thread_says_who_the_same_sender_is(placed: MatchIndex) -> None:
    earlier = Earlier("m1@x", "inconnu@poste.example", "2026-1", "TX-odette", "LX1", "RX1")
    history = _Confirmations([], (earlier,))
    found = match(_mail("Alors ?", in_reply_to=("m1@x",)), ON, placed, history)
    assert found.tenant is not None
    assert found.tenant.id == "TX-odette"
    assert "thread.same_sender" in _names(found)


@pytest.mark.parametrize(
    ("authentication", "named", "name", "proven"),
    [
        (Authentication.NONE, True, "email.known", ()),
        (Authentication.VOUCHED, True, "email.known", ("TX-odette",)),
        (Authentication.FAILED, False, "email.unproven", ()),
    ],
)
def test_what_the_mail_server_found_bounds_what_a_known_address_proves(
    authentication: Authentication,
    named: bool,  # noqa: FBT001 (a column of the table)
    name: str,
    proven: tuple[str, ...],
    placed: MatchIndex,
) -> None:
    found = match(_mail("Plus d'eau.", ODETTE, authentication=authentication), ON, placed, NoHistory())
    assert (found.tenant is not None) is named
    assert name in _names(found)
    assert found.proven == proven


def test_whom_only_the_text_names_is_not_proven(placed: MatchIndex) -> None:
    text = f"Plus d'eau.\nOdette Vauquelin\n12 rue Laplace, Arcueil\n{ODETTE}"
    elsewhere = match(_mail(text, authentication=Authentication.VOUCHED), ON, placed, NoHistory())
    answered = _mail(text, authentication=Authentication.VOUCHED, reply_to=Mailbox("", ODETTE))
    for found in (elsewhere, match(answered, ON, placed, NoHistory())):
        assert found.tenant is not None
        assert found.proven == ()


def test_an_address_that_agents_confirmed_proves_as_well(placed: MatchIndex) -> None:
    history = _Confirmations([Confirmed("inconnu@poste.example", "TX-odette")])
    found = match(_mail("Plus d'eau.", authentication=Authentication.VOUCHED), ON, placed, history)
    assert found.proven == ("TX-odette",)


def test_a_message_that_failed_authentication_may_still_say_who_writes(placed: MatchIndex) -> None:
    text = "Plus d'eau.\nOdette Vauquelin\n12 rue Laplace, Arcueil"
    found = match(_mail(text, ODETTE, authentication=Authentication.FAILED), ON, placed, NoHistory())
    assert found.tenant is not None
    assert found.tenant.id == "TX-odette"


def test_a_new_address_and_number_are_proposed_for_whoever_is_named(placed: MatchIndex) -> None:
    found = match(_mail("Bail 5550003/13. Mon nouveau portable : 06 99 88 77 66"), ON, placed, NoHistory())
    assert {(each.kind, each.value, each.tenant_id) for each in found.proposals} == {
        ("address", "inconnu@poste.example", "TX-gavroche"),
        ("number", "+33699887766", "TX-gavroche"),
    }
    assert not {"email.known", "phone.known"} & _names(found)


def test_what_is_known_confirmed_or_somebody_elses_is_not_proposed(placed: MatchIndex) -> None:
    assert match(_mail("Plus d'eau.", ODETTE), ON, placed, NoHistory()).proposals == ()
    history = _Confirmations([Confirmed("inconnu@poste.example", "TX-petit")])
    assert match(_mail("Plus d'eau."), ON, placed, history).proposals == ()
    helper = _mail("Je vous écris pour ma mère, Mme Odette Vauquelin, 12 rue Laplace à Arcueil. Tél. 06 99 88 77 66")
    found = match(helper, ON, placed, NoHistory())
    assert found.tenant is not None
    assert (found.proposals, found.on_behalf) == ((), True)
    assert not match(_mail("Plus d'eau.", ODETTE), ON, placed, NoHistory()).on_behalf
    assert match(_mail("Tél. 06 99 88 77 66"), ON, placed, NoHistory()).proposals == ()
    gateway = _mail("Bail 5550003/13. Mon portable : 06 99 88 77 66", "noreply@sms.example")
    assert [each.kind for each in match(gateway, ON, placed, NoHistory()).proposals] == ["number"]


@pytest.mark.parametrize(
    ("address", "proven", "homes"),
    [(ODETTE, "TX-odette", ("LX1",)), ("ysaline.brochant@courriel.example", "TX-gone", ())],
    ids=["who lives there", "who has left"],
)
def test_a_home_is_proven_while_the_lease_lasts(
    address: str, proven: str, homes: tuple[str, ...], placed: MatchIndex
) -> None:
    found = match(_mail("Plus d'eau.", address, authentication=Authentication.VOUCHED), ON, placed, NoHistory())
    assert (found.proven, found.proven_homes) == ((proven,), homes)
