"""An invented estate, made from a seed: other names, streets and communes than those of the fixtures."""

from datetime import date, timedelta
from random import Random

from dtm_contact.directory import Address, Assignment, Caretaker, Dwelling, Lease, Office, Records, Residence
from dtm_contact.text import glued


def _listed(text: str) -> list[str]:
    return text.split()


def _listed_by_bar(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split("|")]


SURNAMES = _listed(
    """
    Martin Petit Marie Legrand Bernard Dubois Moreau Laurent Simon Michel Leroy Roux Fournier Girard Bonnet
    Mercier Faure Andre Rousseau Muller Lambert Gaillard Chevallier Robin Boyer Noël Meunier Perrin Rolland Aubert
    Roy Colin Brunet Renard Giraud Marchal Lucas Brun Picard Barbier Arnaud Dumas Leclercq Fabre Aubry Royer
    Guillot Olivier Philippe Charpentier Vasseur Prévost Hamel Besson Étienne Le~Bihan Le~Guen L'Helgoualc'h
    D'Almeida De~La~Tour Du~Pré Benali Benhamou Ben~Salah Ben~Slimane Bouzid Bouaziz Bouchareb Cherif Chérif
    Djelloul Djebbar El~Mansouri El~Idrissi Ferhat Guendouz Hamidi Haddouche Kaci Khelifi Laribi Mebarki Meddour
    Mansouri Nasri Ouali Ould~Brahim Rahmani Saïdi Taleb Touati Yahiaoui Zerrouki Zidane Aït~Kaci Touré Camara
    Keïta Koulibaly Cissé Konaté Sidibé Sow Bah Ndiaye N'Dour N'Goran Mendy Gomis Fofana Sissoko Doumbia Bamba
    Kouamé Koffi Mbemba M'Bala Mukoko Tshibanda Lusamba Ngoma Nzinga Da~Costa Dos~Reis Ferreira Gonçalves Pereira
    Lopes Teixeira Carvalho Alves Moreira Cardoso Garcia Martinez Lopez Nguyen Tran Pham Le~Van Wang Zhang Chen
    Liu Singh Kumar Sivakumar Selvarajah Yilmaz Kaya Şahin Aydın Popescu Ionescu Ivanov Petrović Jovanović
    Kowalski Nowak Célestin Jean-Louis Jean-Charles Saint-Aimé Marie-Rose Désiré Pierre-Antoine Toussaint
    Hippolyte Augustin Baptiste Euphrasie Montout Lagrandcourt Payet Grondin Hoareau Boyer-Vidal Maillot
    """
)
FIRST_NAMES = {
    "M.": _listed(
        """
    Jean Pierre Michel André Philippe Alain Bernard Jacques Daniel Nicolas Thomas Julien Maxime Lucas Hugo Mathieu
    Jean-Marc Jean-François Mohamed Ahmed Karim Rachid Youssef Mehdi Abdelkader Moussa Mamadou Ibrahima Ousmane
    Amadou Boubacar Seydou Paulo Manuel João José Carlos Wei Minh Ravi Mustafa Dragan Wilner Jocelyn Loïc Gaël
    """
    ),
    "Mme": _listed(
        """
    Marie Jeanne Françoise Monique Catherine Nathalie Isabelle Sylvie Valérie Sandrine Aurélie Émilie Camille Léa
    Manon Marie-Christine Anne-Marie Fatima Khadija Nadia Samira Leïla Yasmina Aïcha Fatoumata Aminata Mariam Awa
    Rokia Adama Ana Maria Fernanda Rosa Li Thi Priya Ayşe Zorica Roselène Guerda Josiane Huguette Solange Zoé
    """
    ),
}
_STREETS = _listed_by_bar(
    """
    rue de l'Église | rue Pasteur | avenue du Général-de-Gaulle | boulevard Maxime-Gorki | rue
    Jean-Baptiste-Clément | place Carnot | allée des Tilleuls | allée des Cerisiers | rue du 8-Mai-1945 | rue
    Paul-Vaillant-Couturier | avenue Salvador-Allende | rue Marcel-Cachin | rue Eugène-Varlin | impasse du Puits |
    square Romain-Rolland | rue des Frères-Lumière | rue Rosa-Parks | avenue du Docteur-Calmette | rue Saint-Just
    | quai de la Marne | chemin du Moulin-Neuf | rue de la Convention | rue Danton | cours Fauriel | rue
    Édouard-Branly | villa des Lilas | rue du Capitaine-Guynemer | avenue de Stalingrad | rue Sainte-Odile | rue
    des Trois-Ponts
    """
)
_COMMUNES = (
    ("Bobigny", "93000"), ("Drancy", "93700"), ("Noisy-le-Sec", "93130"), ("Saint-Denis", "93200"), ("Stains", "93240"),
    ("Vitry-sur-Seine", "94400"), ("Villejuif", "94800"), ("Le Plessis-Robinson", "92350"), ("Bagneux", "92220"),
    ("Nogent-sur-Marne", "94130"), ("L'Île-Saint-Denis", "93450"), ("Saint-Mandé", "94160"),
)  # fmt: skip
_RESIDENCES = _listed_by_bar(
    """
    Les Cerisiers | Gagarine | Le Parc | Cité Rosa-Parks | La Ferme | Les Trois-Ponts | Paul-Éluard | Le Clos des
    Lilas | Les Dahlias | Résidence du Lac | Karl-Marx | Le Hameau | Les Beaudottes | La Butte-aux-Cailles |
    Pasteur | Abreuvoir | Les Érables | Maurice-Thorez | Le Chaperon-Vert | Les Sablons | Cité du Pont |
    Chemin-Vert | Les Cerisiers | La Capsulerie
    """
)


