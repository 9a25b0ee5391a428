import pytest

from dtm_contact.model import AutomaticSign, Automation, Envelope
from dtm_contact.reading import kind_of_sign
from tests.reading.reads import contact, mail

REPORT = (
    b"From: a@mel.example\nSubject: rapport\nContent-Type: multipart/report; report-type=%s; boundary=b\n\n"
    b"--b\n\nexplication\n--b\nContent-Type: message/%s\n\nFinal-Recipient: rfc822; x@mel.example\n--b--\n"
)


ANSWERED = (
    b"From: a@mel.example\nSubject: Accept\xc3\xa9 : visite\nContent-Type: multipart/alternative; boundary=b\n\n"
    b"--b\n\nA a accept\xc3\xa9 votre invitation.\n--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:%s\n"
    b"BEGIN:VEVENT\nSUMMARY:visite\nATTENDEE;CN=A;\n PARTSTAT=%s:mailto:a@mel.example\n%s"
    b"END:VEVENT\nEND:VCALENDAR\n--b--\n"
)

REPLY, MASS, GENERATED = Automation.REPLY, Automation.MASS, Automation.GENERATED


@pytest.mark.parametrize(
    ("raw", "sign"),
    [
        (mail("x", "Auto-Submitted: Auto-Replied\n"), "Auto-Submitted: auto-replied"),
        (mail("x", "Precedence: auto_reply\n"), "Precedence: auto_reply"),
        (mail("x", "X-Autoreply: yes\n"), "X-Autoreply: yes"),
        (mail("x", "X-Failed-Recipients: x@mel.example\n"), "X-Failed-Recipients: x@mel.example"),
        (REPORT % (b"delivery-status", b"delivery-status"), "Content-Type: message/delivery-status"),
        (
            REPORT % (b"disposition-notification", b"disposition-notification"),
            "Content-Type: multipart/report; report-type=disposition-notification",
        ),
        (
            mail("x", "From: MAILER-DAEMON@mel.example\n").replace(b"From: a@mel.example\n", b""),
            "From: MAILER-DAEMON@mel.example",
        ),
        (ANSWERED % (b"REPLY", b"ACCEPTED", b""), "Content-Type: text/calendar; method=REPLY"),
        (mail("x", "Subject: Lu : Travaux\n"), "Subject: Lu : Travaux"),
        (mail("x", "Subject: Absence du bureau : Travaux\n"), "Subject: Absence du bureau : Travaux"),
        (mail("x", "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_avis?=\n"), "Subject: Réponse automatique : avis"),
        (mail("x", "Subject: Out of Office: avis\n"), "Subject: Out of Office: avis"),
        (mail("x", "Subject: Non remis : avis\n"), "Subject: Non remis : avis"),
        (mail("x", "Subject: Undelivered Mail Returned to Sender\n"), "Subject: Undelivered Mail Returned to Sender"),
        (
            mail("Reporting-MTA: dns; mx.example\n", "From: no-reply@mx.example\n").replace(
                b"From: a@mel.example\n", b""
            ),
            "Text: reporting-mta: dns",
        ),
    ],
)
def test_a_machines_reply_is_known_by(raw: bytes, sign: str) -> None:
    assert AutomaticSign(REPLY, sign) in contact(raw).automatic_signs


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ("Auto-Submitted: auto-generated (rejected)\n", GENERATED),
        ("Auto-Submitted: auto-notified; owner-email=a@mel.example\n", GENERATED),
        ("Return-Path: <>\n", GENERATED),
        ("X-Cron-Env: <SHELL=/bin/sh>\n", GENERATED),
        ("Subject: Message automatique : ascenseur\n", GENERATED),
        ("Subject: Nouveau message vocal de 06 99 00 11 22\nAuto-Submitted: auto-generated\n", GENERATED),
        ("Precedence: bulk\n", MASS),
        ("List-Unsubscribe: <mailto:x@mel.example>\n", MASS),
        ("Feedback-ID: 1:2:3\n", MASS),
    ],
)
def test_what_a_program_sends_is_no_reply_for_that(headers: str, kind: Automation) -> None:
    assert {sign.kind for sign in contact(mail("x", headers)).automatic_signs} == {kind}


