"""Each condition: where it holds, where it does not, and what it tells that it saw."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dtm_contact.model import (
    ALWAYS_DANGER,
    Alarm,
    AlarmLevel,
    AlarmSource,
    Asker,
    Attachment,
    AutomaticSign,
    Automation,
    Call,
    CallBackState,
    Candidate,
    CaseKind,
    Channel,
    ConditionTrace,
    Consent,
    Contact,
    EntryKind,
    Evidence,
    Forwarded,
    KnownEntry,
    Likely,
    Mailbox,
    Match,
    OpenCase,
    Outcome,
    PartyHistory,
    Peril,
    PriorContact,
    Priority,
    Protection,
    Reach,
    Scope,
    Sourced,
    Understanding,
    Unread,
    Wish,
    Wished,
)
from dtm_contact.rules.conditions import all_conditions
from dtm_contact.rules.facts import Facts
from tests.rules.cast import (
    ALL_SAINTS,
    BAKER,
    FLAT,
    LES_TILLEULS,
    SATURDAY_NIGHT,
    SHOP,
    TENANT,
    TUESDAY,
    Before,
    asked,
    at,
    expression,
    facts,
    written,
)

HERE = Match(residence=LES_TILLEULS, office_id="nord")
PHOTO = Attachment("fuite.JPG", "image/jpeg", 10, "")
LETTER = Attachment("bail.pdf", "application/pdf", 10, "")
STAIRS = Understanding(CaseKind.CASE, ("heating",), Priority.P2, scope=Scope.STAIRCASE)
PASSED_ON = Contact(
    Channel.EMAIL, TUESDAY, new_text="voir dessous", forwarded=(Forwarded(Mailbox(), "Fuite", "ça coule\nencore"),)
)
QUOTING = Contact(
    Channel.EMAIL, TUESDAY, new_text="merci", quoted_text="la fuite", signature="Fuite & fils", subject="Re: x"
)
CALL = Call("1.3", Outcome.ABANDONED, TUESDAY, TUESDAY + timedelta(minutes=2), "0612345678", "+33612345678")
STANDING = CallBackState(
    "number:+33612345678", joins="1.1", count=3, recent=tuple(TUESDAY - timedelta(minutes=ago) for ago in (60, 1, 0))
)
CALLED = Contact(Channel.PHONE, TUESDAY, call=CALL, standing=STANDING)

LEAK = asked("water_leak")
MAYBE = replace(LEAK, alarm=Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL))
BY_WORDS = replace(LEAK, alarm=Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS, 0.029, 0.7))
ALWAYS = replace(BY_WORDS, raised_by=(Evidence(ALWAYS_DANGER, 3.0, "usager bloqué en cabine"),))
VIOLENCE = replace(BY_WORDS, peril=Peril.VIOLENCE, violence_at_home=True)
DAUGHTER = replace(
    LEAK, asker=Asker.THIRD_PARTY, wishes=(Wished(Wish.ANONYMOUS, Evidence("wish", 1.0, "sans me nommer")),)
)
BEFORE = PartyHistory(
    open=(OpenCase("2026-000001", Channel.EMAIL, "water_leak", "nord", Priority.P3, TUESDAY - timedelta(days=5)),),
    contacts=(
        PriorContact(TUESDAY - timedelta(days=40), Channel.EMAIL, "2026-000000", "heating"),
        PriorContact(TUESDAY - timedelta(days=5), Channel.EMAIL, "2026-000001", "water_leak"),
        PriorContact(TUESDAY - timedelta(days=1), Channel.PHONE, "2026-000001", "water_leak", "voicemail"),
        PriorContact(TUESDAY - timedelta(hours=1), Channel.PHONE, None, None, "answered"),
    ),
)

HOME = Match(dwelling=FLAT)
NAMED = Match(tenant=TENANT, dwelling=FLAT)
REGISTER = (
    KnownEntry(EntryKind.PROTECTION, Protection.ORDER, "T02"),
    KnownEntry(EntryKind.LANGUAGE, "pt", "T01"),
    KnownEntry(EntryKind.REACH, Reach.NO_PHONE, "T03", household=True),
    KnownEntry(EntryKind.SMS_CONSENT, Consent.REFUSED, "T01"),
)


def registered(match: Match) -> Facts:
    return replace(facts(match=match), history=Before(PartyHistory(), REGISTER))


HOLDS: list[tuple[dict[str, Any], Facts]] = [
    ({"channel": "email"}, facts()),
    ({"channel": ["phone", "email"]}, facts()),
    ({"kind": ["spam", "automatic"]}, facts(understanding=asked("spam", kind=CaseKind.SPAM))),
    ({"topic": ["gas", "fire"]}, facts(understanding=asked("fire", "elevator"))),
    ({"topics": "elevator"}, facts(understanding=asked("fire", "elevator"))),
    ({"priority": ["P1", "P2"]}, facts(understanding=asked("gas", priority=Priority.P2))),
    ({"alarm": "certain"}, facts(understanding=asked("gas", priority=Priority.P1))),
    ({"alarm": ["possible", "certain"]}, facts(understanding=MAYBE)),
    ({"alarm_by": ["words", "model"]}, facts(understanding=MAYBE)),
    ({"alarm_by": "words"}, facts(understanding=BY_WORDS)),
    ({"peril": ["gas", "violence"]}, facts(understanding=VIOLENCE)),
    ({"violence_at_home": True}, facts(understanding=VIOLENCE)),
    ({"alarm_by": "always"}, facts(understanding=ALWAYS)),
    ({"danger_under": 0.03}, facts(understanding=BY_WORDS)),
    ({"program": True, "settled": True}, facts(understanding=replace(BY_WORDS, settled=1.4))),
    ({"program": True, "settled": False}, facts(understanding=replace(BY_WORDS, settled=0.4))),
    ({"program": False, "settled": False}, facts(understanding=BY_WORDS)),
    ({"priority": "P2"}, facts(understanding=MAYBE)),
    ({"scope": ["staircase", "building"]}, facts(understanding=STAIRS)),
    (
        {"automatic": True},
        facts(replace(written(), automatic_signs=(AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied"),))),
    ),
    ({"automatic": False}, facts()),
    ({"source": "otis"}, facts(replace(written(), sourced=Sourced("otis", "Otis")))),
    ({"readable": True}, facts()),
    ({"readable": False}, facts(understanding=replace(LEAK, readable=False))),
    ({"unread": "scan"}, facts(understanding=replace(LEAK, unread=Unread.SCAN))),
    ({"unread": ["scan", "undecoded"]}, facts(understanding=replace(LEAK, unread=Unread.UNDECODED))),
    ({"office": "nord"}, facts(match=at("nord"))),
    ({"office": "nord"}, facts(match=Match(residence=LES_TILLEULS))),
    ({"residence": "R01"}, facts(match=HERE)),
    ({"residence": ["R99", "les tilleuls"]}, facts(match=HERE)),
    ({"residence": "CITÉ  DES TILLEULS"}, facts(match=HERE)),
    ({"residence.known": True}, facts(match=HERE)),
    ({"residence.known": False}, facts(match=at("nord"))),
    ({"commune": "saint-ouen"}, facts(match=HERE)),
    ({"commune": 93400}, facts(match=HERE)),
    ({"department": 93}, facts(match=HERE)),
    ({"dwelling.kind": "commercial"}, facts(match=Match(dwelling=SHOP))),
    ({"register": "protection"}, registered(NAMED)),
    ({"register": "protection"}, registered(HOME)),
    ({"register": ["language", "never"]}, registered(Match(tenant=TENANT))),
    ({"register": "no_phone"}, registered(HOME)),
    ({"register": "reach"}, registered(NAMED)),
    ({"register": "sms_refused"}, registered(NAMED)),
    ({"register.language": "PT"}, registered(NAMED)),
    ({"tenant.known": True}, facts(match=Match(tenant=TENANT))),
    ({"tenant.known": False}, facts()),
    ({"tenant.role": "commercial"}, facts(match=Match(tenant=BAKER))),
    ({"tenant.role": "commercial"}, facts(match=Match(tenant=BAKER, dwelling=SHOP))),
    ({"tenant.role": "co_holder"}, facts(match=Match(tenant=BAKER, dwelling=FLAT))),
    ({"certainty": 0.9}, facts(match=Match((Candidate("T01", None, None, 0.9, 1.0),)))),
    ({"certainty": 0.95}, facts(match=Match(tenant=Likely("T01", 0.97)))),
    ({"sender.address": "Jean@Poste.example"}, facts()),
    ({"sender.domain": "poste.example"}, facts()),
    ({"sender.domain": "poste.example"}, facts(written(sender="x@mail.poste.example"))),
    ({"subject": {"contains": "préavis"}}, facts(written(subject="Mon PREAVIS, suite"))),
    ({"text": {"contains": ["dégât des eaux", "fuite"]}}, facts(written("Un  degat\ndes eaux."))),
    ({"text": {"contains": "C++"}}, facts(written("le bloc c++ est fermé"))),
    ({"text": {"contains": "ça coule encore"}}, facts(PASSED_ON)),
    ({"text": {"matches": "badges? (perdu|volé)s?"}}, facts(written("2 badges volés"))),
    ({"text": {"matches": r"^\D+$"}}, facts(written("SANS CHIFFRE"))),
    ({"attachments": "any"}, facts(replace(written(), attachments=(PHOTO,)))),
    ({"attachments": "none"}, facts()),
    ({"attachments": "image/*"}, facts(replace(written(), attachments=(LETTER, PHOTO)))),
    ({"attachments": ".jpg"}, facts(replace(written(), attachments=(PHOTO,)))),
    ({"attachments": "application/pdf"}, facts(replace(written(), attachments=(LETTER,)))),
    ({"language": "en"}, facts(replace(written(), language="en-GB"))),
    ({"hours": "open"}, facts()),
    ({"hours": "closed"}, facts(now=SATURDAY_NIGHT)),
    ({"hours": "holiday"}, facts(now=ALL_SAINTS)),
    ({"hours": "closed"}, facts(now=ALL_SAINTS)),
    ({"hours": {"weekday": ["saturday", "sunday"]}}, facts(now=SATURDAY_NIGHT)),
    ({"hours": {"between": "22:00-06:00"}}, facts(now=SATURDAY_NIGHT)),
    ({"hours": {"between": "10:00-11:00", "weekday": "tuesday", "state": "open"}}, facts()),
    ({"outcome": ["voicemail", "abandoned"]}, facts(CALLED)),
    ({"withheld": False}, facts(CALLED)),
    ({"withheld": True}, facts(replace(CALLED, call=replace(CALL, withheld=True)))),
    ({"equipment": True}, facts(CALLED, match=Match(equipment="elevator_alarm"))),
    ({"equipment": False}, facts()),
    ({"calls": {"count": 3, "minutes": 60}}, facts(CALLED)),
    ({"tags": ["chantier", "garantie"]}, facts(tags=("garantie",))),
    ({"open_case": "same_topic"}, facts(understanding=LEAK, before=BEFORE)),
    ({"open_case": "any"}, facts(before=BEFORE)),
    ({"open_case": ["none", "same_topic"]}, facts()),
    ({"count": {"of": "contacts", "at_least": 5, "within": "92 days"}}, facts(before=BEFORE)),
    ({"count": {"of": "contacts", "at_least": 4, "within": "7 days"}}, facts(before=BEFORE)),
    ({"count": {"of": "calls", "at_least": 2, "within": "2 days"}}, facts(before=BEFORE)),
    ({"count": {"of": "cases", "at_least": 3, "within": "60 days"}}, facts(before=BEFORE)),
    (
        {"count": {"of": "contacts", "at_least": 3, "within": "7 days", "topic": "same", "still_open": True}},
        facts(understanding=LEAK, before=BEFORE),
    ),
    (
        {"count": {"of": "messages", "at_least": 3, "within": "60 days", "by": "residence"}},
        facts(match=HERE, before=BEFORE),
    ),
    ({"text": {"about": "ascenseur bloqué"}}, facts(written("Les ascenseurs bloqués depuis hier"))),
    ({"subject": {"about": ["fuite", "coulure"]}}, facts(written(subject="Deux FUITES"))),
    ({"residence": "Les Tilleuls (Saint-Ouen)"}, facts(match=HERE)),
    ({"asker": ["third_party", "shop"]}, facts(understanding=DAUGHTER)),
    ({"wish": "anonymous"}, facts(understanding=DAUGHTER)),
]

DOES_NOT: list[tuple[dict[str, Any], Facts]] = [
    ({"channel": "phone"}, facts()),
    ({"kind": "spam"}, facts()),
    ({"topics": "gas"}, facts(understanding=asked("fire", "elevator"))),
    ({"priority": "P1"}, facts()),
    ({"alarm": "certain"}, facts(understanding=MAYBE)),
    ({"alarm": ["possible", "certain"]}, facts()),
    ({"alarm_by": "words"}, facts(understanding=ALWAYS)),
    ({"alarm_by": "model"}, facts()),
    ({"peril": "gas"}, facts(understanding=VIOLENCE)),
    ({"peril": "gas"}, facts()),
    ({"violence_at_home": True}, facts()),
    ({"danger_under": 0.029}, facts(understanding=BY_WORDS)),
    ({"danger_under": 1}, facts()),
    ({"program": True}, facts(understanding=BY_WORDS)),
    ({"settled": True}, facts(understanding=replace(BY_WORDS, settled=0.0))),
    ({"automatic": True}, facts()),
    ({"readable": False}, facts()),
    ({"source": ["otis", "kone"]}, facts()),
    ({"unread": "scan"}, facts(understanding=replace(LEAK, unread=Unread.UNDECODED))),
    ({"unread": ["scan", "undecoded"]}, facts()),
    ({"residence.known": True}, facts(match=at("nord"))),
    ({"department": 92}, facts(match=HERE)),
    ({"tenant.known": True}, facts(match=HERE)),
    ({"sender.address": "an@poste.example"}, facts()),
    ({"topic": "elevator"}, facts(understanding=asked("fire", "elevator"))),
    ({"topic": "gas"}, facts(understanding=asked(kind=CaseKind.CASE))),
    ({"scope": "dwelling"}, facts()),
    ({"office": "nord"}, facts()),
    ({"residence": "Tilleuls"}, facts(match=HERE)),
    ({"residence": "R01"}, facts()),
    ({"commune": "Saint"}, facts(match=HERE)),
    ({"dwelling.kind": "commercial"}, facts(match=Match(dwelling=FLAT))),
    ({"register": "protection"}, facts(match=NAMED)),
    ({"register": "protection"}, registered(Match())),
    ({"register": "language"}, registered(HOME)),
    ({"register": "language"}, registered(Match(tenant=BAKER, dwelling=FLAT))),
    ({"register": "sms_consent"}, registered(NAMED)),
    ({"register.language": "ar"}, registered(NAMED)),
    ({"tenant.role": "commercial"}, facts(match=Match(tenant=BAKER, dwelling=FLAT))),
    ({"tenant.role": "commercial"}, facts(match=Match(tenant=Likely("T03", 0.99)))),
    ({"tenant.role": "holder"}, facts()),
    ({"certainty": 0.91}, facts(match=Match((Candidate("T01", None, None, 0.9, 1.0),)))),
    ({"certainty": 0.01}, facts()),
    ({"sender.domain": "poste.example"}, facts(written(sender="x@laposte.example"))),
    ({"sender.domain": "example"}, facts(written(sender="example"))),
    ({"text": {"contains": "rat"}}, facts(written("un raté, le rattrapage, dératisation"))),
    ({"text": {"contains": "fuite"}}, facts(QUOTING)),
    ({"text": {"contains": "fuite"}}, facts(written(subject="fuite"))),
    ({"subject": {"contains": "fuite"}}, facts(written("fuite"))),
    ({"attachments": ".pdf"}, facts(replace(written(), attachments=(PHOTO,)))),
    ({"attachments": "none"}, facts(replace(written(), attachments=(PHOTO,)))),
    ({"language": "fr"}, facts()),
    ({"hours": "open"}, facts(now=SATURDAY_NIGHT)),
    ({"hours": "holiday"}, facts()),
    ({"hours": {"between": "22:00-06:00"}}, facts()),
    ({"hours": {"between": "10:00-11:00", "weekday": "monday"}}, facts()),
    ({"hours": {"between": "09:00-10:00"}}, facts()),
    ({"outcome": "timeout"}, facts(CALLED)),
    ({"outcome": "abandoned"}, facts()),
    ({"withheld": False}, facts()),
    ({"equipment": True}, facts(CALLED)),
    ({"calls": {"count": 3, "minutes": 59}}, facts(CALLED)),
    ({"calls": {"count": 2, "minutes": 60}}, facts()),
    ({"calls": {"count": 2, "minutes": 60}}, facts(replace(CALLED, standing=replace(STANDING, closes="1.1")))),
    ({"tags": "chantier"}, facts(tags=("garantie",))),
    ({"open_case": "same_topic"}, facts(before=BEFORE)),
    ({"open_case": "none"}, facts(before=BEFORE)),
    ({"count": {"of": "contacts", "at_least": 5, "within": "7 days"}}, facts(before=BEFORE)),
    ({"count": {"of": "calls", "at_least": 3, "within": "2 days"}}, facts(before=BEFORE)),
    ({"count": {"of": "calls", "at_least": 2, "within": "60 minutes", "topic": "same"}}, facts(before=BEFORE)),
    (
        {"count": {"of": "contacts", "at_least": 4, "within": "60 days", "topic": "same", "still_open": True}},
        facts(understanding=LEAK, before=BEFORE),
    ),
    ({"count": {"of": "contacts", "at_least": 2, "within": "92 days"}}, facts()),
    ({"count": {"of": "messages", "at_least": 2, "within": "60 days", "by": "residence"}}, facts(before=BEFORE)),
    ({"text": {"about": "ascenseur bloqué"}}, facts(written("L'ascenseur, puis une porte bloquée"))),
    ({"residence": "Les Tilleuls (Malakoff)"}, facts(match=HERE)),
    ({"asker": "third_party"}, facts()),
    ({"wish": "call"}, facts(understanding=DAUGHTER)),
]


@pytest.mark.parametrize(("when", "seen"), HOLDS, ids=[str(when) for when, _ in HOLDS])
def test_holds(when: object, seen: Facts) -> None:
    assert expression(when).holds(seen) is True


@pytest.mark.parametrize(("when", "seen"), DOES_NOT, ids=[str(when) for when, _ in DOES_NOT])
def test_does_not_hold(when: object, seen: Facts) -> None:
    assert expression(when).holds(seen) is False


@pytest.mark.parametrize("cases", [HOLDS, DOES_NOT], ids=["holds", "does not"])
def test_every_condition_is_tried_both_ways(cases: list[tuple[dict[str, Any], Facts]]) -> None:
    assert {name for when, _ in cases for name in when} == all_conditions().keys()


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"topic": ["gas", "fire"]}, ("topic", "gas, fire", "water_leak", False)),
        ({"text": {"contains": "dégât"}}, ("text", "contains: dégât", "degat", True)),
        ({"text": {"about": ["un", "un dégât"]}}, ("text", "about: un, un dégât", "un degat", True)),
        ({"hours": "closed"}, ("hours", "closed", "tuesday 10:00, open", False)),
        ({"certainty": 0.5}, ("certainty", "0.5", "0.00", False)),
        ({"not": {"any": [{"automatic": True}]}}, ("not any automatic", "true", "false", True)),
    ],
)
def test_the_trace_tells_what_was_wanted_and_seen(when: object, told: tuple[str, str, str, bool]) -> None:
    conditions: list[ConditionTrace] = []
    expression(when).holds(facts(written("un dégât"), understanding=asked("water_leak")), conditions)
    (trace,) = conditions
    assert (trace.name, trace.wanted, trace.seen, trace.held) == told


def test_long_hostile_text_is_searched_in_linear_time() -> None:
    slow_elsewhere = expression({"text": {"matches": "(a+)+$"}})
    assert slow_elsewhere.holds(facts(written("a" * 200_000 + "!"))) is False
