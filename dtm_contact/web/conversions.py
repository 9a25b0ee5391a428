"""What strangers sent made fit to be shown: photos encoded anew, layouts without what runs, loads or misleads."""

import io
import warnings
from html import escape
from urllib.parse import urlsplit

import nh3
from PIL import Image, ImageOps
from selectolax.lexbor import LexborHTMLParser, LexborNode

from dtm_contact.reading.lines import readable_end

_TAGS = {
    *("a", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "div", "dl", "dt", "em", "h1", "h2"),
    *("h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_LONGEST = 500_000
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_REL = "noopener noreferrer nofollow"


class TooComplexError(ValueError):
    """The HTML holds too many tags, or nests them too deeply: parsing takes time that grows with the square of both."""


def safe_html(source: str) -> str:
    """Return a message's HTML as a page of ours may hold it.

    No script, style, image, form, frame or remote content; no attribute but links and the spans of cells. Beside each
    link stands the host that it leads to, which its text may hide.

    Raises:
        TooComplexError: it is not to be parsed.
    """
    source = source[:_LONGEST]
    if readable_end(source) < len(source):
        raise TooComplexError
    clean = nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "svg", "math", "template", "noscript", "iframe", "object"},
        attributes=_ATTRIBUTES,
        url_schemes=set(_SCHEMES),
        url_relative="deny",
        strip_comments=True,
        link_rel=_REL,
    )
    tree = LexborHTMLParser(f"<div>{clean}</div>")
    for link in tree.css("a"):
        _tell_host(link)
    whole = tree.css_first("body > div")
    return (whole.inner_html or "") if whole is not None else ""


def _tell_host(link: LexborNode) -> None:
    target = link.attributes.get("href")
    if not target:
        link.unwrap()
        return
    host = LexborHTMLParser(f'<span class="host">[{escape(true_host(target))}]</span>').css_first("span")
    if host is not None:
        link.insert_after(host)
        link.insert_after(" ")


def true_host(target: str) -> str:
    """Return where a link leads: its host in ASCII, so that letters of other alphabets show as what they are."""
    try:
        parts = urlsplit(target)
        host = parts.hostname or ""
    except ValueError:
        return "adresse illisible"
    if parts.scheme in {"mailto", "tel"}:
        return parts.path[:120]
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")


_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_MOST_PIXELS = 50_000_000
_LONGEST_SIDE = 20_000
_MOST_DECODED = 200_000_000
_WIDEST_PIXEL = 4
"""Octets that Pillow holds of a pixel, whatever its bands."""
_LARGEST = 25_000_000
_QUALITY = 80
SMALL, LARGE = 320, 1600


class NoPhotoError(ValueError):
    """It is no image, or a larger one than can be borne."""


def reencoded(octets: bytes, side: int) -> bytes:
    """Return an image as a JPEG that fits a square of `side` pixels, without its metadata.

    Raises:
        NoPhotoError: it cannot be decoded, or its size is not what photos have.
    """
    if len(octets) > _LARGEST:
        raise NoPhotoError("too large")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(octets), formats=_FORMATS) as image:
                _must_be_bearable(image)
                # A JPEG is decoded smaller at once.
                image.draft("RGB", (side, side))
                _must_fit(image)
                image.thumbnail((side, side))
                return _jpeg(_upright(image))
        except NoPhotoError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises of hostile octets, it is no photo
            raise NoPhotoError(type(error).__name__) from None


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - metadata that cannot be read leaves the photo as it lies
        return image


def _must_be_bearable(image: Image.Image) -> None:
    # Thin ones too: what Pillow does line by line takes time and memory by the line.
    if max(image.size) > _LONGEST_SIDE or image.width * image.height > _MOST_PIXELS:
        raise NoPhotoError("too many pixels")


def _must_fit(image: Image.Image) -> None:
    # Channels of 16 bits stand in what the decoder is given, not in the image's mode.
    deep = 2 if ";16" in f"{image.mode} {getattr(image, 'tile', ())}" else 1
    if image.width * image.height * _WIDEST_PIXEL * deep > _MOST_DECODED:
        raise NoPhotoError("too many octets")


def _jpeg(image: Image.Image) -> bytes:
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    made = io.BytesIO()
    flat.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
