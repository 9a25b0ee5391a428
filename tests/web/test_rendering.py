"""What somebody wrote, at the desk: marked words, numbers that can be called, numbers in Arabic in their order."""

import pytest

from dtm_contact.explain import Segment
from dtm_contact.web.rendering import marked


def test_a_number_in_a_message_calls_it() -> None:
    assert marked("rappelez au 06 12 34 56 78 merci", call=True) == (
        'rappelez au <a href="tel:+33612345678">06 12 34 56 78</a> merci'
    )


def test_a_number_that_counted_is_marked_within_its_link() -> None:
    segments = [Segment("rappelez au "), Segment("06 12 34 ", "who"), Segment("56 78", "topic"), Segment(".")]
    assert marked(segments, call=True) == (
        'rappelez au <a href="tel:+33612345678"><mark class="who">06 12 34 </mark><mark class="topic">56 78</mark></a>.'
    )


def test_a_number_said_in_words_calls_it_too() -> None:
    assert 'href="tel:+33668471825"' in marked("zéro six soixante-huit quarante-sept dix-huit vingt-cinq", call=True)


@pytest.mark.parametrize("text", ["dossier 2026-000123, 14 rue Danton, 93170", "<a href='x'>0</a>"])
def test_what_is_no_number_is_no_link(text: str) -> None:
    assert "tel:" not in marked(text, call=True)
    assert "<a" not in marked(text, call=True)


def test_within_what_is_a_link_already_no_number_is_one() -> None:
    assert marked("rappelez au 06 12 34 56 78") == "rappelez au 06 12 34 56 78"


def test_in_arabic_a_number_is_read_from_left_to_right_and_calls() -> None:
    shown = marked("اتصلوا بي على 06 12 34 56 78 من فضلكم", call=True)
    assert 'href="tel:+33612345678"' in shown
    opened, closed = shown.index("<bdi"), shown.index("</bdi>")
    assert opened < shown.index("<a ") < shown.index("</a>") < closed or shown.index("<a ") < opened < closed
