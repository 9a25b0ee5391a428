import pytest

from dtm_contact.reading import read
from tests.reading.reads import arrival, contact

OURS = b"Authentication-Results: mx.parishabitat.example; spf=pass\nX-Spam-Flag: NO\n"
FORGED = b"Authentication-Results: mx.parishabitat.example; dkim=pass\nX-Spam-Status: forged\n"
RECEIVED = b"Received: from a by mx.parishabitat.example; Mon, 23 Nov 2026 09:31:00 +0100\n"


def test_only_what_stands_above_the_newest_received_is_ours() -> None:
    raw = OURS + RECEIVED + FORGED + b"\ntexte"
    assert contact(raw).trusted_verdicts == (
        "Authentication-Results: mx.parishabitat.example; spf=pass",
        "X-Spam-Flag: NO",
    )


def test_a_message_that_no_server_received_holds_no_verdict() -> None:
    assert contact(FORGED + b"\ntexte").trusted_verdicts == ()


def test_authentication_results_of_another_name_are_not_ours() -> None:
    raw = b"Authentication-Results: mx.other.example; spf=pass\n" + OURS + RECEIVED + b"\ntexte"
    found = read(arrival(raw), authserv_ids=("MX.parishabitat.example",)).trusted_verdicts
    assert found == ("Authentication-Results: mx.parishabitat.example; spf=pass", "X-Spam-Flag: NO")


BOUNDARY = b"Received: from relay by mx.parishabitat.example; Mon, 23 Nov 2026 09:31:00 +0100\n"
INNER = b"Received: from mx.parishabitat.example by store.parishabitat.example; Mon, 23 Nov 2026 09:31:01 +0100\n"
PRETENDED = b"Authentication-Results: mx.parishabitat.example; dkim=pass header.d=bank.example; dmarc=pass\n"


@pytest.mark.parametrize(
    "below",
    [
        BOUNDARY + PRETENDED,
        BOUNDARY + PRETENDED + BOUNDARY,
        INNER + PRETENDED + BOUNDARY,
        BOUNDARY + PRETENDED.lower(),
        BOUNDARY + PRETENDED.replace(b": ", b":\n "),
        BOUNDARY + b"Subject: x\n" + PRETENDED + PRETENDED,
    ],
    ids=["under it", "between two", "under the newest", "other letters", "folded", "twice"],
)
@pytest.mark.parametrize("names", [(), ("mx.parishabitat.example",)], ids=["no name known", "our name known"])
@pytest.mark.parametrize("own", [b"", OURS], ids=["without ours", "with ours"])
def test_what_a_sender_wrote_in_our_name_never_counts(own: bytes, names: tuple[str, ...], below: bytes) -> None:
    found = read(arrival(own + below + b"\ntexte"), authserv_ids=names).trusted_verdicts
    assert all("dkim" not in verdict.lower() for verdict in found)
    assert len(found) == (2 if own else 0)


@pytest.mark.parametrize(
    "value",
    [
        b"mx.parishabitat.example.evil.example; spf=pass",
        b"evil.example (mx.parishabitat.example); spf=pass",
        b"(mx.parishabitat.example) evil.example; spf=pass",
        b"; spf=pass mx.parishabitat.example",
        b"",
    ],
)
def test_a_name_that_only_holds_ours_is_not_ours(value: bytes) -> None:
    raw = b"Authentication-Results: " + value + b"\n" + RECEIVED + b"\ntexte"
    assert read(arrival(raw), authserv_ids=("mx.parishabitat.example",)).trusted_verdicts == ()


@pytest.mark.parametrize("value", [b"MX.ParisHabitat.example; spf=pass", b"mx.parishabitat.example 1; spf=pass"])
def test_our_name_counts_in_any_letters_and_with_a_version(value: bytes) -> None:
    raw = b"Authentication-Results: " + value + b"\n" + RECEIVED + b"\ntexte"
    found = read(arrival(raw), authserv_ids=("mx.parishabitat.example",)).trusted_verdicts
    assert found == (f"Authentication-Results: {value.decode()}",)
