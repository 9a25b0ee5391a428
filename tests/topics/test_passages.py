"""The words that are told of a danger are those that raised it, and say the kind of danger that is named."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from dtm_contact.model import Channel, Contact, Part, Peril, Span
from dtm_contact.text import MASKED, tokenize
from dtm_contact.topics import Reader, understand
from dtm_contact.topics.passages import LONGEST, calming_passage, danger_passages

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

COMMON = frozenset({"le", "la", "de", "et", "dans"})


def told(text: str, dangerous: Sequence[str], unquoted: Sequence[str] = (), says: float = 0.4) -> list[str]:
    """Return the passages told of a text in which each of some words adds so much to a probability of 0.1."""
    tokens = tokenize([(Part.NEW, text)])
    forms = list(tokens.forms)

    def probability(left: list[str]) -> float:
        return 0.1 + says * sum(word in left for word in dangerous)

    names = {place for place, form in enumerate(forms) if form in unquoted}
    found = danger_passages(tokens, forms, probability, [0.0] * len(forms), COMMON, names)
    return [tokens.written(each.first, each.last) for each in found]


def test_the_clause_is_told_without_which_less_is_heard() -> None:
    text = "Bonjour madame, la prise est devenue noire dans la chambre, merci de venir"
    assert told(text, ["noire"]) == ["prise est devenue noire dans la chambre"]
    assert told(text, []) == []
    assert told(text, ["noire"], says=0.01) == []


def test_what_says_much_less_than_the_first_is_not_told() -> None:
    assert told("La fumée monte, le chat miaule", ["fumee", "chat"]) == ["fumée monte", "chat miaule"]
    assert told("La fumée monte, le chat miaule", ["fumee"]) == ["fumée monte"]


def test_the_sentence_without_which_least_is_heard_goes_first_though_its_clauses_hide_each_other() -> None:
    text = "Il frappe la mère, il frappe la fille. Le courrier est ouvert."
    tokens = tokenize([(Part.NEW, text)])

    def probability(left: list[str]) -> float:
        return 0.1 + 0.7 * ("frapper" in left or "frappe" in left) + 0.1 * ("courrier" in left)

    found = danger_passages(tokens, list(tokens.forms), probability, [0.0] * len(tokens), COMMON)
    assert tokens.written(found[0].first, found[0].last) in {"frappe la mère", "Il frappe la mère"}
    assert all(tokens.sentences[each.first] == tokens.sentences[0] for each in found)


def test_what_calms_is_the_sentence_without_which_most_more_danger_is_heard() -> None:
    tokens = tokenize([(Part.NEW, "Le local a brûlé hier. Tout est éteint et personne ne souffre. Merci de nettoyer.")])

    def probability(left: list[str]) -> float:
        return 0.6 - 0.5 * ("eteint" in left) - 0.02 * ("nettoyer" in left)

    found = calming_passage(tokens, list(tokens.forms), probability)
    assert found is not None
    assert tokens.written(found.first, found.last) == "Tout est éteint et personne ne souffre"
    assert calming_passage(tokens, list(tokens.forms), lambda _left: 0.1) is None


def test_names_are_never_told() -> None:
    text = "Fossés profonds de Saint Maur des Fossés"
    assert told(text, ["fosses"]) == [text]
    assert told(text, ["fosses"], unquoted=["fosses"]) == []


def test_a_long_clause_is_cut_where_it_says_it() -> None:
    text = " ".join(f"mot{chr(97 + number)}" for number in range(12)) + " feu partout ici maintenant encore"
    found = told(text, ["feu"])
    assert len(found) == 1
    assert "feu" in found[0]
    assert len(found[0].split()) <= LONGEST
    assert MASKED not in found[0]


@pytest.mark.parametrize(
    ("text", "peril", "word"),
    [
        ("La prise grésille et le plastique est devenu tout brun, ça sent le brûlé", Peril.ELECTRICITY, "plastique"),
        ("Le garde-fou du balcon est décroché et pend au-dessus du trottoir", Peril.FALLING, "décroché"),
        ("Ma voisine ne répond plus depuis deux jours, la radio marche derrière la porte", Peril.UNRESPONSIVE, "radio"),
    ],
)
def test_a_kind_of_danger_is_told_by_words_that_say_it(reader: Reader, text: str, peril: Peril, word: str) -> None:
    found = understand(Contact(Channel.EMAIL, AT, new_text=text), reader)
    assert found.peril is peril
    assert word in " ".join(piece.seen for piece in found.raised_by)
    for piece in found.raised_by:
        assert piece.span is not None
        assert text[piece.span.start : piece.span.end] == piece.seen


def test_a_place_s_name_is_heard_and_not_told(reader: Reader) -> None:
    text = "Cela tombe à Saint-Maur-des-Fossés"
    begin = text.index("Saint-Maur")
    town = Span(Part.NEW, begin, len(text))
    plain = understand(Contact(Channel.EMAIL, AT, new_text=text), reader)
    named = understand(Contact(Channel.EMAIL, AT, new_text=text), reader, (), (town,))
    assert (plain.alarm, plain.topics) == (named.alarm, named.topics)
    assert "Foss" in " ".join(piece.seen for piece in plain.raised_by)
    assert "Fossés" in [piece.seen for finding in plain.findings for piece in finding.evidence]
    assert all("Foss" not in piece.seen for piece in named.raised_by)
    assert all("Foss" not in piece.seen for finding in named.findings for piece in finding.evidence)
