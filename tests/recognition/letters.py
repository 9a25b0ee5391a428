"""Letters drawn and spoilt as a copier, the post and a damp letter box do; the same seed gives the same octets."""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
)
OFFICE = ("Bailleur social des Tilleuls", "Service clientèle", "2 avenue du Marché", "94500 Champigny-sur-Marne")
DOTS = 200
SIZE = (1654, 2339)
MARGIN, RIGHT, LINE, WIDE = 150, 950, 40, 74


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as its writer means it: the lines of each block, each empty where there is none."""

    body: str
    sender: Sequence[str] = ()
    addressee: Sequence[str] = OFFICE
    dated: str = ""
    subject: str = ""
    registered: str = ""
    signed: str = ""
    salutation: str = "Madame, Monsieur,"
    sender_right: bool = False
    font: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """What became of it on its way: degrees of skew, grey noise (standard deviation), a stamp, dots an inch, JPEG."""

    skew: float = 0.0
    noise: float = 0.0
    stamp: bool = False
    blur: float = 0.0
    dots: int = DOTS
    quality: int = 80
    ink: int = 20
    blots: int = 0
    seed: int = field(default=1)


CLEAN = Damage()
USUAL = Damage(skew=0.8, noise=18, stamp=True, seed=2)
POOR = Damage(skew=-1.6, noise=32, stamp=True, blur=0.8, dots=150, quality=50, ink=70, seed=3)
RUINED = Damage(skew=7.0, noise=70, blur=4.5, dots=60, quality=15, ink=150, blots=60, seed=4)


@lru_cache
def _font(which: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS[which], size)


def drawn(letter: Letter) -> list[Image.Image]:
    """Return the pages of a letter in grey, at 200 dots an inch."""
    font = _font(letter.font, 27 if letter.font == 0 else 25)
    page = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(page)
    top = 140
    if letter.sender_right:
        top = _block(draw, letter.sender, RIGHT, top, font) + LINE
        top = _block(draw, letter.addressee, RIGHT, top, font)
    else:
        _block(draw, letter.sender, MARGIN, top, font)
        top = _block(draw, letter.addressee, RIGHT, top + 6 * LINE, font)
    if letter.dated:
        top = _block(draw, [letter.dated], RIGHT, top + LINE, font)
    if letter.registered:
        top = _block(draw, [letter.registered], MARGIN, top + LINE, font)
    if letter.subject:
        top = _block(draw, textwrap.wrap(f"Objet : {letter.subject}", WIDE), MARGIN, top + LINE, font)
    top = _block(draw, [letter.salutation] if letter.salutation else [], MARGIN, top + LINE, font)
    pages = [page]
    rows: list[str] = []
    for paragraph in letter.body.split("\n"):
        rows += ["", *textwrap.wrap(paragraph, WIDE)]
    if letter.signed:
        rows += ["", "", letter.signed]
    for row in rows:
        if top > SIZE[1] - 200:
            pages.append(Image.new("L", SIZE, 255))
            draw = ImageDraw.Draw(pages[-1])
            top = 140
        top = _block(draw, [row], MARGIN, top, font)
    return pages


def _block(draw: ImageDraw.ImageDraw, lines: Sequence[str], left: int, top: int, font: ImageFont.FreeTypeFont) -> int:
    for line in lines:
        draw.text((left, top), line, fill=0, font=font)
        top += LINE
    return top


def spoilt(page: Image.Image, damage: Damage) -> Image.Image:
    """Return a page as it comes from the copier."""
    random = Random(damage.seed)  # noqa: S311 - letters, no secrets
    noise = np.random.default_rng(damage.seed)
    page = page.point(lambda grey: max(grey, damage.ink))
    if damage.stamp:
        _stamp(page, random)
    draw = ImageDraw.Draw(page)
    for _ in range(damage.blots):
        left, top, size = random.randrange(SIZE[0]), random.randrange(SIZE[1]), random.randrange(20, 140)
        draw.ellipse((left, top, left + size, top + size), fill=random.randrange(40, 160))
    if damage.skew:
        page = page.rotate(damage.skew, Image.Resampling.BILINEAR, fillcolor=255)
    if damage.blur:
        page = page.filter(ImageFilter.GaussianBlur(damage.blur))
    if damage.dots != DOTS:
        small = (page.width * damage.dots // DOTS, page.height * damage.dots // DOTS)
        page = page.resize(small, Image.Resampling.BILINEAR)
    if damage.noise:
        pixels = np.asarray(page, dtype=np.float32)
        pixels = pixels + noise.normal(0, damage.noise, pixels.shape).astype(np.float32)
        page = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return page


def _stamp(page: Image.Image, random: Random) -> None:
    """Put the stamp of the mail room on it, where no text stands."""
    stamp = Image.new("L", (330, 110), 0)
    draw = ImageDraw.Draw(stamp)
    draw.rectangle((4, 4, 325, 105), outline=255, width=4)
    draw.text((36, 30), "COURRIER ARRIVÉ", fill=255, font=_font(0, 27))
    turned = stamp.rotate(random.uniform(-8, 8), expand=True)
    page.paste(120, (620, 40), turned)


def jpeg(letter: Letter, damage: Damage = CLEAN) -> bytes:
    """Return the first page as a JPEG."""
    out = io.BytesIO()
    spoilt(drawn(letter)[0], damage).save(out, "JPEG", quality=damage.quality, dpi=(damage.dots, damage.dots))
    return out.getvalue()


def pdf(letter: Letter, damage: Damage = CLEAN) -> bytes:
    """Return all pages as a PDF of images, without a layer of text."""
    out = io.BytesIO()
    pages = [spoilt(page, damage) for page in drawn(letter)]
    pages[0].save(
        out, "PDF", save_all=True, append_images=pages[1:], resolution=damage.dots, quality=damage.quality,
        creationDate=None, modDate=None,
    )  # fmt: skip
    return out.getvalue()


def tiff(letter: Letter, damage: Damage = CLEAN) -> bytes:
    """Return all pages as a TIFF of black and white, as a fax has it."""
    out = io.BytesIO()
    pages = [spoilt(page, damage).point(lambda grey: 255 if grey > 150 else 0).convert("1") for page in drawn(letter)]
    pages[0].save(
        out, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=(damage.dots, damage.dots)
    )
    return out.getvalue()


_TYPES = {b"%PDF": ("application", "pdf", "pli.pdf"), b"\xff\xd8": ("image", "jpeg", "pli.jpg")}


def mail(
    octets: bytes, text: str = "1 pli numérisé. Voir pièce jointe.", sender: str = "copieur@parishabitat.example"
) -> bytes:
    """Return the mail of a copier that brings a scan."""
    kind = next((kind for begin, kind in _TYPES.items() if octets.startswith(begin)), ("image", "tiff", "pli.tif"))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "accueil@parishabitat.example", "Numérisation"
    message["Date"], message["Message-ID"] = "Tue, 01 Dec 2026 08:30:00 +0100", "<pli.1@parishabitat.example>"
    message.set_content(text)
    message.add_attachment(octets, maintype=kind[0], subtype=kind[1], filename=kind[2])
    return message.as_bytes()


def missing() -> str:
    """Return why letters cannot be drawn or recognised here; empty where they can."""
    from dtm_contact.recognition.reader import missing_languages, missing_programs  # noqa: PLC0415
    from dtm_contact.settings import RecognitionSettings  # noqa: PLC0415

    packages = [*missing_programs(), *missing_languages(RecognitionSettings())]
    packages += [] if all(map(Path.exists, map(Path, FONTS))) else ["fonts-dejavu-core"]
    return f"not on this machine: {', '.join(packages)}" if packages else ""
