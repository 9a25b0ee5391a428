"""Languages that the learned model hardly knows, and scripts that it cannot read: there the words have the say."""

from dataclasses import replace

import pytest

from dtm_contact.topics import Lexicon, understand, words_of
from tests.topics.conftest import Understand, contact


@pytest.mark.parametrize(
    ("text", "topic", "priority"),
    [
        ("السلام عليكم، يوجد حريق في المطبخ في الطابق الثالث، ساعدونا بسرعة", "fire", "P1"),
        ("هناك رائحة غاز قوية في المطبخ منذ الصباح", "gas", "P1"),
        ("ابنتي عالقة في المصعد منذ نصف ساعة في العمارة ب", "elevator_trapped", "P1"),
        ("لا يوجد ماء ساخن منذ ثلاثة أيام", "heating", "P2"),
        ("المرحاض مسدود منذ يوم السبت", "plumbing", "P3"),
        ("Здравствуйте, в подъезде пожар, много дыма, помогите", "fire", "P1"),
        ("Здравствуйте, пахнет газом на кухне с утра", "gas", "P1"),
        ("Моя дочь застряла в лифте уже полчаса", "elevator_trapped", "P1"),
        ("Здравствуйте, нет отопления третий день", "heating", "P2"),
        ("Соседка упала и не встает, дверь закрыта", "danger", "P1"),
        ("你好，厨房里有很重的煤气味", "gas", "P1"),
        ("我妈妈被困在电梯里半个小时了", "elevator_trapped", "P1"),
        ("天花板掉下来一大块，孩子差点被砸到", "danger", "P1"),
        ("电梯又坏了，我住七楼", "elevator", "P2"),
        ("家里没有暖气三天了", "heating", "P2"),
        ("我想问一下房租收据怎么拿，谢谢", "documents", "P4"),
        ("Dzien dobry, na klatce pali sie i jest duzo dymu, prosze o pomoc", "fire", "P1"),
        ("Dzien dobry, czuc gaz w kuchni od rana", "gas", "P1"),
        ("Buna seara, mama mea este blocata in lift de o jumatate de ora, blocul B", "elevator_trapped", "P1"),
        ("Buna ziua, miroase a gaz in bucatarie de aseara", "gas", "P1"),
        ("Buongiorno, il locale rifiuti va a fuoco e esce fumo nelle scale", "fire", "P1"),
        ("Merhaba, asansörde mahsur kaldık, yarım saattir kimse gelmiyor", "elevator_trapped", "P1"),
    ],
)
def test_what_words_say_stands(text: str, topic: str, priority: str, read_shipped: Understand) -> None:
    understood = read_shipped(text)
    assert (understood.topic, understood.priority) == (topic, priority)


def test_the_model_says_nothing_of_a_script_that_it_cannot_read(lexicon: Lexicon) -> None:
    text = contact("Моя дочь застряла в лифте уже полчаса")
    evidence = [piece for found in understand(text, lexicon).findings for piece in found.evidence]
    assert evidence
    assert {piece.detail for piece in evidence} & {"mots appris"} == set()


@pytest.mark.parametrize(
    ("text", "can_read", "is_fluent"),
    [
        ("Bonjour, je n'ai plus de chauffage depuis hier soir dans tout l'appartement", True, True),
        ("bjr jé plu de chofage depui ier soir dan tou lapartemen", True, True),
        ("Hello, there has been no hot water in my flat since Monday morning", True, True),
        ("Dzien dobry, na klatce schodowej pali sie i jest bardzo duzo dymu", True, False),
        ("ابنتي عالقة في المصعد منذ نصف ساعة", True, False),
        ("Моя дочь застряла в лифте уже полчаса", False, False),
    ],
)
def test_how_well_the_model_reads(text: str, can_read: bool, is_fluent: bool, lexicon: Lexicon) -> None:  # noqa: FBT001
    assert lexicon.learned is not None
    words = words_of(contact(text), lexicon)
    opinion = lexicon.learned.opinion(words.passage, words.markers, words.muted)
    assert (opinion.can_read, opinion.is_fluent) == (can_read, is_fluent)


def test_an_alarm_in_a_language_that_it_knows_may_still_be_doubted(lexicon: Lexicon) -> None:
    text = contact("Je vous envoie la facture de l'entreprise pour l'alarme incendie, posée en mars dernier.")
    assert understand(text, lexicon).priority != "P1"
    assert understand(text, replace(lexicon, learned=None)).topic is not None
