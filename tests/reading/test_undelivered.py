import pytest

from dtm_contact.model import Undelivered
from tests.reading.reads import contact

REPORT = """From: MAILER-DAEMON@relay.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

{groups}

--b--
"""
FAILED = "Final-Recipient: rfc822; Nadia@free.example\nAction: failed\nStatus: 5.1.1"
SAID = "Diagnostic-Code: smtp; 550 5.1.1 <n>: User\n    unknown in table\nRemote-MTA: dns; mx.free.example"
DELAYED = "Final-Recipient: rfc822; karim@orange.example\nAction: delayed\nStatus: 4.4.1"
OTHER_CASE = "FINAL-RECIPIENT: RFC822;<karim@orange.example>\nACTION:Failed"


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (FAILED, (Undelivered("nadia@free.example", "5.1.1"),)),
        (f"{FAILED}\n{SAID}", (Undelivered("nadia@free.example", "5.1.1", "550 5.1.1 <n>: User unknown in table"),)),
        (DELAYED, ()),
        (f"{DELAYED}\n\n{FAILED}", (Undelivered("nadia@free.example", "5.1.1"),)),
        (OTHER_CASE, (Undelivered("karim@orange.example", ""),)),
        ("Action: failed", ()),
        ("Final-Recipient: rfc822; nadia@free.example\nAction: delivered\nStatus: 2.0.0", ()),
    ],
)
def test_a_report_names_whom_it_did_not_reach(groups: str, expected: tuple[Undelivered, ...]) -> None:
    assert contact(REPORT.format(groups=groups).encode()).undelivered == expected
    assert contact(REPORT.format(groups=groups).replace("\n", "\r\n").encode()).undelivered == expected


def test_the_heads_of_other_servers_do_too() -> None:
    raw = b"From: Mailer-Daemon@exim.example\nX-Failed-Recipients: a@x.example, b@x.example\n\nDelivery failed\n"
    assert [each.address for each in contact(raw).undelivered] == ["a@x.example", "b@x.example"]


def test_a_tenant_who_writes_of_a_report_reports_nothing() -> None:
    assert contact(f"From: n@free.example\n\n{FAILED}\n".encode()).undelivered == ()
