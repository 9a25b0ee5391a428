"""Addresses of the envelope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.ingest.smtp_reception import Recipients
from dtm_contact.ingest.smtp_session import parse_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<>", ("", "")),
        ("<alice@tenant.example>", ("alice@tenant.example", "")),
        ("<alice@tenant.example> SIZE=10 BODY=8BITMIME", ("alice@tenant.example", "SIZE=10 BODY=8BITMIME")),
        ("alice@tenant.example SIZE=10", ("alice@tenant.example", "SIZE=10")),
        ("<@a.example,@b.example:alice@tenant.example>", ("alice@tenant.example", "")),
        ('<"a b, c"@tenant.example>', ('"a b, c"@tenant.example', "")),
        ('<"a\\"b"@tenant.example>', ('"a\\"b"@tenant.example', "")),
        ("<alice@[192.0.2.1]>", ("alice@[192.0.2.1]", "")),
        ("<alice@[IPv6:2001:db8::1]>", ("alice@[IPv6:2001:db8::1]", "")),
        ("<a.b..c.@docomo.example>", ("a.b..c.@docomo.example", "")),
        ("<prvs=12=alice!x/y@tenant.example>", ("prvs=12=alice!x/y@tenant.example", "")),
        ("<root>", ("root", "")),
        ("<hélène@école.example>", ("hélène@école.example", "")),
    ],
)
def test_paths(text: str, expected: tuple[str, str]) -> None:
    assert parse_path(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice@tenant.example>",
        "<alice@tenant.example",
        "<alice@>",
        "<@tenant.example>",
        "<a@b@tenant.example>",
        "<alice@tenant.example>SIZE=1",
        "<a b@tenant.example>",
        '<"a@tenant.example>',
        "<a\x00@tenant.example>",
        "<a\r\n@tenant.example>",
        "<a\x85@tenant.example>",
        "<\udcff@tenant.example>",
        "Alice <alice@tenant.example>",
        "<a,b@tenant.example>",
    ],
    ids=ascii,
)
def test_no_paths(text: str) -> None:
    assert parse_path(text) is None


@given(st.text(st.characters(codec=None), max_size=60), st.sampled_from(["", "<", '<"', "<@a:"]), st.text(max_size=9))
def test_an_address_can_always_be_stored(before: str, start: str, end: str) -> None:
    if path := parse_path(f"{start}{before}@tenant.example{end}"):
        path[0].encode("utf-8")
        assert path[0].isprintable() or not path[0].isascii()


@pytest.mark.parametrize("piece", ["(", "<", '"', "\\", "a", "@a", "@a,", '"\\', ".", " "])
def test_long_nonsense_is_refused_in_one_pass(piece: str) -> None:
    assert parse_path("<" + piece * 100_000) is None


def test_a_configured_plus_address_is_only_itself() -> None:
    ours = Recipients(["metropole+tri@parishabitat.fr"])
    assert "Metropole+Tri@parishabitat.fr" in ours
    assert "metropole@parishabitat.fr" not in ours
    assert "metropole+autre@parishabitat.fr" not in ours
