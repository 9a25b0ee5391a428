"""Wishes by the sentence that says them, kinds of danger by the words that alarm: learned, measured on kept sets."""

import importlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dtm_contact.errors import UnusableModelError
from dtm_contact.model import Channel, Contact, Peril, Problem, Wish
from dtm_contact.rules import reader_files
from dtm_contact.rules.reader_files import SHIPPED_DETAILS, load_details
from dtm_contact.topics import DetailModel, Effect, Phrase, PhraseBook, Reader, understand
from dtm_contact.topics.details import weighed_apart
from tests.topics.conftest import Read
from training import corpus
from training.corpus import FOLDER

_REFUSED = (Wish.NO_PHONE, Wish.NO_POST)
KEPT = FOLDER / "kept"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Il y a du bruit. Je vous écris en cachette, il ne doit pas savoir que je me suis plainte.", Wish.ANONYMOUS),
        ("Le hall est sale. Je préfère ne pas signer.", Wish.ANONYMOUS),
        ("Mon badge est cassé. Un SMS me suffit, je travaille la nuit.", Wish.CALL),
        ("Le radiateur fuit. Je suis sourde, le téléphone ne me sert à rien.", Wish.NO_PHONE),
        ("I moved out. He opens my letters, please do not send anything there.", Wish.NO_POST),
    ],
)
def test_a_wish_is_heard_in_words_that_no_phrase_has(read: Read, text: str, wish: Wish) -> None:
    wished = {each.wish: each.evidence for each in read(text).wishes}
    assert wish in wished
    span = wished[wish].span
    assert span is not None
    assert text[span.start : span.end] == wished[wish].seen


@pytest.mark.parametrize(
    "text",
    [
        "Vous ne m'avez pas rappelé. Un appel ?",
        "Je n'ai rien reçu par la poste, et mon nom n'est pas sur l'interphone.",
        "Le téléphone de l'ascenseur ne marche plus. Merci d'envoyer la facture à mon domicile.",
        "",
    ],
)
def test_words_alike_are_no_wish(read: Read, text: str) -> None:
    assert read(text).wishes == ()


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Ne téléphonez pas à la maison, s'il vous plaît.", {Wish.NO_PHONE}),
        ("N'appelez pas, et surtout ne laissez aucun courrier dans la boîte, il ouvre mes lettres.", {*_REFUSED}),
        ("N'appelez pas. Il ouvre mes lettres, n'envoyez rien à la maison.", {*_REFUSED}),
        ("Il ouvre tout mon courrier, ne m'écrivez rien chez moi, et ne téléphonez pas.", {*_REFUSED}),
    ],
)
def test_one_refusal_is_not_heard_as_two(read: Read, text: str, refused: set[Wish]) -> None:
    assert {each.wish for each in read(text).wishes} & {*_REFUSED} == refused


def test_wishes_of_a_set_written_to_be_odd(read: Read) -> None:
    """Before there was a reader of sentences: anonymous 0 or 2, call 11, no_phone 3 of 15, no_post 3 of 12."""
    said, right, wrong = Counter[str](), Counter[str](), Counter[str]()
    for message in corpus.read([KEPT / "wishes.jsonl"]):
        heard = {each.wish.value for each in read(message.text, message.subject).wishes}
        said.update(message.wishes)
        right.update(heard & message.wishes)
        wrong.update(heard - message.wishes)
    assert said == {"anonymous": 15, "call": 15, "no_phone": 15, "no_post": 12}
    assert right["anonymous"] >= 8
    assert right["call"] >= 12
    assert right["no_phone"] >= 10
    assert right["no_post"] >= 7
    assert sum(wrong.values()) <= 18


@pytest.mark.parametrize(
    "text",
    [
        "عندي تسرب ماء في سقف الحمام منذ يوم أمس. أسكن في 91 rue Hoche bât. B الطابق العاشر. من فضلكم أرسلوا أحدا.",
        "الكاف أوقفت APL من شهر سبتمبر. من فضلكم أرسلوا الورقة إلى الكاف. شكرا",
        "Por favor manden a alguien a reparar el ascensor.",
        "Lütfen asansörü tamir etmek için birini gönderin.",
        "Пожалуйста, пришлите кого-нибудь починить лифт.",
        "请派人来修电梯。",
    ],
)
def test_please_in_another_language_is_no_wish(read: Read, text: str) -> None:
    assert not read(text).wishes


