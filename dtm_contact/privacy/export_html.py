"""How the page of an export is set: its style, and its blocks as HTML."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

STYLE: Final = """
body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h2{border-bottom:1px solid #555;margin-top:2.5rem}h3{margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top}
th{font-weight:600}tr{border-bottom:1px solid #ccc}td:first-child,th:first-child{width:11rem}
a[href^="#dossier-"]{white-space:nowrap}td{overflow-wrap:break-word}
td ul{margin:.1rem 0 .4rem;padding-left:1.1rem}
blockquote{margin:.3rem 0;padding:.1rem .8rem;border-left:3px solid #767676;white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:40rem){thead{display:none}table,tbody,tr,td,th{display:block}td:first-child,th:first-child{width:auto}
td,th{padding:.1rem 0;overflow-wrap:anywhere}tr{padding:.4rem 0}tr>:first-child{font-weight:600}
td[data-head]:not(:empty)::before{content:attr(data-head) " : "}}
@page{margin:2cm 1.8cm;@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif}}
@media print{body{margin:0;max-width:none;font-size:11pt}nav{display:none}
h2,h3,h4{break-after:avoid}p,blockquote{orphans:3;widows:3}}
"""
NOTHING: Final = "<p>Rien.</p>"


_AS_WRITTEN: Final = re.compile(r"(<blockquote>.*?</blockquote>|<style>.*?</style>|<[^>]*>)", re.DOTALL)
_BEFORE: Final = re.compile(r" (?=[;:!?»%])")
_BEHIND: Final = re.compile(r"« ")


def typeset(markup: str) -> str:
    """Return HTML whose signs do not stand alone at the end or the beginning of a line, as French sets them.

    What somebody wrote is left as it is.
    """
    pieces = _AS_WRITTEN.split(markup)
    # Every second piece is a tag, or words as they were written.
    pieces[::2] = (_BEHIND.sub("«\N{NO-BREAK SPACE}", _BEFORE.sub("\N{NO-BREAK SPACE}", each)) for each in pieces[::2])
    return "".join(pieces)


def quote(text: str) -> str:
    """Return words as they were written; nothing where there are none."""
    return f"<blockquote>{escape(text)}</blockquote>" if text else ""


def lines(texts: Iterable[str]) -> str:
    """Return texts as a list, each on a line of its own and begun as a sentence is; nothing where there are none."""
    items = "".join(f"<li>{escape(each[:1].upper() + each[1:])}</li>" for each in texts if each)
    return f"<ul>{items}</ul>" if items else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, named: bool = False) -> str:
    """Return a table; the first cell of each row is its heading where the table has none.

    Args:
        head: the headings of the columns.
        rows: their cells, which are HTML already.
        named: each cell but the first says its heading where a narrow page hides the head, since it would tell nothing
            by itself.
    """
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    first = ('<th scope="row">', "</th>") if not any(head) else ("<td>", "</td>")
    opened = [f'<td data-head="{escape(each)}">' if named else "<td>" for each in head]

    def cells(row: Sequence[str]) -> str:
        return "".join(f"{tag}{cell}</td>" for tag, cell in zip(opened[1:], row[1:], strict=True))

    body = "".join(f"<tr>{first[0]}{row[0]}{first[1]}{cells(row)}</tr>" for row in rows)
    if not body:
        return NOTHING
    return f"<table>{f'<thead><tr>{heads}</tr></thead>' if any(head) else ''}<tbody>{body}</tbody></table>"
