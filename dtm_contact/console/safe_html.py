"""A message's own layout, shown without anything that runs, loads or misleads."""

from html import escape
from urllib.parse import urlsplit

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

from dtm_contact.reading.html import readable_end

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
    """It holds too many tags, or too many within each other: parsers take time by the square of that."""


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
    told = LexborHTMLParser(f'<span class="host">[{escape(true_host(target))}]</span>').css_first("span")
    if told is not None:
        link.insert_after(told)
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
