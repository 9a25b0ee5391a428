"""A program's mail that says it is over, a test or planned alarms less; a person's words are read as ever."""

import re

import pytest

from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import AlarmLevel, AutomaticSign, Automation, Channel, Contact, Part, Peril
from dtm_contact.text import tokenize, unwrapped
from dtm_contact.topics import DetailModel, Reader
from dtm_contact.topics.danger import Settled, log_odds
from dtm_contact.topics.details import settled_of
from dtm_contact.topics.model import Calibration
from tests.topics.conftest import Read
from training.evaluate import AT

PROGRAM = (AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated"),)
FIRE = "ALARME FEU ZONE 4 SOUS-SOL. Flammes, trois détecteurs."
TEST = "MODE : ESSAI ANNUEL DES DETECTEURS, FIN D'ESSAI A 16H"


def settled(text: str, reader: Reader) -> Settled:
    contact = Contact(Channel.EMAIL, AT, new_text=text)
    texts = unwrapped(contact, [Part.NEW], labelled=True).texts
    found = settled_of(tokenize(texts), reader.details, reader.model, by_program=True)
    assert found is not None
    return found


def test_a_line_that_it_is_a_test_lowers_what_the_model_says_of_a_programs_mail(read: Read, reader: Reader) -> None:
    alone, with_line = (
        f"Site : cour B\nZone : 4\nÉvénement : {FIRE}",
        f"Site : cour B\nZone : 4\n{TEST}\nÉvénement : {FIRE}",
    )
    assert settled(alone, reader).score < settled(with_line, reader).score
    sure, unsure = read(alone, signs=PROGRAM).alarm, read(with_line, signs=PROGRAM).alarm
    assert sure.score is not None
    assert unsure.score is not None
    assert unsure.score < sure.score


def test_it_is_said_what_lowered_it(read: Read) -> None:
    text = "Événement : alarme feu zone local poubelles\nOrigine : essai du technicien\nFin d'essai : 11 h"
    lowered = read(text, "Transmetteur incendie", signs=PROGRAM).alarm
    assert lowered.level is AlarmLevel.POSSIBLE
    assert "essai" in (text_of(lowered.why_not) or "")


def test_it_lowers_no_phrase(read: Read) -> None:
    text = "Il y a le feu dans la cave. Fin d'essai. Dossier clos, fausse alarme."
    assert read(text, signs=PROGRAM).alarm.certain


def test_a_persons_letter_is_read_as_ever(read: Read, reader: Reader) -> None:
    text = "De la fumée épaisse sort de la cave, l'alarme sonne. Fin d'essai, visite annuelle du technicien terminée."
    assert settled(text, reader).score > 0
    by_person, by_program = read(text).alarm.score, read(text, signs=PROGRAM).alarm.score
    assert by_person is not None
    assert by_program is not None
    assert by_person > by_program + 0.05


def test_without_such_a_line_a_program_is_heard_no_less(reader: Reader) -> None:
    scale = reader.details.programs
    for probability in (0.1, 0.5, 0.9):
        assert Settled(0.0, "", 0.0, scale).probability(probability) >= probability
        assert Settled(1.5, "", 0.0, scale).probability(probability) < probability
        assert Settled(0.0, "", 1.5, scale).probability(probability) > probability


TICKET = "Ticket 4512\nStatut : clos, essai conforme, fuite colmatée\nCommentaire : "
SPEAKS = "Bonjour, je vous écris parce que ma fille tousse et que nous avons tous mal à la tête."


def test_where_a_person_speaks_in_a_programs_mail_no_line_lowers_what_is_heard(read: Read) -> None:
    spoken = read(TICKET + SPEAKS, signs=PROGRAM)
    assert spoken.settled is None
    assert spoken.alarm.any
    reported = read(TICKET + "joint remplacé, contrôle négatif", signs=PROGRAM)
    assert reported.settled is not None
    assert reported.settled >= 1


def test_a_line_takes_back_no_more_than_the_certainty(read: Read) -> None:
    terse = "ma fille tousse encore et nous avons mal à la tête, venez vite."
    by_program, by_person = read(TICKET + terse, signs=PROGRAM), read(TICKET + terse)
    assert by_program.settled is not None, "nobody is heard to speak in it"
    assert by_program.alarm.level is AlarmLevel.POSSIBLE
    assert by_program.alarm.score is not None
    assert by_person.alarm.score is not None
    assert by_program.alarm.score < by_person.alarm.score


def test_only_headers_or_a_robots_address_make_a_mail_a_programs_own(read: Read) -> None:
    form = f"Site : cour B\nZone : 4\n{TEST}\nÉvénement : {FIRE}"
    by_layout, by_header = read(form), read(form, signs=PROGRAM)
    assert by_layout.settled is None
    assert by_header.settled is not None
    assert by_layout.alarm.score is not None
    assert by_header.alarm.score is not None
    assert by_layout.alarm.score > by_header.alarm.score


@pytest.mark.parametrize(
    ("said", "peril"),
    [
        ("porteur dit vouloir mourir, a préparé ses médicaments", Peril.SUICIDE),
        ("porteur menacé et frappé par son fils, appelle au secours", Peril.VIOLENCE),
        ("agression en cours, gardien frappé et menacé avec un couteau", Peril.VIOLENCE),
    ],
)
def test_no_line_lowers_what_is_heard_of_suicide_or_violence(said: str, peril: Peril, read: Read) -> None:
    closed = "Statut : clos, appel de test terminé"
    found = read(f"Téléassistance, appel 88\nMotif : {said}\n{closed}", signs=PROGRAM)
    assert found.alarm.certain
    assert found.peril is peril
    assert found.settled is None
    harmless = read(f"Téléassistance, appel 88\nMotif : appui prolongé\n{closed}", signs=PROGRAM)
    assert harmless.settled is not None
    assert harmless.settled >= 1


def test_a_label_whose_value_is_left_open_says_nothing(reader: Reader) -> None:
    still_open = "Appareil : 7712, entre deux étages\nOccupants : 2\nClôture : --"
    assert "Clôture" not in settled(still_open, reader).said


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_odds_are_bounded(probability: float) -> None:
    assert abs(log_odds(probability)) < 10
    assert Settled(0.0, "", 0.0, Calibration((1.0, 1.0, 1.0), 0.0)).probability(probability) == pytest.approx(
        probability, abs=0.001
    )


def test_labels_stay_and_every_line_of_a_form_is_a_sentence() -> None:
    text = "Nom : Roy\nFuite : cave\nMode : essai"
    whole = unwrapped(Contact(Channel.EMAIL, AT, new_text=text), [Part.NEW], labelled=True)
    assert whole.form
    assert re.sub(r"[^\w\s:]", " ", whole.texts[0][1]).split() == text.split()
    tokens = tokenize(whole.texts)
    assert len(set(tokens.sentences)) == 3


def test_what_is_no_list_of_labels_is_no_form() -> None:
    assert not unwrapped(Contact(Channel.EMAIL, AT, new_text="Bonjour,\nle robinet fuit."), [Part.NEW]).form


@pytest.mark.parametrize(
    ("danger", "harmless"),
    [
        (
            "Porteur : Roy\nType : perte de verticalité\nRappel : pas de réponse du porteur\nStatut : ouvert",
            "Porteur : Roy\nType : perte de verticalité\nRappel : porteur joint, tout va bien\nStatut : clos",
        ),
        (
            "Statut : Terminée\nMesure : CO ambiant 71 ppm\nRemarque : appareil laissé en marche",
            "Statut : Terminée\nMesure : CO ambiant 0 ppm\nRemarque : appareil laissé en marche",
        ),
    ],
)
def test_a_products_alarm_is_told_from_its_harmless_twin(danger: str, harmless: str, reader: Reader) -> None:
    assert settled(danger, reader).raised > settled(harmless, reader).raised
    assert settled(danger, reader).probability(0.3) > settled(harmless, reader).probability(0.3)


@pytest.mark.parametrize("layout", ["{} : {}", "{} | {}", "{}\t{}", "{} ....... {}", "{}      {}", "{}\n{}"])
def test_what_a_bare_no_denies_is_not_over(layout: str, reader: Reader) -> None:
    fields = [("Nom", "Roy"), ("Objet", "ascenseur"), ("Message", "appel de la cabine")]
    denied, affirmed = (
        "\n".join(layout.format(*field) for field in [*fields, ("Personne libérée et indemne", answer)])
        for answer in ("non", "oui")
    )
    assert settled(denied, reader).score < settled(affirmed, reader).score


@pytest.mark.parametrize(
    "text",
    [
        "Nom\tRoy\nObjet\tbail\nMessage\tbonjour",
        "Nom ....... Roy\nObjet ..... bail\nMessage ... bonjour",
        "Nom\nRoy\nObjet\nbail",
        "12:00:01 FEU Z1\n12:00:09 ACQUIT\n12:04:10 VEILLE",
        '{"dev":7,"wet":0,"ack":1}',
    ],
)
def test_a_layout_of_programs_is_a_form(text: str) -> None:
    assert unwrapped(Contact(Channel.EMAIL, AT, new_text=text), [Part.NEW]).form


def test_what_programs_are_worth_is_kept_in_the_file(reader: Reader) -> None:
    again = DetailModel.unpacked(reader.details.packed())
    assert again.programs == reader.details.programs
    assert again.highest == reader.details.highest > 0
