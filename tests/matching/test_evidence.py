"""The evidence is the explanation: it stands where it says, adds up, and is put in order."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Arrival, Channel, Contact, Evidence, Forwarded, Mailbox, Match, NoHistory
from dtm_contact.reading import read
from fixtures.hard_contacts.correspondence import Correspondence
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.parts import Part
from tests.matching.conftest import FIXTURES

ON = date(2026, 11, 24)


def _check(contact: Contact, found: Match) -> None:
    probabilities = [candidate.probability for candidate in found.candidates]
    assert all(0 <= probability <= 1 for probability in probabilities)
    assert sum(probabilities) <= 1 + 1e-9
    assert len(found.candidates) <= 20
    assert [c.score for c in found.candidates] == sorted((c.score for c in found.candidates), reverse=True)
    pieces = [piece for candidate in found.candidates for piece in candidate.evidence]
    for piece in (*pieces, *found.place_evidence):
        if piece.span is not None:
            assert contact.text(piece.span.part)[piece.span.start : piece.span.end] == piece.seen


def test_evidence_stands_where_it_says(fixture_index: MatchIndex) -> None:
    correspondence = Correspondence(Landlord.read(FIXTURES / "directory"), Part.TRAINING, 77)
    for message in correspondence.messages(150):
        arrival = Arrival("file", "hard", datetime(2026, 11, 24, tzinfo=UTC), "message/rfc822", None, message.raw)
        contact = read(arrival)
        _check(contact, match(contact, ON, fixture_index, NoHistory()))


def _pieces(found: Match) -> list[Evidence]:
    return [*(piece for candidate in found.candidates for piece in candidate.evidence), *found.place_evidence]


@pytest.mark.parametrize("mail", sorted((FIXTURES / "mail").glob("*.eml")), ids=lambda path: path.stem)
def test_evidence_begins_and_ends_at_word_borders(mail: Path, fixture_index: MatchIndex) -> None:
    arrival = Arrival("file", mail.name, datetime(2026, 11, 24, tzinfo=UTC), "message/rfc822", None, mail.read_bytes())
    contact = read(arrival)
    for piece in _pieces(match(contact, ON, fixture_index, NoHistory())):
        if piece.span is None:
            continue
        text, start, end = contact.text(piece.span.part), piece.span.start, piece.span.end
        assert text[start].isalnum() or text[start] in "(+", piece
        assert text[end - 1].isalnum() or text[end - 1] == ")", piece
        assert start == 0 or not (text[start - 1].isalnum() and text[start].isalnum()), piece
        assert end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum()), piece
        # An elided letter belongs to the word that follows it.
        assert text[end : end + 1] not in {"'", "\N{RIGHT SINGLE QUOTATION MARK}"}, piece


@pytest.mark.parametrize(
    ("text", "name", "seen"),
    [
        ("La gardienne, Mme Quesnel, n'a pas la clef.\nOdette Vauquelin", "place.caretaker", "Quesnel"),
        ("La gardienne Mme Quesnel n'a pas la clef.\nOdette Vauquelin", "place.caretaker", "Quesnel"),
        ("Le gardien M. Quesnel n a pas la clef\nOdette Vauquelin", "place.caretaker", "Quesnel"),
        ("Le gardien M. Quesnel n'ose plus passer.\nOdette Vauquelin", "place.caretaker", "Quesnel"),
        ("12 rue Laplace, Arcueil, la porte d'entrée ne ferme plus. Odette Vauquelin", "place.door", None),
        ("12 rue Laplace, Arcueil, sur la porte c'est marqué absent. Odette Vauquelin", "place.door", None),
        ("12 rue laplace arcueil la porte d entree est cassee odette vauquelin", "place.door", None),
        ("12 rue Laplace, Arcueil, porte 3. Odette Vauquelin", "place.door", "porte 3"),
        ("12 rue Laplace, Arcueil, au rez-de-chaussée. Odette Vauquelin", "place.floor", "rez-de-chaussée"),
        ("Au 12 rue Laplace on attend depuis lundi matin un plombier, c'est au bâtiment A. O. Vauquelin",
         "place.street", "12 rue Laplace"),
    ],
)  # fmt: skip
def test_evidence_is_no_more_than_what_was_said(text: str, name: str, seen: str | None, placed: MatchIndex) -> None:
    contact = Contact(Channel.EMAIL, datetime(2026, 11, 24, tzinfo=UTC), new_text=text)
    told = {piece.seen for piece in _pieces(match(contact, ON, placed, NoHistory())) if piece.name == name}
    assert told == ({seen} if seen else set())


def test_a_candidates_evidence_explains_the_order(placed: MatchIndex) -> None:
    contact = Contact(
        Channel.EMAIL, datetime(2026, 11, 24, tzinfo=UTC), new_text="Odette Vauquelin\n12 rue Laplace, Arcueil"
    )
    best = match(contact, ON, placed, NoHistory()).candidates[0]
    assert sum(piece.weight for piece in best.evidence) == pytest.approx(best.score, abs=0.05)
    assert {piece.name for piece in best.evidence} == {"name.signed", "place.street"}
    assert abs(best.evidence[0].weight) >= abs(best.evidence[-1].weight)


_WORDS = st.sampled_from(
    ["Odette", "Vauquelin", "mme", "M.", "je suis", "12", "rue Laplace", "Arcueil", "bât", "A", "94110", "3e étage",
     "pour", "ma mère", "06 11 00 00 01", "5550001/11", "\n", ",", "«", "é", "ﬁ", "\u0301", "İ", "ß", "…", "@", "0",
     "née", "l'", "-"]
)  # fmt: skip
_TEXTS = st.lists(_WORDS | st.text(max_size=6), max_size=40).map(" ".join)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=_TEXTS, address=st.text(max_size=20), subject=_TEXTS, text=_TEXTS, signature=_TEXTS, passed_on=_TEXTS)
def test_no_text_breaks_it(placed: MatchIndex, name: str, address: str, **texts: str) -> None:
    passed_on = texts["passed_on"]
    contact = Contact(
        Channel.EMAIL,
        datetime(2026, 11, 24, tzinfo=UTC),
        Mailbox(name, address),
        subject=texts["subject"],
        new_text=texts["text"],
        signature=texts["signature"],
        forwarded=(Forwarded(Mailbox(passed_on, address), texts["subject"], passed_on),),
    )
    _check(contact, match(contact, ON, placed, NoHistory()))
