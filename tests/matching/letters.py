"""Messages over any directory, made from a seed, each with its truth: slips, strangers and others' names."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random

from dtm_contact.directory import Address, Directory, Dwelling, Lease, in_force
from dtm_contact.model import Contact, Forwarded, Mailbox
from dtm_contact.normalize import glued
from tests.matching.estate import FIRST_NAMES

ON = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Letter:
    """A message and what is true of it; `kind` says how it was made."""

    contact: Contact
    kind: str
    tenant: str | None
    dwelling: str | None
    residence: str | None


_MATTERS = (
    "L'ascenseur est en panne depuis samedi et je monte huit étages avec les courses.",
    "Il n'y a plus de chauffage depuis trois jours, il fait quinze degrés dans la chambre.",
    "La porte du hall ne ferme plus, des gens dorment dans l'escalier.",
    "J'ai une fuite sous l'évier, j'ai mis une bassine.",
    "Je ne comprends pas mon avis d'échéance, pouvez-vous m'expliquer le rappel de charges ?",
    "Il me faut les trois dernières quittances pour la préfecture, merci.",
    "Des rats dans le local poubelles, c'est insupportable.",
    "Le petit garçon du 3e joue au ballon dans le grand hall tous les soirs, Jean qui rit, Jean qui pleure !",
    "ma demande de mutation date de 2019 ou en est elle svp",
    "Le badge ne marche plus depuis lundi. Nous sommes rentrés par le parking.",
    "Ci-joint mon attestation d'assurance pour l'année prochaine.",
    "Je souhaite un rendez-vous au bureau la semaine prochaine, de préférence le mercredi.",
)
_OPENINGS = ("Bonjour,", "Bonjour Madame, Monsieur,", "Madame, Monsieur,", "bjr", "Bonsoir", "")
_CLOSINGS = ("Cordialement,", "Merci d'avance", "Bien à vous,", "Merci", "cdt", "Salutations", "")
_NOISE = (
    "La gardienne Mme {caretaker} est au courant.",
    "Ma voisine Mme {other} a le même problème.",
    "Le docteur {other} m'a fait un certificat.",
    "Mon mari {first} travaille la nuit.",
    "J'ai appelé la loge, M. {caretaker} ne répond pas.",
    "C'est le voisin du dessus, M. {other}, qui fait ça.",
)


class Writer:
    """Writes messages about one directory."""

    def __init__(self, directory: Directory, seed: int) -> None:
        self.directory = directory
        self.random = Random(seed)  # noqa: S311 (no secret)
        self.leases = [
            lease for lease in directory.records.leases
            if directory.dwellings[lease.dwelling_id].kind == "dwelling"
            and lease.role != "commercial"
            and in_force(lease, ON)
        ]  # fmt: skip
        self.serial = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def write(self) -> Letter:
        """Return the next message."""
        kinds = {
            self.tenant: 60, self.phone_only: 5, self.lease_only: 4, self.for_another: 9, self.social_worker: 4,
            self.passed_on: 3, self.applicant: 3, self.passer_by: 3, self.stranger: 4, self.unlisted: 3,
            self.supplier: 2,
        }  # fmt: skip
        return self.random.choices(list(kinds), list(kinds.values()))[0]()

    # --- who writes how

    def _place(self, lease: Lease) -> tuple[Dwelling, Address]:
        dwelling = self.directory.dwellings[lease.dwelling_id]
        return dwelling, self.directory.addresses[dwelling.address_id]

    def _letter(self, contact: Contact, kind: str, lease: Lease | None, *, person: bool = True) -> Letter:
        if lease is None:
            return Letter(contact, kind, None, None, None)
        dwelling, address = self._place(lease)
        return Letter(
            contact,
            kind,
            lease.tenant_id if person else None,
            dwelling.dwelling_id if person else None,
            address.residence_id,
        )

    def _unknown_address(self, name: str) -> str:
        self.serial += 1
        flat = glued(name)
        form = self.random.choice([flat, f"{flat[:3]}{self.serial}", f"perso{self.serial}x", f"{flat}{self.serial}"])
        return f"{form or 'x'}.{self.serial}@{self.random.choice(['poste', 'mail', 'webmail'])}.example"

    def typo(self, text: str) -> str:
        """Return the text with one slip: a letter doubled, dropped, swapped or replaced."""
        if len(text) < 4:
            return text
        at = self.random.randint(1, len(text) - 2)
        slips = (
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1 :],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        )
        return self.random.choice(slips)

    def _maybe_typo(self, text: str, share: float) -> str:
        return self.typo(text) if self.chance(share) else text

    def name(self, lease: Lease) -> str:
        """Return the name as its bearer signs."""
        last = lease.birth_name if lease.birth_name and self.chance(0.1) else lease.last_name
        last, first = self._maybe_typo(last, 0.06), self._maybe_typo(lease.first_name, 0.03)
        return self.random.choices(
            [f"{first} {last}", f"{last.upper()} {first}", f"{first} {last.upper()}", f"{lease.title} {last}",
             f"{first[0]}. {last}",
             f"{lease.title} {last} {first}", first, f"{first} {last}".lower(), f"{last} {first}"],
            [30, 10, 12, 14, 8, 6, 6, 8, 6],
        )[0]  # fmt: skip

    def place(self, lease: Lease) -> str:
        """Return where a person lives as he writes it; may be empty."""
        dwelling, address = self._place(lease)
        residence = self.directory.residences[address.residence_id]
        street = self._street(address.street)
        short = self.random.choice(
            [address.commune, address.commune.split("-sur-")[0], f"{address.postcode} {address.commune}", ""]
        )
        form = self.random.choices(["full", "street", "residence", "both", ""], [30, 15, 20, 10, 25])[0]
        if not form:
            return ""
        said = residence.name if form == "residence" else f"{self._house(address.house_number)} {street}"
        if form == "both":
            said += f", {residence.name}"
        if form != "street":
            said += f" {self.random.choice([',', 'à', ''])} {short}"
        if address.building and self.chance(0.6):
            said += f", {self.random.choice(['bât', 'bat.', 'bâtiment', 'Bat'])} {address.building}"
        if dwelling.floor not in {"", "0"} and self.chance(0.5):
            said += f", {dwelling.floor}{self.random.choice(['e étage', 'ème', 'eme etage'])}"
        return self._maybe_typo(said, 0.05)

    def _house(self, number: str) -> str:
        return number.replace(" ", self.random.choice(["", " "]))

    def _street(self, street: str) -> str:
        for long, short in (
            ("avenue", "av"),
            ("boulevard", "bd"),
            ("Docteur", "Dr"),
            ("allée", "all."),
            ("Général", "Gal"),
            ("Saint", "St"),
        ):
            if self.chance(0.4):
                street = street.replace(long, short)
        if self.chance(0.4):
            street = street.replace("-", " ")
        if self.chance(0.3):
            street = street.lower()
        return self._maybe_typo(street, 0.06)

    def _body(self, *parts: str) -> str:
        pieces = [self.random.choice(_OPENINGS), *parts, self.random.choice(_CLOSINGS)]
        return "\n".join(piece for piece in pieces if piece)

    def _matter(self, lease: Lease) -> str:
        matter = self.random.choice(_MATTERS)
        if self.chance(0.25):
            _dwelling, address = self._place(lease)
            there = self.directory.assignments_at(address.address_id)
            caretaker = self.directory.caretakers[there[0].caretaker_id].last_name if there else "Durand"
            other = self.random.choice(self.leases)
            noise = self.random.choice(_NOISE)
            matter += " " + noise.format(caretaker=caretaker, other=other.last_name, first=other.first_name)
        return matter

    def tenant(self) -> Letter:
        lease = self.random.choice(self.leases)
        known = bool(lease.email) and self.chance(0.6)
        display = self.name(lease) if self.chance(0.7) else ""
        sender = Mailbox(
            display, lease.email if known else self._unknown_address(f"{lease.first_name}{lease.last_name}")
        )
        place, signed = self.place(lease), self.name(lease) if self.chance(0.8) else ""
        where = self.random.choice([f"J'habite {place}.", f"Je suis au {place}", place]) if place else ""
        phone = f"Tél : {lease.phones[0]}" if lease.phones and self.chance(0.25) else ""
        if self.chance(0.4):
            parts = (self._matter(lease), signed, where, phone)
        else:
            parts = (where, self._matter(lease), phone, signed)
        return self._letter(Contact("email", AT, sender, new_text=self._body(*parts)), "tenant", lease)

    def phone_only(self) -> Letter:
        lease = self.random.choice([each for each in self.leases if each.phones])
        number = " ".join(lease.phones[0][n : n + 2] for n in range(0, 10, 2))
        text = f"oui bonjour c'est {lease.title} {lease.last_name} {self.random.choice(_MATTERS)} rappelez moi".lower()
        sender = Mailbox("Messagerie vocale", "no-reply@standard-vocal.example")
        contact = Contact("email", AT, sender, subject=f"Nouveau message vocal de {number} (00:31)", new_text=text)
        return self._letter(contact, "phone", lease)

    def lease_only(self) -> Letter:
        lease = self.random.choice(self.leases)
        number = self.random.choice(
            [
                lease.lease_id,
                lease.lease_id.replace("/", " "),
                lease.lease_id.replace("/", "-"),
                lease.lease_id.replace("/", ""),
            ]
        )
        sender = Mailbox(lease.first_name, self._unknown_address(lease.first_name))
        text = self._body(f"Bail n° {number}", self._matter(lease), lease.first_name)
        return self._letter(Contact("email", AT, sender, new_text=text), "lease", lease)

    def for_another(self) -> Letter:
        lease, other = self.random.choice(self.leases), self.random.choice(self.leases)
        woman = lease.title == "Mme"
        relative = self.random.choice(
            ["ma mère", "maman", "ma grand-mère"] if woman else ["mon père", "papa", "mon grand-père"]
        )
        first = self.random.choice(FIRST_NAMES["Mme"])
        named = f"{lease.first_name} {lease.last_name}"
        text = self.random.choice(
            [f"Je vous écris pour {relative}, {named}, qui n'a pas internet.",
             f"J'écris au nom de {relative} {lease.title} {named}.",
             f"C'est pour {relative} {named}, 81 ans."]
        )  # fmt: skip
        place = self.place(lease) or self._full(lease)
        own = f"Moi je suis au {self._full(other)}, n'envoyez personne chez moi." if self.chance(0.3) else ""
        surname = lease.last_name if self.chance(0.5) else other.last_name
        sender = Mailbox(f"{first} {surname}", self._unknown_address(f"{first}{surname}"))
        lives = f"{'Elle' if woman else 'Il'} habite {place}."
        body = self._body(text, lives, own, self.random.choice(_MATTERS), f"{first} {surname}")
        return self._letter(Contact("email", AT, sender, new_text=body), "for", lease)

    def _full(self, lease: Lease) -> str:
        _dwelling, address = self._place(lease)
        return f"{address.house_number} {address.street} à {address.commune}"

    def social_worker(self) -> Letter:
        lease = self.random.choice(self.leases)
        sender = Mailbox("MOREL Claire (CD93)", f"claire.morel{self.serial}@departement.example")
        text = (
            f"Bonjour,\nJe vous contacte au sujet de {lease.title} {lease.last_name.upper()} {lease.first_name}, "
            f"{self._full(lease)}, "
            "que j'accompagne.\nUn dossier FSL est en cours, merci de me transmettre un décompte."
        )
        signature = "Claire Morel\nAssistante sociale\nEspace des Solidarités, 3 rue de la Mairie, 93000 Bobigny"
        return self._letter(Contact("email", AT, sender, new_text=text, signature=signature), "social", lease)

    def passed_on(self) -> Letter:
        lease = self.random.choice([each for each in self.leases if each.email])
        office = self.directory.records.offices[-1]
        first = Mailbox(self.name(lease), lease.email)
        text = self._body(self._matter(lease), self.name(lease))
        forwarded = (Forwarded(first, "demande", text),)
        contact = Contact(
            "email", AT, Mailbox(office.name, office.email), new_text="Pour enregistrement. Merci.", forwarded=forwarded
        )
        return self._letter(contact, "forwarded", lease)

    # --- who is no tenant

    def applicant(self) -> Letter:
        lease, other = self.random.choice(self.leases), self.random.choice(self.leases)
        name = f"{self.random.choice(FIRST_NAMES['M.'])} {other.last_name}"
        text = self._body(
            "Je cherche un logement depuis trois ans pour ma famille.",
            f"Ma tante {lease.title} {lease.first_name} {lease.last_name} habite chez vous au {self._full(lease)}.",
            "Comment faire un dossier ?",
            name,
        )
        return self._letter(
            Contact("email", AT, Mailbox(name, self._unknown_address(name)), new_text=text), "applicant", None
        )

    def passer_by(self) -> Letter:
        lease = self.random.choice(self.leases)
        name = f"{self.random.choice(FIRST_NAMES['M.'])} {self.random.choice(self.leases).last_name}"
        text = self._body(
            "Je ne suis pas locataire chez vous.",
            f"Un morceau de balcon est tombé du {self._full(lease)} ce matin.",
            name,
        )
        contact = Contact("email", AT, Mailbox(name, self._unknown_address(name)), new_text=text)
        return self._letter(contact, "passer-by", lease, person=False)

    def stranger(self) -> Letter:
        """Write by somebody whose name is like those of tenants, who gives no address, or one that is not ours."""
        one, other = self.random.choice(self.leases), self.random.choice(self.leases)
        name = f"{one.first_name} {other.last_name}"
        where = self.random.choice(
            [
                "J'habite 12 rue des Peupliers à Antony.",
                "",
                "J'habite 118 rue Inconnue à " + self._place(one)[1].commune,
            ]
        )
        contact = Contact(
            "email",
            AT,
            Mailbox(name, self._unknown_address(name)),
            new_text=self._body(where, self.random.choice(_MATTERS), name),
        )
        return self._letter(contact, "stranger", None)

    def unlisted(self) -> Letter:
        """Write by somebody who really lives at an address of ours and stands in no lease."""
        lease, other = self.random.choice(self.leases), self.random.choice(self.leases)
        name = f"{self.random.choice(FIRST_NAMES['Mme'])} {other.last_name}"
        text = self._body(f"J'habite {self._full(lease)}.", self.random.choice(_MATTERS), name)
        contact = Contact("email", AT, Mailbox(name, self._unknown_address(name)), new_text=text)
        return self._letter(contact, "unlisted", lease, person=False)

    def supplier(self) -> Letter:
        lease = self.random.choice(self.leases)
        firm = f"{lease.last_name} Plomberie"
        text = self._body("Sauf erreur, notre facture F-2026-0831 reste impayée.", firm, "Service comptabilité")
        return self._letter(
            Contact("email", AT, Mailbox(firm, self._unknown_address("compta")), new_text=text), "supplier", None
        )


def letters(directory: Directory, seed: int, count: int) -> list[Letter]:
    """Return so many messages; the same seed gives the same."""
    writer = Writer(directory, seed)
    return [replace(writer.write()) for _ in range(count)]
