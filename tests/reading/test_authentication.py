import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.model import Authentication
from dtm_contact.reading import read
from dtm_contact.reading.authentication import parse_results
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


def found(*results: str, author: str = "From: Jo <jo@mail.sender.example>\n") -> Authentication:
    headers = "".join(f"Authentication-Results: mx.parishabitat.example; {each}\n" for each in results)
    raw = headers.encode() + RECEIVED + author.encode() + b"\ntexte"
    return read(arrival(raw), authserv_ids=("mx.parishabitat.example",)).authentication


@pytest.mark.parametrize(
    "result",
    [
        "dmarc=pass header.from=mail.sender.example",
        "dmarc=pass",
        "DMARC = PASS (p=none dis=none) header.from = Mail.Sender.Example",
        "dkim=pass header.d=mail.sender.example",
        "dkim=pass (2048-bit key; unprotected) header.d=sender.example header.i=@sender.example header.s=k1",
        'dkim/1=pass reason="good; signature" header.d=sender.example',
        "spf=pass smtp.mailfrom=bounce@other.sender.example",
        "spf=pass smtp.mailfrom=sender.example",
        'spf=pass smtp.mailfrom="a; dkim=fail b"@sender.example',
        "dkim=fail header.d=list.example; dkim=pass header.d=sender.example",
        "spf=fail smtp.mailfrom=forwarder.example; dkim=pass header . d = sender.example",
        "(a (nested \\) comment) here) dkim=pass header.d=sender.example",
    ],
)
def test_who_writes_from_where_they_say_is_vouched_for(result: str) -> None:
    assert found(result) is Authentication.VOUCHED


@pytest.mark.parametrize(
    "result",
    [
        "dkim=pass header.d=evil.example",
        "dkim=pass",
        "dkim=pass header.i=@evil.example header.s=sender.example",
        "spf=pass smtp.mailfrom=jo@evil.example",
        "spf=pass smtp.helo=sender.example",
        'spf=pass smtp.mailfrom="x header.d=sender.example"@evil.example',
        'spf=pass smtp.mailfrom="x; dkim=pass header.d=sender.example"@evil.example',
        "spf=pass (sender.example; dkim=pass header.d=sender.example) smtp.mailfrom=evil.example",
        "dkim=pass header.d=evilsender.example",
        "dkim=pass header.d=sender.example.evil.example",
        "dkim=none header.d=sender.example",
        "x-dkim=pass header.d=sender.example",
        "dmarc=pass header.from=evil.example",
        "dkim=pass (a comment that never ends header.d=sender.example",
        'dkim=pass reason="never ends header.d=sender.example',
        "none",
        "dkim=pass header.d=example",
    ],
)
def test_a_pass_of_somebody_elses_domain_vouches_for_nobody(result: str) -> None:
    assert found(result) is Authentication.NONE


@pytest.mark.parametrize(
    "results",
    [
        ("dmarc=fail header.from=mail.sender.example; dkim=pass header.d=sender.example",),
        ("dkim=pass header.d=sender.example", "dmarc=fail (p=reject)"),
        ("spf=softfail smtp.mailfrom=sender.example",),
        ("dkim=fail header.d=sender.example; spf=pass smtp.mailfrom=evil.example",),
    ],
)
def test_what_failed_is_told_from_what_nobody_checked(results: tuple[str, ...]) -> None:
    assert found(*results) is Authentication.FAILED


@pytest.mark.parametrize(
    "author",
    [
        "From: jo@mail.sender.example, eve@evil.example\n",
        "From: jo@mail.sender.example\nFrom: eve@evil.example\n",
        "From: eve@evil.example\nFrom: jo@mail.sender.example\n",
    ],
)
def test_who_writes_as_two_is_not_vouched_for(author: str) -> None:
    assert found("dkim=pass header.d=sender.example", "dmarc=pass", author=author) is Authentication.FAILED


def test_without_a_sender_nobody_is_vouched_for() -> None:
    assert found("dmarc=pass", author="") is Authentication.NONE


def test_under_a_public_suffix_each_domain_is_its_own_organization() -> None:
    hers = "From: jo@jo.github.io\n"
    assert found("dkim=pass header.d=eve.github.io", author=hers) is Authentication.NONE
    assert found("dkim=pass header.d=github.io", author=hers) is Authentication.NONE
    assert found("dkim=pass header.d=jo.github.io", author=hers) is Authentication.VOUCHED


def test_a_domain_is_the_same_in_either_spelling() -> None:
    spelled = "dkim=pass header.d=" + "h\u00e0bitat.example".encode("idna").decode()
    assert found(spelled, author="From: a@h\u00e0bitat.example\n") is Authentication.VOUCHED


def test_where_our_servers_names_are_not_known_nobody_is_vouched_for() -> None:
    raw = b"Authentication-Results: mx.parishabitat.example; dmarc=pass\n" + RECEIVED + b"From: jo@s.example\n\ntexte"
    assert read(arrival(raw), authserv_ids=()).authentication is Authentication.NONE


def test_a_sender_cannot_write_results_in_our_name() -> None:
    raw = RECEIVED + b"Authentication-Results: mx.parishabitat.example; dmarc=pass\nFrom: jo@s.example\n\ntexte"
    assert read(arrival(raw), authserv_ids=("mx.parishabitat.example",)).authentication is Authentication.NONE


@given(st.text(max_size=300))
def test_any_header_can_be_parsed(text: str) -> None:
    for result in parse_results(f"mx.parishabitat.example; {text}"):
        assert result.method
        assert result.value


BELOW = (
    b"Received: from out.example by mx.parishabitat.example\r\n"
    b"Authentication-Results: mx.parishabitat.example; dkim=pass header.d=free.example\r\n"
    b"Received: from home by out.example\r\n"
    b"Authentication-Results: mx.parishabitat.example; dmarc=pass header.from=free.example\r\n"
    b"From: nadia@free.example\r\n\r\ntexte"
)


@pytest.mark.parametrize(("own_received", "said"), [(0, 0), (1, 1)])
def test_results_below_our_own_received_count_where_the_settings_say_so(own_received: int, said: int) -> None:
    found = read(arrival(BELOW), authserv_ids=("mx.parishabitat.example",), own_received=own_received)
    assert len(found.trusted_verdicts) == said
    assert found.authentication is (Authentication.VOUCHED if said else Authentication.NONE)
