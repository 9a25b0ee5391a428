"""A text's language is told where it is certain, and not guessed."""

import pytest

from dtm_contact.text.language import language_of, left_to_right_runs


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Bonjour, je vous écris car il y a une grosse fuite dans ma cuisine depuis hier, merci de rappeler."),
        ("pt", "Bom dia, não tenho água quente desde ontem na minha casa. Por favor podem enviar alguém? Obrigado"),
        ("en", "Hello, the heating is not working in my apartment since yesterday, please send someone for this"),
        ("es", "Buenos días, no hay agua caliente en mi casa desde ayer, por favor envíen a alguien, gracias"),
        ("it", "Buongiorno, non ho acqua calda nel mio appartamento da ieri, per favore mandate qualcuno, grazie"),
        ("tr", "Merhaba, evde su yok ve bir çocuk var, lütfen çok acil yardım edin, teşekkür ederim"),
        ("ro", "Bună ziua, nu am apă caldă în apartamentul meu de ieri, vă rog să trimiteți pe cineva, mulțumesc"),
        ("ar", "السلام عليكم، لا يوجد ماء ساخن في شقتي منذ يومين، أرجو إرسال شخص"),
        (None, "bonjour fuite"),
        (None, ""),
        (None, "سلام، آب گرم نداریم، لطفاً کسی را بفرستید چون بچه کوچک داریم"),
        (None, "Hello bonjour, the heating est en panne in my appartement, merci de passer please"),
        (None, "x" * 100_000),
    ],
)
def test_it_is_told_or_not(language: str | None, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("رقمي 06 12 00 00 11 شكرا", ["06 12 00 00 11"]),
        ("أسكن في 91 rue Hoche bât. B، الطابق 3", ["91 rue Hoche bât. B", "3"]),
        ("اتصلوا على +33 (0)6 12 00 00 11.", ["+33 (0)6 12 00 00 11"]),
        ("شقة (12)\n06 12", ["(12)", "06 12"]),
        ("الطابق ٣", []),
        ("Mon numéro : 06 12 00 00 11", []),
    ],
    ids=["phone", "address", "country", "lines", "arabic figures", "no such letters"],
)
def test_what_reads_left_to_right_among_other_letters_is_one_run(text: str, runs: list[str]) -> None:
    assert [text[start:end] for start, end in left_to_right_runs(text)] == runs
