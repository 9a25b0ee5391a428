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