def test_wishes_in_other_languages(read: Read) -> None:
    """Before sentences in them were learned: 8 of 46, and 11 that nobody said in 90 sentences."""
    said = right = wrong = 0
    for line in (KEPT / "sentences" / "wishes_in_languages.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        heard = {each.wish.value for each in read(entry["text"]).wishes}
        said += len(entry["wishes"])
        right += len(heard & {*entry["wishes"]})
        wrong += len(heard - {*entry["wishes"]})
    assert said == 46
    assert right >= 27
    assert wrong <= 9


@pytest.mark.parametrize(
    ("text", "peril"),
    [
        ("Odeur de gaz très forte dans la cuisine", Peril.GAS),
        ("Il y a le feu dans la cave", Peril.FIRE),
        ("Ma mère est coincée dans l'ascenseur depuis une heure", Peril.TRAPPED),
        ("Les fils sont dénudés et sous tension dans le hall", Peril.ELECTRICITY),
        ("Plus de chauffage depuis hier et j'ai un nourrisson de trois semaines", Peril.OUTAGE),
        ("Mon mari me frappe, il est derrière la porte", Peril.VIOLENCE),
        ("Je dois deux mois de loyer. Je ne veux plus vivre, j'ai pris les comprimés.", Peril.SUICIDE),
        ("Des morceaux du balcon tombent sur le trottoir", Peril.FALLING),
        ("Ma voisine de 84 ans ne répond plus à la porte", Peril.UNRESPONSIVE),
    ],
)
def test_a_danger_has_its_kind(read: Read, text: str, peril: Peril) -> None:
    understood = read(text)
    assert understood.alarm.any
    assert understood.peril is peril


def test_no_alarm_is_no_kind_of_danger(read: Read) -> None:
    assert read("Il faudrait changer l'ampoule du palier").peril is None


def test_kinds_of_danger_go_with_the_topics_of_kept_sets(read: Read) -> None:
    fitting = {
        "gas": {Peril.GAS},
        "fire": {Peril.FIRE},
        "elevator_trapped": {Peril.TRAPPED},
        "heating": {Peril.OUTAGE},
        "water_leak": {Peril.WATER, Peril.ELECTRICITY},
    }
    told = [
        (read(message.text, message.subject).peril, fitting[message.topic])
        for message in corpus.read([KEPT / f"{name}.jsonl" for name in ("emergencies", "week", "pairs")])
        if message.danger and message.topic in fitting
    ]
    named = [(peril, right) for peril, right in told if peril is not None]
    assert len(told) > 100
    assert len(named) >= 0.92 * len(told)
    assert sum(peril in right for peril, right in named) >= 0.93 * len(named)


def test_the_file_was_made_of_the_corpus_as_it_stands() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn (the group training) is not installed")
    details = importlib.import_module("training.details")
    assert DetailModel.unpacked(SHIPPED_DETAILS.read_bytes()).about["sources"] == corpus.digest(details.SOURCES)


def test_it_is_packed_and_unpacked_the_same(reader: Reader) -> None:
    again = DetailModel.unpacked(reader.details.packed())
    assert again.columns == reader.details.columns
    assert (again.weights == reader.details.weights).all()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_a_damaged_file_is_told(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "details.npz"
    path.write_bytes(content)
    with pytest.raises(UnusableModelError):
        DetailModel.unpacked(content)
    monkeypatch.setattr(reader_files, "SHIPPED_DETAILS", path)
    reader_files._read_details.cache_clear()
    problems: list[Problem] = []
    assert load_details(problems) is None
    assert problems[0].hint == "install the program again"
    path.unlink()
    assert load_details(problems) is None
    monkeypatch.undo()
    reader_files._read_details.cache_clear()
    assert load_details([]) is not None


def test_each_group_has_its_share_within_each_stretch() -> None:
    rarity = np.array([1, 2, 3, 4], np.float32)
    values = weighed_apart(rarity, np.array([0, 0, 1, 0], np.int8), np.array([0, 0, 0, 1], np.intp), 2)
    assert np.allclose(values[:2] ** 2, [0.2, 0.8])
    assert np.isclose(values[3] ** 2, 1.0)


@pytest.mark.parametrize(
    ("text", "first", "peril"),
    [
        ("Je vous dois deux mois de loyer. Je n'ai plus la force de vivre.", "danger", Peril.SUICIDE),
        ("Pouvez-vous m'accorder un échéancier ? Il menace de me tuer ce soir.", "danger", Peril.VIOLENCE),
        ("Plus de chauffage et un nourrisson de trois semaines", "heating", Peril.OUTAGE),
    ],
)
def test_violence_and_a_wish_to_die_are_what_a_message_is_about(
    read: Read, text: str, first: str, peril: Peril
) -> None:
    understood = read(text)
    assert understood.alarm.certain
    assert (understood.topics[0], understood.peril) == (first, peril)


def test_an_alarm_by_a_phrase_of_admins_on_something_else_is_not_taken_for_violence(reader: Reader) -> None:
    phrases = PhraseBook([*reader.phrases.phrases, Phrase.parse("volet ... cassé", Effect.DANGER)])
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    contact = Contact(Channel.EMAIL, at, subject="Volet", new_text="Le volet de ma chambre est cassé.")
    understood = understand(contact, replace(reader, phrases=phrases))
    assert understood.alarm.certain
    assert (understood.topics, understood.peril) == (("joinery",), None)
