"""The learned model beside the words: what it adds, what it may not, and damaged files."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dtm_contact.model import Problem
from dtm_contact.rules.learned_file import FORMAT, OWN, load_learned, packed
from dtm_contact.topics import Learned, Lexicon, Trust, understand, words_of
from dtm_contact.topics.learned import ASIDE
from tests.topics.conftest import RULES, contact

_HIDDEN = "Une antenne pend au-dessus de l'entrée par son seul câble."
_BARBECUE = (
    "L'amicale remercie le bailleur pour le barbecue de dimanche. Le beau temps était là, les enfants ont dansé "
    "jusqu'au soir, et madame Perrin a gagné la tombola. Nous aimerions réserver la salle au printemps prochain."
)


@pytest.fixture(scope="module")
def model(lexicon: Lexicon) -> Learned:
    assert lexicon.learned is not None
    return lexicon.learned


def _with(lexicon: Lexicon, model: Learned, **trust: float) -> Lexicon:
    return replace(lexicon, learned=replace(model, trust=replace(model.trust, **trust)))


def test_a_danger_that_no_word_names_is_found_and_told_by_the_words_that_moved_it(lexicon: Lexicon) -> None:
    assert understand(contact(_HIDDEN), replace(lexicon, learned=None)).priority != "P1"
    understood = understand(contact(_HIDDEN), lexicon)
    assert understood.priority == "P1"
    told = [*understood.raised_by, *(piece for found in understood.findings for piece in found.evidence)]
    learned = [piece for piece in told if piece.detail == "mots appris"]
    assert learned
    for piece in learned:
        assert piece.span is not None
        assert _HIDDEN[piece.span.start : piece.span.end] == piece.seen


def test_a_danger_told_in_passing_is_heard_in_a_long_letter_about_something_else(
    lexicon: Lexicon, model: Learned
) -> None:
    letter = f"{_BARBECUE} {_HIDDEN} {_BARBECUE}"
    words = words_of(contact(letter), lexicon)
    opinion = model.opinion(words.passage, words.markers, words.muted)
    heard = opinion.halfway_to_sharpest(lambda impression: impression.danger)
    assert heard > opinion.whole.danger + 1
    told = {piece.seen for piece in opinion.for_danger(words.passage)}
    assert told & set(_HIDDEN.replace("'", " ").replace(".", " ").split())


def test_a_short_letter_is_judged_as_a_whole(lexicon: Lexicon, model: Learned) -> None:
    words = words_of(contact(_HIDDEN), lexicon)
    assert model.opinion(words.passage, words.markers, words.muted).excerpts == ()


def test_the_evidence_adds_up_to_the_points_of_the_model(lexicon: Lexicon) -> None:
    finding = understand(contact("Le toit s'effrite et des morceaux s'écrasent devant la crèche."), lexicon).findings[0]
    words = understand(
        contact("Le toit s'effrite et des morceaux s'écrasent devant la crèche."), replace(lexicon, learned=None)
    )
    by_words = next((found.points for found in words.findings if found.topic == finding.topic), 0.0)
    learned = sum(piece.weight for piece in finding.evidence if piece.name == "topic.learned")
    assert learned == pytest.approx(finding.points - by_words, abs=0.05)


def test_the_offices_can_silence_it(lexicon: Lexicon, model: Learned) -> None:
    silent = _with(lexicon, model, most=0.0, danger_from=20.0, doubt_under=-50.0)
    assert understand(contact(_HIDDEN), silent).priority != "P1"
    for text in ("Ça sent le gaz", "Ma quittance svp", "Plus de chauffage"):
        assert (
            understand(contact(text), silent).topic == understand(contact(text), replace(lexicon, learned=None)).topic
        )


def test_an_alarm_of_the_words_is_only_doubted_where_the_model_is_sure(lexicon: Lexicon, model: Learned) -> None:
    text = contact("Ça sent le gaz dans l'escalier")
    assert understand(text, _with(lexicon, model, doubt_under=-50.0)).priority == "P1"
    assert understand(text, _with(lexicon, model, doubt_under=20.0)).priority != "P1"


def test_whom_an_outage_hits_is_an_alarm_where_only_the_model_knows_that_it_is_the_matter(
    lexicon: Lexicon, model: Learned
) -> None:
    text = contact(
        "La moitié des prises est morte depuis lundi, le congélateur est perdu, qui me rembourse la viande ? "
        "Mon oncle vit ici sous oxygène."
    )
    assert understand(text, replace(lexicon, learned=None)).priority == "P3"
    assert understand(text, _with(lexicon, model, danger_from=50.0, doubt_under=-50.0)).priority == "P1"
    assert understand(text, _with(lexicon, model, danger_from=50.0, doubt_under=50.0)).priority != "P1"


def test_an_advertisement_that_no_word_names_is_set_aside_only_where_the_model_is_sure(
    lexicon: Lexicon, model: Learned
) -> None:
    text = contact("Nos experts divisent par deux la note des syndics : demandez votre audit offert avant vendredi.")
    assert understand(text, replace(lexicon, learned=None)).kind == "case"
    found = understand(text, _with(lexicon, model, aside_from=-20.0))
    assert found.kind in {"spam", "automatic"}
    assert [piece for piece in found.kind_evidence if piece.name == "kind.learned"]
    assert understand(text, _with(lexicon, model, aside_from=20.0)).kind == "case"


def test_words_of_advertisement_set_nothing_aside_that_the_model_holds_for_a_persons(
    lexicon: Lexicon, model: Learned
) -> None:
    text = contact(
        "Offre exceptionnelle, gratuit et sans engagement : cliquez ici pour vous désabonner de la newsletter."
    )
    assert understand(text, replace(lexicon, learned=None)).kind == "spam"
    bias = model.bias.copy()
    bias[ASIDE] -= 50
    assert understand(text, replace(lexicon, learned=replace(model, bias=bias))).kind == "case"


@pytest.mark.parametrize(
    "text",
    [
        "გამარჯობა, სამი დღეა გათბობა არ გვაქვს, გთხოვთ გამოაგზავნოთ ვინმე",
        "Καλησπέρα, δεν έχουμε θέρμανση εδώ και τρεις μέρες, βοηθήστε μας.",
        "안녕하세요, 사흘째 난방이 안 됩니다. 사람을 보내 주세요.",
    ],
)
def test_what_it_cannot_read_is_never_set_aside(lexicon: Lexicon, model: Learned, text: str) -> None:
    assert understand(contact(text), _with(lexicon, model, aside_from=-20.0)).kind == "case"


def test_no_score_sets_somebody_in_danger_aside(lexicon: Lexicon, model: Learned) -> None:
    found = understand(contact("Ça sent le gaz dans l'escalier"), _with(lexicon, model, aside_from=-20.0))
    assert (found.kind, found.priority) == ("case", "P1")


def test_the_subject_of_a_reply_and_what_is_denied_do_not_speak(lexicon: Lexicon) -> None:
    found = understand(contact("Parfait, merci beaucoup !", "Re: Ascenseur en panne"), lexicon)
    assert found.topic == "thanks"


def test_what_is_written_is_read_again_alike(model: Learned, lexicon: Lexicon, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(packed(model))
    again = load_learned(tmp_path / "model", Trust(), [])
    assert again is not None
    assert again.features.text == model.features.text
    for text in (_HIDDEN, "Ma quittance"):
        one, two = (understand(contact(text), replace(lexicon, learned=read)) for read in (model, again))
        assert one.topics == two.topics


def test_the_program_has_a_model_of_its_own(model: Learned) -> None:
    own = load_learned(None, model.trust, [])
    assert own is not None
    assert own.version == model.version != ""


def _refused(path: Path) -> str:
    problems: list[Problem] = []
    assert load_learned(path, Trust(), problems) is None
    (problem,) = problems
    assert problem.file == str(path)
    return f"{problem.message} ({problem.hint})"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"\x00" * 1000, (RULES / "topics.yaml").read_bytes()])
def test_a_damaged_file_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(content)
    assert "this is no learned model (make it again: dtm-contact fit --output FILE" in _refused(tmp_path / "model")


def _of_format(number: int | str) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, format=np.array(number))
    return buffer.getvalue()


def _without_format() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, features=np.array(1))
    return buffer.getvalue()


def test_a_cut_a_spoilt_and_an_alien_file_are_told(tmp_path: Path) -> None:
    whole = OWN.read_bytes()
    place = whole.index(b"weights.npy") + 1_000
    spoilt = whole[:place] + bytes(200) + whole[place + 200 :]
    alone = io.BytesIO()
    np.save(alone, np.zeros(3))
    for content in (whole[: len(whole) // 2], spoilt, alone.getvalue(), _of_format(FORMAT), _of_format("one")):
        (tmp_path / "model").write_bytes(content)
        assert "this is no learned model" in _refused(tmp_path / "model")


def test_a_file_of_another_version_of_the_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(_without_format())
    assert "made by an earlier version of the program: it is of format 0, and 1 is read (make it again" in _refused(
        tmp_path / "model"
    )
    (tmp_path / "model").write_bytes(_of_format(FORMAT + 1))
    assert "made by a newer version of the program: it is of format 2, and 1 is read (take one that was" in _refused(
        tmp_path / "model"
    )


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory (check DTM_MODEL)" in _refused(tmp_path / "model")
    assert "cannot be read: Is a directory" in _refused(tmp_path)
