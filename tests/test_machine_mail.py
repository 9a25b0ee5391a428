"""Mail of machines from its bytes to its queue, by the rules as shipped."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, CaseKind, Envelope, Judgement, NoHistory, Party, PartyHistory, Priority
from dtm_contact.outbound import why_not_answered
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.settings import Settings
from tests.rules.once import load_once

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
GENERATED = "Auto-Submitted: auto-generated\n"
CLOSING = "Ce message est généré automatiquement, merci de ne pas y répondre."
GAS = "Bonjour, ça sent très fort le gaz dans la cage d'escalier jusqu'à l'entrée, venez vite."


@dataclass(frozen=True, slots=True)
class Asked(NoHistory):
    """A history that knows nothing, and keeps of whom it was asked."""

    parties: list[Party] = field(default_factory=list)

    def party_history(self, party: Party, since: datetime) -> PartyHistory:  # noqa: ARG002 - as any history has it
        self.parties.append(party)
        return PartyHistory()


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    return Grounds.build(directory, load_once(ROOT / "rules", directory.offices), Settings.defaults())


def message(text: str, subject: str, headers: str = GENERATED, sender: str = "formulaire@agence.example") -> Arrival:
    body = f"Content-Type: text/plain; charset=utf-8\n{text}" if text.startswith("Content-") else f"\n{text}\n"
    raw = f"From: {sender}\nTo: nous@bailleur.example\nSubject: {subject}\n{headers}{body}"
    envelope = Envelope(sender, ("nous@bailleur.example",), "127.0.0.1")
    return Arrival("smtp", "one", AT, "message/rfc822", envelope, raw.encode())


def with_file(text: str, subject: str, sender: str = "copieur@agence.example") -> Arrival:
    pdf = base64.b64encode(b"%PDF-1.4 scan").decode()
    headers = "Content-Type: application/pdf; name=0001.pdf\nContent-Transfer-Encoding: base64\n"
    parts = f"--b\n\n{text}\n--b\n{headers}\n{pdf}\n--b--\n"
    return message(parts, subject, "Content-Type: multipart/mixed; boundary=b\n", sender)


def why_unanswered(arrival: Arrival, judged: Judgement) -> str | None:
    return why_not_answered(arrival, judged, judged.contact.sender.address, (), AT, danger=True)


@pytest.mark.parametrize(
    ("headers", "subject", "text", "priority"),
    [
        (GENERATED, "Demande", f"Nom : Joly\nMotif : Autre\nBail : 12\nMessage : {GAS}\n{CLOSING}", "P1"),
        ("", "Demande", f"Nom : Joly\nMotif : Autre\nBail : 12\nMessage : Il y a des cafards.\n{CLOSING}", "P3"),
        (GENERATED, "Notification", f"Ascenseur A12 : usager bloqué en cabine.\n{CLOSING}", "P1"),
        (GENERATED, "Ascenseur A12", f"À l'arrêt, remise en service de l'ascenseur prévue le 04/12.\n{CLOSING}", "P2"),
        ("Precedence: bulk\n", "Demande", "Plus d'eau chaude dans toute la cage depuis hier.", "P2"),
        ("X-Auto-Response-Suppress: All\n", "Demande", "Il y a des cafards dans la cuisine.", "P3"),
        ("List-Unsubscribe: <mailto:a@b.example>\nFeedback-ID: 1\n", "Demande", "Mon badge ne marche plus.", "P3"),
    ],
)
def test_what_a_program_asks_is_a_case_that_no_answer_goes_out_for(
    headers: str, subject: str, text: str, priority: str, grounds: Grounds
) -> None:
    arrival = message(text, subject, headers)
    judged = judge(arrival, AT, grounds, NoHistory())
    assert (judged.decision.kind, judged.decision.priority) == (CaseKind.CASE, priority)
    assert judged.decision.queue is not None
    assert why_unanswered(arrival, judged) == "automatic"
    assert bool(judged.decision.notify) == (priority == "P1")


def test_what_one_program_sends_for_everybody_is_nobodys_earlier_contact(grounds: Grounds) -> None:
    for headers, addresses in ((GENERATED, set()), ("", {"formulaire@agence.example"})):
        history = Asked()
        judge(message("Il y a des cafards dans la cuisine.", "Demande", headers), AT, grounds, history)
        assert history.parties or not addresses
        assert {address for party in history.parties for address in party.addresses} == addresses


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Attached Image", ""),
        ("Courrier entrant", "1 pli numérisé. Voir pièce jointe."),
        ("Message from KMBT_C224", ""),
    ],
)
def test_a_scanned_letter_goes_to_the_reception_to_be_read(subject: str, text: str, grounds: Grounds) -> None:
    arrival = with_file(text, subject)
    judged = judge(arrival, AT, grounds, NoHistory())
    decision = judged.decision
    assert (decision.kind, decision.queue, decision.priority) == (CaseKind.CASE, "agence-accueil", Priority.P3)
    assert (decision.tags, decision.answer) == (("courrier-a-lire",), None)
    assert judged.understanding.topics == ("other",)


def test_a_scan_that_a_known_tenant_sends_without_a_word_goes_to_their_office(grounds: Grounds) -> None:
    sender = next(lease.email for lease in grounds.directory.records.leases if lease.email and lease.lease_end is None)
    judged = judge(with_file("", "Scan", sender), AT, grounds, NoHistory())
    assert judged.match.tenant is not None
    assert judged.match.residence is not None
    residence = grounds.directory.residences[judged.match.residence.id]
    assert (judged.decision.office_id, judged.decision.tags) == (residence.office_id, ("courrier-a-lire",))


def test_a_footer_behind_base64_hides_no_danger(grounds: Grounds) -> None:
    encoded = base64.encodebytes(GAS.encode()).decode()
    for footer in ("", "____________________\nAmicale mailing list\nhttp://listes.example/amicale\n"):
        text = f"Content-Transfer-Encoding: base64\n\n{encoded}{footer}"
        judged = judge(message(text, "message", "", "n@free.example"), AT, grounds, NoHistory())
        assert (judged.understanding.topic, judged.decision.priority) == ("gas", Priority.P1)


def test_a_text_that_cannot_be_decoded_is_for_a_person_to_read(grounds: Grounds) -> None:
    garbage = base64.encodebytes(bytes(number * number * 7 % 256 for number in range(600))).decode()
    text = f"Content-Transfer-Encoding: base64\n\n{garbage}"
    judged = judge(message(text, "Votre newsletter : se désabonner, carte cadeau", ""), AT, grounds, NoHistory())
    assert (judged.decision.kind, judged.decision.priority) == (CaseKind.CASE, Priority.P3)
    assert "message-illisible" in judged.decision.tags
    assert any("décodé" in note for note in judged.contact.notes)


@pytest.mark.parametrize(
    ("headers", "subject", "text", "kind"),
    [
        ("Auto-Submitted: auto-replied\n", "Réponse automatique : avis", "Je suis absent jusqu'au 3.", "automatic"),
        ("X-Failed-Recipients: a@b.example\n", "Mail delivery failed", "550 unknown user", "automatic"),
        ("", "Lu : votre courrier", "Votre message a été lu le 24/11.", "automatic"),
        ("List-Unsubscribe: <mailto:a@b.example>\nPrecedence: bulk\n", "-30 % sur tout le carrelage !",
         "Profitez de nos offres en magasin jusqu'à dimanche. Se désinscrire", "spam"),
    ],
)  # fmt: skip
def test_replies_of_machines_and_advertisements_are_set_aside(
    headers: str, subject: str, text: str, kind: str, grounds: Grounds
) -> None:
    judged = judge(message(text, subject, headers, "luc@mel.example"), AT, grounds, NoHistory())
    assert (judged.decision.kind, judged.decision.queue) == (kind, None)
