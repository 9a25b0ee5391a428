"""The register at the desk: what stands first, who sees and does what, what is proposed, what the reply form says."""

from datetime import timedelta
from typing import Any

import pytest

from dtm_contact.access import Role
from dtm_contact.cases import Command, WrongStateError
from dtm_contact.cases.registered import registered
from dtm_contact.model import Asker, Channel, EntryKind, Evidence, Likely, Mailbox, Wish, Wished
from dtm_contact.store import EVERYTHING, RegisterEntry
from dtm_contact.web.case_view import HouseholdCard, Member, by_register
from tests.store.samples import NOW, entered
from tests.web.conftest import DeskAlone, Somebody, open_in

LATER = (Wished(Wish.CALL, Evidence("wish.word", 1.0, "après 17 h")),)
PORTUGUESE = "Bom dia, não tenho água quente desde ontem na minha casa. Por favor podem enviar alguém? Muito obrigado."
REFERENCE = "RG 24/01234"


@pytest.fixture
def agency(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "claire", Role.AGENCY, "agence")


def theirs(desk: DeskAlone, external_id: str = "one", **of: Any) -> str:
    """Open a case of T09, who lives alone in L09 and has an address and a number."""
    match = {"tenant": Likely("T09", 0.99)}
    return open_in(desk.store, "sud", external_id, match=match, **of)


def protected(desk: DeskAlone, **of: Any) -> int:
    return entered(desk.store, "T09", EntryKind.PROTECTION, "order", reference=REFERENCE, **of)


def kinds(desk: DeskAlone, tenant_id: str = "T09") -> list[tuple[str, str]]:
    return [
        (each.kind.value, each.value)
        for each in desk.store.desk.register([tenant_id])
        if each.in_force(desk.now().date())
    ]


def test_protection_stands_first_and_no_number_that_must_not_be_called(desk: DeskAlone, agency: Somebody) -> None:
    number = theirs(desk)
    entered(desk.store, "T09", EntryKind.LANGUAGE, "pt")
    entered(desk.store, "T09", EntryKind.NEVER, "+33611223344")
    assert "N’appelez jamais le 06 11 22 33 44." in agency.get(f"/dossier/{number}").text
    protected(desk)
    text = agency.get(f"/dossier/{number}").text
    assert "Protégé·e : ne révélez pas l’adresse ; n’appelez pas le 06 11 22 33 44." in text
    assert text.index("Protégé·e") < text.index("portugais")
    assert 'href="tel:0611223344"' not in text


def test_a_protection_is_shown_before_it_ends(desk: DeskAlone, agency: Somebody) -> None:
    last = desk.now().date() + timedelta(days=10)
    protected(desk, until=last)
    assert f"La protection prend fin le {last:%d/%m/%Y}" in agency.get("/foyer/L09").text


def test_a_protection_that_is_over_stands_in_the_history_alone(desk: DeskAlone, agency: Somebody) -> None:
    protected(desk, until=desk.now().date() - timedelta(days=1))
    text = agency.get("/foyer/L09").text
    assert "Protégé·e" not in text
    assert "Historique : 1 inscription terminée" in text


@pytest.mark.parametrize(
    ("role", "office", "knows"),
    [
        (Role.AGENT, "sud", False),
        (Role.AGENCY, "agence", True),
        (Role.HEAD, "agence", True),
        (Role.ADMIN, None, False),
        (Role.AUDITOR, None, True),
    ],
)
def test_who_is_told_by_what_somebody_is_protected_leaves_a_line(
    desk: DeskAlone, role: Role, office: str | None, *, knows: bool
) -> None:
    number = theirs(desk)
    entry = protected(desk)
    who = Somebody(desk, "somebody", role, office)
    for path, subject in ((f"/dossier/{number}", number), ("/foyer/L09", "L09")):
        text = who.get(path).text
        assert "Protégé·e : ne révélez pas l’adresse" in text
        assert (REFERENCE in text) is knows
        assert ("ordonnance" in text) is knows
        lines = [line for _, line in desk.store.accounts.trail_of(who="somebody", subject=subject)]
        assert [line.data for line in lines if line.what == "protection"] == (
            [{"entries": [str(entry)]}] if knows else []
        )
        assert any(line.what == "read" for line in lines)


