import pytest

from dtm_contact.reading.decoding import clean, clean_line, codec_named, decode


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("été".encode(), "", "été"),
        ("été".encode(), "iso-8859-1", "été"),
        ("été à 50 €".encode("cp1252"), "utf-8", "été à 50 €"),
        ("été".encode("latin-1"), "us-ascii", "été"),
        ("l’œuf".encode("cp1252"), "iso-8859-1", "l’œuf"),
        ("œ".encode("iso8859-15"), "ISO_8859-15", "œ"),
        ("łódź".encode("iso8859-2"), "csISOLatin2", "łódź"),
        ("привет".encode("koi8-r"), "KOI8-R", "привет"),
        ("すみません".encode("iso2022_jp"), "iso-2022-jp", "すみません"),
        ("été".encode("utf-16"), "", "été"),
        ("été".encode("utf-16-le"), "UTF-16LE", "été"),
        ("été".encode("utf-8-sig"), "latin1", "été"),
        ("été".encode("cp1252"), "made-up-9", "été"),
        (b"bonjour", "x" * 5000, "bonjour"),
        (b"J'ai d+AOk-j+AOA- vu", "UTF-7", "J'ai déjà vu"),
        (b"demi +2AA- caract", "utf-7", "demi +2AA- caract"),
        ("dégât".encode("cp850"), "cp-850", "dégât"),
        ("dégât".encode("cp1252"), "windows_1252", "dégât"),
    ],
)
def test_octets_count_for_more_than_the_charset_declared(data: bytes, declared: str, text: str) -> None:
    assert decode(data, declared) == text


def test_utf8_cut_in_the_middle_of_a_character_stays_utf8() -> None:
    assert decode("dégâts réparés".encode()[:-2], "utf-8") == "dégâts répar\ufffd"


@pytest.mark.parametrize(
    "name",
    ["unicode_escape", "raw-unicode-escape", "idna", "punycode", "base64", "rot13", "zlib", "undefined", ""],
)
def test_codecs_that_are_no_charsets_are_not_trusted(name: str) -> None:
    assert codec_named(name) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("fac\u202efdp.exe", "facfdp.exe"),
        ("\ud800x", "x"),
        ("a\tb", "a\tb"),
    ],
)
def test_clean_takes_out_what_is_not_shown(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_clean_line_is_one_line() -> None:
    assert clean_line(" a\r\n\tb\u00a0 c ") == "a b c"