def make_estate(seed: int, *, residences: int = 24, people: int = 6_000) -> Records:
    """Return a directory of about so many people; the same seed gives the same."""
    return _Estate(Random(seed), residences, people).records()  # noqa: S311 (no secret)


class _Estate:
    def __init__(self, random: Random, residences: int, people: int) -> None:
        self.random = random
        self.people = people
        self.offices = (
            Office("agence", "Agence", "agency", "1 rue du Lac", "94000", "Créteil", "agence@bailleur.example",
                   "0140000001"),
            *(
                Office(f"bp{n}", f"Bureau {n}", "proximity_office", f"{n} rue du Marché", "93000", "Bobigny",
                       f"bp{n}@bailleur.example", f"014000001{n}")
                for n in range(1, 5)
            ),
        )  # fmt: skip
        self.residences = [self._residence(n) for n in range(residences)]
        self.addresses = [each for residence in self.residences for each in self._entrances(residence)]
        self.dwellings: list[Dwelling] = []
        self.leases: list[Lease] = []
        self.caretakers: list[Caretaker] = []
        self.assignments: list[Assignment] = []
        # A few names are borne by many, most by few, as everywhere.
        self.surname_weights = [1.0 / (rank + 3) for rank in range(len(SURNAMES))]
        self.surnames = random.sample(SURNAMES, len(SURNAMES))
        self.phones = 0

    def _residence(self, number: int) -> Residence:
        commune, postcode = self.random.choice(_COMMUNES)
        name = _RESIDENCES[number % len(_RESIDENCES)]
        office = self.offices[1 + number % 4].office_id
        aliases = (name.removeprefix("Cité ").removeprefix("Les "),) if self.random.random() < 0.3 else ()
        return Residence(f"R{number:03}", name, aliases, commune, postcode, "", postcode[:2], office)

    def _entrances(self, residence: Residence) -> list[Address]:
        found: list[tuple[str, str, str]] = []
        for street in self.random.sample(_STREETS, 2):
            for number in self.random.sample(range(1, 80), self.random.randint(1, 4)):
                house = f"{number}{self.random.choice(['', '', '', ' bis', ' ter'])}"
                buildings = self.random.choice([("",), ("A",), ("A", "B"), ("B", "C")])
                found.extend((house, street, building) for building in buildings)
        return [
            Address(f"A{residence.residence_id}{n}", residence.residence_id, house, street, residence.postcode,
                    residence.commune, building, "")
            for n, (house, street, building) in enumerate(found)
        ]  # fmt: skip

    def records(self) -> Records:
        while len(self.leases) < self.people:
            self._household()
        for residence in self.residences:
            self._caretaker(residence)
        return Records(
            self.offices, tuple(self.residences), tuple(self.addresses), tuple(self.dwellings), tuple(self.leases),
            tuple(self.caretakers), tuple(self.assignments),
        )  # fmt: skip

    def _surname(self) -> str:
        return self.random.choices(self.surnames, self.surname_weights)[0].replace("~", " ")

    def _household(self) -> None:
        random, number = self.random, len(self.dwellings)
        address = random.choice(self.addresses)
        door = random.choice(["", "A", "B", "porte 3", "12", "D1", "gauche"])
        dwelling = Dwelling(
            f"L{number:06}", address.address_id, "dwelling", address.building, "", str(random.randint(0, 12)), door,
            f"{random.randint(100000, 999999)}.{random.randint(10, 99)}",
        )  # fmt: skip
        self.dwellings.append(dwelling)
        surname, lease_id = self._surname(), f"{random.randint(1000000, 9999999)}/{random.randint(10, 99)}"
        start = date(1990, 1, 1) + timedelta(days=random.randint(0, 13_000))
        end = date(2026, 1, 1) + timedelta(days=random.randint(0, 200)) if random.random() < 0.02 else None
        line = self._phone() if random.random() < 0.3 else ""
        for role in (
            "holder",
            *(["co_holder"] if random.random() < 0.4 else []),
            *(["occupant"] if random.random() < 0.08 else []),
        ):
            name = surname if role == "occupant" or random.random() < 0.75 else self._surname()
            self.leases.append(self._person(role, name, (lease_id, dwelling.dwelling_id, start, end), line))

    def _person(self, role: str, surname: str, lease: tuple[str, str, date, date | None], line: str) -> Lease:
        random = self.random
        title = random.choice(["M.", "Mme"])
        first = random.choice(FIRST_NAMES[title])
        email = ""
        if random.random() < 0.55:
            email = f"{_ascii(first)}.{_ascii(surname)}{random.randint(1, 999)}@courriel.example"
        phones = tuple(filter(None, (self._phone() if random.random() < 0.85 else "", line)))
        birth = self._surname() if title == "Mme" and random.random() < 0.35 else ""
        lease_id, dwelling_id, start, end = lease
        return Lease(
            f"T{len(self.leases):06}",
            lease_id,
            dwelling_id,
            role,
            title,
            surname,
            birth,
            first,
            email,
            phones,
            start,
            end,
        )

    def _phone(self) -> str:
        self.phones += 1
        return f"06{20_000_000 + self.phones * 3:08}"

    def _caretaker(self, residence: Residence) -> None:
        for part in range(self.random.choice([1, 1, 2])):
            number = len(self.caretakers)
            self.caretakers.append(
                Caretaker(f"G{number:03}", "M.", self._surname(), self.random.choice(FIRST_NAMES["M."]),
                          f"g{number}@bailleur.example", f"0700000{number:03}", "", residence.office_id)
            )  # fmt: skip
            mine = (
                [each for each in self.addresses if each.residence_id == residence.residence_id][part::2]
                if part
                else [each for each in self.addresses if each.residence_id == residence.residence_id][
                    0 :: 2 if self.random.random() < 0.5 else 1
                ]
            )
            self.assignments.extend(Assignment(f"G{number:03}", each.address_id, None, None) for each in mine)


def _ascii(text: str) -> str:
    return glued(text)