def test_an_office_enters_and_ends_wishes_from_its_pages_but_no_protection(desk: DeskAlone) -> None:
    number = theirs(desk)
    agent = Somebody(desk, "paul", Role.AGENT, "sud")
    form = {"quoi": "reach", "valeur": "phone", "mots": "après 17 h", "locataire": "T09"}
    assert agent.post(f"/dossier/{number}/inscrire", **form).status_code == 303
    assert agent.post("/foyer/L09/inscrire", quoi="language", valeur="pt", locataire="T09").status_code == 303
    assert kinds(desk) == [("reach", "phone"), ("language", "pt")]
    refused = agent.post("/foyer/L09/inscrire", quoi="protection", valeur="order", locataire="T09")
    assert refused.status_code == 409
    assert "Seuls l&#39;agence et les responsables" in refused.text
    assert 'value="protection"' not in agent.get("/foyer/L09").text
    first, second = desk.store.desk.register(["T09"])
    assert agent.post("/foyer/L09/terminer-inscription", inscription=str(first.id)).status_code == 303
    assert kinds(desk) == [("language", "pt")]
    assert agent.post("/foyer/L09/reprendre-inscription", inscription=str(first.id)).status_code == 303
    assert agent.post(f"/dossier/{number}/terminer-inscription", inscription=str(second.id)).status_code == 303
    assert kinds(desk) == [("reach", "phone")]
    agent.post(f"/dossier/{number}/annuler")
    assert kinds(desk) == [("reach", "phone"), ("language", "pt")]
    assert agent.post("/foyer/L09/terminer-inscription", inscription="999999").status_code == 404
    assert agent.post("/foyer/L09/inscrire", quoi="language", valeur="pt", locataire="T01").status_code == 404


def test_what_was_refused_comes_back_as_it_was_typed_and_harmless(desk: DeskAlone, agency: Somebody) -> None:
    number = theirs(desk)
    evil = "<script>alert(1)</script>"
    for path in (f"/dossier/{number}/inscrire", "/foyer/L09/inscrire"):
        answer = agency.post(path, quoi="never", valeur=evil, locataire="T09")
        assert answer.status_code == 409
        assert "ni une adresse électronique ni un numéro" in answer.text
        assert evil not in answer.text
        assert "&lt;script&gt;" in answer.text
    agency.post("/foyer/L09/inscrire", quoi="reach", valeur="phone", mots=evil, locataire="T09")
    assert evil not in agency.get("/foyer/L09").text


def test_reading_proposes_and_one_click_enters(desk: DeskAlone, agency: Somebody) -> None:
    number = theirs(desk, new_text=PORTUGUESE, understood={"wishes": LATER})
    assert kinds(desk) == []
    text = agency.get(f"/dossier/{number}").text.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Noter : préfère être joint·e ainsi : « après 17 h »" in text
    assert "Noter : écrit en portugais" in text
    agency.post(f"/dossier/{number}/inscrire", quoi="reach", valeur="phone", mots="après 17 h")
    agency.post(f"/dossier/{number}/inscrire", quoi="language", valeur="pt", mots="")
    assert kinds(desk) == [("reach", "phone"), ("language", "pt")]
    assert "Noter : " not in agency.get(f"/dossier/{number}").text
    for entry in desk.store.desk.register(["T09"]):
        agency.post("/foyer/L09/terminer-inscription", inscription=str(entry.id))
    assert kinds(desk) == []
    assert "Noter : " not in agency.get(f"/dossier/{number}").text


@pytest.mark.parametrize(
    "of",
    [
        {"understood": {"wishes": LATER, "asker": Asker.THIRD_PARTY}},
        {"understood": {"wishes": LATER}, "match": {"tenant": None}},
        {"understood": {"wishes": (Wished(Wish.ANONYMOUS, Evidence("wish.word", 1.0, "sans me nommer")),)}},
        {"new_text": "Bonjour, plus de chauffage."},
        {"understood": {"wishes": LATER}, "channel": Channel.DESK},
        {"understood": {"wishes": LATER}, "sender": Mailbox("Léa", "lea@parishabitat.fr")},
    ],
    ids=["for another", "nobody named", "of this matter only", "nothing wished", "an agent's note", "a colleague's"],
)
def test_what_is_no_wish_of_the_tenants_is_not_proposed(desk: DeskAlone, agency: Somebody, of: dict[str, Any]) -> None:
    number = open_in(desk.store, "sud", "one", **{"match": {"tenant": Likely("T09", 0.99)}, **of})
    assert "Noter : " not in agency.get(f"/dossier/{number}").text


