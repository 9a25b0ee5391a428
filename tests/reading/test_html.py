import pytest

from dtm_contact.reading import limits, notes
from tests.reading.reads import contact, html, mail


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>un</p><p>deux</p>", "un\n\ndeux"),
        ("un<br>deux<br/>trois", "un\ndeux\ntrois"),
        ("<div>un</div><div>deux</div>", "un\ndeux"),
        ("a <b>b</b><i>c</i>\n d", "a bc d"),
        ("<ul><li>un<li>deux</ul>", "- un\n- deux"),
        ("<table><tr><td>Nom<td>Roux<tr><td>Bât.<td>B</table>", "Nom\tRoux\nBât.\tB"),
        ("<a href='https://x.example'>les photos</a>", "les photos"),
        ("J&#39;ai froid &amp; faim&nbsp;&eacute;&#xE9;", "J'ai froid & faim éé"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<style>p{}</style><script>x</script><title>t</title>vu", "vu"),
        ("<!-- <p>caché</p> -->vu", "vu"),
        ("vu<span style='display : none'>caché</span>", "vu"),
        ("vu<div style='visibility:hidden'><p>caché</p></div>", "vu"),
        ("vu<p style='font-size:0.0px'>caché</p>", "vu"),
        ("<p style='font-size:0.9em'>vu</p>", "vu"),
        ("<p style='opacity:0.5;max-height:0.5em'>vu</p>", "vu"),
        ("vu<p hidden>caché</p>", "vu"),
        ("<p>pas fermé<p>du <b>tout", "pas fermé\n\ndu tout"),
        ("</div></p>vu<<>", "vu<<>"),
        ("&#xD800;&#0;vu", "\ufffd\ufffdvu"),
        ('vu<p title="a > b">aussi</p>', "vu\n\naussi"),
        ("<img src='data:image/png;base64,QUJD' alt=x>vu", "vu"),
        ("", ""),
    ],
)
def test_html_reads_as_it_is_seen(source: str, text: str) -> None:
    assert contact(html(source)).new_text == text


def test_a_quotation_is_no_new_text() -> None:
    attribution = "<div>Le 3 mars 2026 à 10:12, A &lt;a@mel.example&gt; a écrit :</div>"
    quotation = "<blockquote type=cite><p>Oui ?</p></blockquote>"
    read = contact(html(f"<p>Non</p>{attribution}{quotation}<p>Jamais</p>"))
    assert read.new_text == "Non\n\nJamais"
    assert read.quoted_text.endswith("Oui ?")


def test_the_charset_may_stand_in_the_page_only() -> None:
    raw = b"Content-Type: text/html\n\n<meta charset='iso-8859-2'><p>" + "łódź".encode("iso8859-2")
    assert contact(raw).new_text == "łódź"


@pytest.mark.parametrize(
    "source",
    ["<div>" * 1000 + "au secours", "<span>x</span>" * (limits.HTML_TAGS // 2 + 10) + "<p>au secours</p>"],
    ids=["too deep", "too many"],
)
def test_beyond_the_bounds_words_are_read_without_their_layout(source: str) -> None:
    read = contact(html(source))
    assert read.new_text.endswith("au secours")
    assert notes.HTML_CUT in read.notes


def test_a_tag_of_many_attributes_is_shortened_and_the_text_read() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(50_000))
    assert contact(html(f"<p {attributes}>vu</p><p title='{'x' * 9000}'>aussi</p>")).new_text == "vu\n\naussi"


def test_longer_than_the_bound_is_cut_and_told() -> None:
    read = contact(html("mot " * (limits.HTML_OCTETS // 4 + 100)))
    assert notes.TEXT_CUT in read.notes
    assert len(read.new_text) <= limits.NEW_TEXT


def test_text_that_only_claims_to_be_html_keeps_its_lines() -> None:
    assert contact(html("un &amp; deux\ntrois")).new_text == "un & deux\ntrois"


def test_html_that_claims_to_be_plain_text_is_read_as_html() -> None:
    assert contact(mail("<!DOCTYPE html>\n<p>un</p><p>deux</p>")).new_text == "un\n\ndeux"
