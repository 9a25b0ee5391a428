"""Letters by post, drawn, spoilt and recognised: which queue they find, and whom they name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from random import Random

from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, Judgement, NoHistory, Priority, Unread
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.recognition.reader import RecognisingReader
from dtm_contact.settings import RecognitionSettings, Settings
from tests.prove.database import ROOT
from tests.recognition import letters
from tests.recognition.letters import CLEAN, POOR, RUINED, USUAL, Damage, Letter
from tests.rules.once import load_once

RECEIVED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LEAST = 0.9
OFFICE = "office"
"""In place of a queue: that of the proximity office, whichever it is."""

MATTERS = (
    (
        "agence-locatif",
        "Demande de mutation",
        (
            "Nous vivons à cinq dans un deux pièces et demandons un logement plus grand, de quatre pièces. "
            "Notre demande de mutation est déposée en mairie depuis le mois de mars."
        ),
    ),
    (
        "agence-locatif",
        "Attestation d'assurance",
        (
            "Je vous prie de trouver ci-joint mon attestation d'assurance habitation pour l'année à venir, "
            "comme vous me l'avez demandé dans votre dernier courrier."
        ),
    ),
    (
        "agence-juridique",
        "Mise en demeure",
        (
            "Malgré mes courriers restés sans réponse, les désordres continuent dans mon logement. Je vous "
            "mets en demeure d'y remédier sous quinze jours, à défaut de quoi je saisirai le tribunal."
        ),
    ),
    (
        OFFICE,
        "Infiltration d'eau",
        (
            "De l'eau coule du plafond de la salle de bain depuis trois jours, le mur est trempé et la "
            "peinture tombe. Je vous demande d'envoyer un plombier au plus vite."
        ),
    ),
    (
        OFFICE,
        "Panne de chauffage",
        (
            "Les radiateurs de mon appartement ne chauffent plus du tout depuis la semaine dernière, il fait "
            "quatorze degrés dans les chambres. Merci de faire venir un technicien."
        ),
    ),
    (
        OFFICE,
        "Nuisibles",
        (
            "Il y a des cafards dans la cuisine et dans la salle de bain, malgré le passage de l'entreprise "
            "au printemps. Je vous demande une nouvelle intervention."
        ),
    ),
    (
        "agence-comptes",
        "Régularisation des charges",
        (
            "J'ai reçu le décompte de régularisation des charges et je ne comprends pas le montant demandé. "
            "Pouvez-vous m'expliquer le calcul et me dire pourquoi mon loyer augmente ?"
        ),
    ),
)
DAMAGES: Sequence[Damage] = (CLEAN, USUAL, USUAL, POOR, USUAL, CLEAN, POOR, RUINED)


@dataclass(slots=True)
class Outcome:
    """What became of letters: how many were read, found their queue, named somebody wrong, were kept from a person."""

    letters: int = 0
    read: int = 0
    right: int = 0
    named: int = 0
    wrong: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether enough went right, and nothing went wrong that must not."""
        return not self.faults and not any("named" in each for each in self.wrong) and self.right >= LEAST * self.read

    def lines(self) -> Iterator[str]:
        """Yield the figures."""
        yield f"{self.letters} letters, {self.read} recognised well enough to be judged by"
        yield f"of these {self.right} in the right queue, {self.named} with their tenant"
        yield from self.wrong
        yield from self.faults


@cache
def grounds() -> Grounds:
    """Return what is judged by."""
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    rules = load_once(ROOT / "rules", directory.offices)
    # Of the clock there is plenty: a proof must not depend on what else the machine does.
    scans = RecognisingReader(RecognitionSettings(seconds=1800))
    return Grounds.build(directory, rules, Settings.defaults(), scans=scans)


def prove_letters(count: int, random: Random) -> Outcome:
    """Draw so many letters of tenants, and of strangers between them, and judge what is recognised of them."""
    outcome, directory = Outcome(), grounds().directory
    leases = [lease for lease in directory.records.leases if lease.lease_end is None and lease.last_name]
    for number in range(count):
        queue, subject, body = MATTERS[number % len(MATTERS)]
        damage = DAMAGES[number % len(DAMAGES)]
        lease = random.choice(leases)
        dwelling = directory.dwellings[lease.dwelling_id]
        address = directory.addresses[dwelling.address_id]
        name = f"{lease.title or ''} {lease.first_name} {lease.last_name}".strip()
        stranger = number % 10 == 9
        sender = (
            ("Maître Ysabeau Quintrec", "Avocate", "3 place du Parvis", "29000 Quimper")
            if stranger
            else (name, f"{address.house_number} {address.street}", f"{address.postcode} {address.commune}")
        )
        letter = Letter(
            body=f"{body}\nVeuillez agréer, Madame, Monsieur, l'expression de mes salutations distinguées.",
            sender=sender,
            addressee=("Office public de l'habitat", "Service clientèle", "12 rue de la Gare", "93100 Montreuil"),
            dated=f"Le {random.randrange(2, 20)} novembre 2026",
            subject=subject,
            signed=sender[0],
            sender_right=number % 3 == 2,
            font=number % len(letters.FONTS),
        )
        octets = (letters.pdf, letters.jpeg, letters.tiff)[number % 3](letter, damage)
        arrival = Arrival("smtp", f"letter-{number}", RECEIVED, "message/rfc822", None, letters.mail(octets))
        judgement = judge(arrival, RECEIVED, grounds(), NoHistory())
        _count(outcome, f"letter {number} ({subject})", judgement, queue, None if stranger else lease.tenant_id)
    return outcome


def _count(outcome: Outcome, what: str, judgement: Judgement, queue: str, tenant: str | None) -> None:
    decision, named = judgement.decision, judgement.match.tenant
    outcome.letters += 1
    if named is not None and named.id != tenant:
        household = {} if tenant is None else grounds().directory.housemates(tenant, RECEIVED.date())
        if named.id not in household:
            outcome.wrong.append(f"{what}: named somebody else")
    if judgement.understanding.unread is Unread.SCAN:
        if decision.queue != "agence-accueil" or decision.priority is Priority.P4:
            outcome.faults.append(f"{what}: unread, and in {decision.queue} as {decision.priority}")
        return
    outcome.read += 1
    outcome.named += named is not None and named.id == tenant
    is_right = not (decision.queue or "").startswith("agence-") if queue == OFFICE else decision.queue == queue
    outcome.right += is_right
    if not is_right:
        outcome.wrong.append(
            f"{what}: in {decision.queue}, not {queue}; topics {', '.join(judgement.understanding.topics)}"
        )