def test_the_reply_form_offers_another_address_than_the_one_never_to_be_used(desk: DeskAlone, agency: Somebody) -> None:
    number = theirs(desk, sender=Mailbox("Nous deux", "couple@free.example"))
    entered(desk.store, "T09", EntryKind.NEVER, "couple@free.example", words="adresse du couple")
    text = agency.get(f"/dossier/{number}").text
    assert '<option value="couple@free.example" data-unproven disabled>Ne jamais écrire' in text
    assert '<option value="t09@free.example" selected>' in text
    answer = agency.post(
        f"/dossier/{number}/repondre", texte="Nous passons demain", a="couple@free.example", non_verifiee="1"
    )
    assert answer.status_code == 409
    assert "Le registre interdit d&#39;écrire à cette adresse" in answer.text
    assert "Adresse connue : t09@free.example." in answer.text
    assert "Nous passons demain" in answer.text
    assert desk.store.outbox.waiting() == 0
    agency.post(f"/dossier/{number}/repondre", texte="Nous passons demain", a="t09@free.example")
    assert desk.store.outbox.waiting() == 1


def test_who_answers_the_phone_reads_it_before_they_say_anything(desk: DeskAlone, agency: Somebody) -> None:
    protected(desk)
    entered(desk.store, "T09", EntryKind.NEVER, "+33611223344")
    text = agency.get("/nouveau?tenant=T09&dwelling=L09").text
    assert "Protégé·e : ne révélez pas l’adresse ; n’appelez pas le 06 11 22 33 44." in text
    assert "Protégé" not in Somebody(desk, "paul", Role.AGENT, "nord").get("/nouveau?tenant=T09&dwelling=L09").text


def test_another_office_is_told_that_a_household_is_protected_and_no_more(desk: DeskAlone) -> None:
    number = open_in(desk.store, "nord", "one", match={"tenant": Likely("T09", 0.9), "dwelling": Likely("L09", 0.9)})
    protected(desk)
    entered(desk.store, "T09", EntryKind.NEVER, "+33611223344")
    text = Somebody(desk, "paul", Role.AGENT, "nord").get(f"/dossier/{number}").text
    assert "Foyer protégé : n’en dites rien à personne" in text
    assert "06 11 22 33 44" not in text
    assert REFERENCE not in text


def entry(kind: EntryKind, value: str, tenant_id: str = "T1") -> RegisterEntry:
    today = NOW.date()
    return RegisterEntry(1, tenant_id, False, kind, value, "", "", today, None, NOW, "claire")


HOME = HouseholdCard(
    "L1",
    "12 rue des Lilas",
    "Les Lilas",
    "nord",
    (
        Member("T2", "Marc", "co_holder", ("06 99 88 77 66", "01 23 45 67 89"), "marc@free.example"),
        Member("T1", "Nadia", "holder", ("0123456789", "06 11 22 33 44"), "nadia@free.example"),
    ),
    (),
)


def test_the_protected_come_first_with_what_is_theirs_alone() -> None:
    found = registered(("T1", "T2"), [entry(EntryKind.PROTECTION, "order")], NOW.date())
    card = by_register(HOME, found)
    assert [(member.name, member.phones, member.email) for member in card.members] == [
        ("Nadia", ("06 11 22 33 44",), "nadia@free.example"),
        ("Marc", (), ""),
    ]
    assert set(card.guarded) == {"06 99 88 77 66", "01 23 45 67 89", "0123456789", "marc@free.example"}


def test_what_must_never_be_used_stands_nowhere_on_the_card() -> None:
    never = [entry(EntryKind.NEVER, "+33699887766"), entry(EntryKind.NEVER, "marc@free.example")]
    card = by_register(HOME, registered(("T1", "T2"), never, NOW.date()))
    assert [(member.phones, member.email) for member in card.members] == [
        (("01 23 45 67 89",), ""),
        (("0123456789", "06 11 22 33 44"), "nadia@free.example"),
    ]
    found = registered(("T1", "T2"), [*never, entry(EntryKind.PROTECTION, "order")], NOW.date())
    assert set(by_register(HOME, found).guarded) == {"01 23 45 67 89", "0123456789"}


def test_a_command_of_the_desk_is_bounded_by_what_the_store_says_of_the_account(desk: DeskAlone) -> None:
    agent = Somebody(desk, "paul", Role.AGENT, "sud")
    asked = {"tenant": "T09", "kind": "protection", "value": "order"}
    with pytest.raises(WrongStateError, match="Seuls l'agence"):
        desk.send(Command("register", agent.account.name, "", asked, visibility=EVERYTHING))