@pytest.mark.parametrize("ending", ["xml.gz", "zip", "xml"])
def test_a_report_on_our_mail_s_authentication_is_a_machine_s(ending: str) -> None:
    name = f"mel.example!parishabitat.fr!1795478400!1795564799.{ending}"
    kind = f'Content-Type: application/octet-stream; name="{name}"\n'
    assert {sign.kind for sign in contact(mail("x", kind)).automatic_signs} == {Automation.REPLY}
    assert contact(mail("x", kind.replace("!1795", "!"))).automatic_signs == ()


@pytest.mark.parametrize(
    "raw",
    [
        mail("Bonjour", "Auto-Submitted: no\n"),
        mail("Bonjour", "List-Id: <amicale.example>\nPrecedence: list\nList-Unsubscribe: <mailto:x@mel.example>\n"),
        mail("Bonjour", "List-Post: <mailto:a@mel.example>\nList-Unsubscribe: <mailto:x@mel.example>\n"),
        mail("Bonjour", "X-Auto-Response-Suppress: OOF\n"),
        mail("Bonjour", "Return-Path: <a@mel.example>\n"),
        mail("Bonjour", "Subject: RE: Réponse automatique : votre demande\n"),
        mail("Bonjour", "Subject: TR: Undelivered Mail Returned to Sender\n"),
        mail("Bonjour", "Subject: Non remise des clés\n"),
        mail("Bonjour", "Subject: Absence du bureau d'accueil\n"),
        mail("Bonjour", "Subject: Lu et approuvé\n"),
        mail("mon courrier : 550 unknown user, votre message n'a pas pu être remis", "Subject: courrier\n"),
    ],
)
def test_a_person_is_no_machine(raw: bytes) -> None:
    assert contact(raw).automatic_signs == ()


@pytest.mark.parametrize(
    "reply",
    [
        (b"REQUEST", b"ACCEPTED", b""),
        (b"COUNTER", b"ACCEPTED", b""),
        (b"REPLY", b"DECLINED", b""),
        (b"REPLY", b"ACCEPTED", b"COMMENT:Qui ouvre le local ?\n"),
    ],
)
def test_an_answer_to_an_invitation_that_wants_something_is_no_receipt(reply: tuple[bytes, bytes, bytes]) -> None:
    assert contact(ANSWERED % reply).automatic_signs == ()
    attached = b"From: a@mel.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nBonjour\n--o\n" + (
        b"Content-Type: message/rfc822\n\n" + ANSWERED % (b"REPLY", b"ACCEPTED", b"") + b"--o--\n"
    )
    assert contact(attached).automatic_signs == ()


def test_a_sender_may_want_no_answer_from_a_program_and_be_a_person() -> None:
    for value, suppressed in (("All", True), ("DR, AutoReply", True), ("OOF", False), ("None", False)):
        read = contact(mail("Bonjour", f"X-Auto-Response-Suppress: {value}\n"))
        assert (read.answers_suppressed, read.automatic_signs) == (suppressed, ())


def test_signs_of_each_kind_stand_side_by_side() -> None:
    raw = mail("x", "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Auto-Response-Suppress: All\n")
    assert contact(raw).automatic_signs == (
        AutomaticSign(REPLY, "Auto-Submitted: auto-replied"),
        AutomaticSign(GENERATED, "X-Auto-Response-Suppress: All"),
        AutomaticSign(MASS, "Precedence: bulk"),
    )


def test_the_envelope_counts_for_more_than_a_return_path_a_sender_wrote() -> None:
    raw = mail("Bonjour", "Return-Path: <>\n")
    assert contact(raw, Envelope(mail_from="a@mel.example")).automatic_signs == ()
    assert contact(mail("Bonjour"), Envelope(mail_from="")).automatic_signs == (
        AutomaticSign(GENERATED, "MAIL FROM: <>"),
    )


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Auto-Response-Suppress: All\nReturn-Path: <>\n",
        "Auto-Submitted: auto-generated\nX-Cron-Env: x\nList-Unsubscribe: <mailto:x@mel.example>\n",
        "Subject: Out of Office: avis\nX-Autoreply: yes\nPrecedence: auto_reply\n",
    ],
)
def test_a_sign_kept_as_text_alone_says_the_same(headers: str) -> None:
    signs = contact(mail("x", headers)).automatic_signs
    assert signs
    assert [kind_of_sign(sign.seen) for sign in signs] == [sign.kind for sign in signs]
