"""Two tiers of alarm: what words, the model and the phrases of no danger do together."""

from collections.abc import Sequence

import pytest

from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, Part
from dtm_contact.text import tokenize
from dtm_contact.topics import DangerLimits, Effect, Phrase, PhraseBook, Reader
from dtm_contact.topics.danger import judge_danger

CALM = "Pouvez-vous m'envoyer une quittance de loyer pour mon dossier."
GAS = "Il y a une forte odeur de gaz dans tout le hall, les gens ont mal à la tête."


def judged(
    text: str, reader: Reader, phrases: Sequence[tuple[str, Effect]] = (), *, outage: bool = False,
    limits: DangerLimits = DangerLimits(0.65, 0.1),  # noqa: B008 - it is frozen
) -> Alarm:  # fmt: skip
    tokens = tokenize([(Part.NEW, text)])
    book = PhraseBook([Phrase.parse(phrase, effect) for phrase, effect in phrases])
    hits = book.find(tokens, reader.model.mended(tokens), reader.model.common)
    return judge_danger(tokens, reader.model.read(tokens), hits, reader.scale, limits, outage=outage).alarm


def test_the_model_alone_raises_and_says_by_how_much(reader: Reader) -> None:
    alarm = judged(GAS, reader)
    assert (alarm.level, alarm.raised_by, alarm.limit) == (AlarmLevel.CERTAIN, AlarmSource.MODEL, 0.65)
    assert alarm.score is not None
    assert alarm.score > 0.65
    calm = judged(CALM, reader)
    assert (calm.level, calm.raised_by, calm.why_not) == (AlarmLevel.NONE, None, None)


@pytest.mark.parametrize(
    ("effect", "level"),
    [
        (Effect.ALWAYS_DANGER, AlarmLevel.CERTAIN),
        (Effect.DANGER, AlarmLevel.CERTAIN),
        (Effect.POSSIBLE, AlarmLevel.POSSIBLE),
        (Effect.NOT_DANGER, AlarmLevel.NONE),
        (Effect.FRAIL, AlarmLevel.NONE),
        (Effect.REQUEST, AlarmLevel.NONE),
    ],
)
def test_words_bind_whatever_the_model_thinks(effect: Effect, level: AlarmLevel, reader: Reader) -> None:
    alarm = judged(CALM, reader, [("quittance de loyer", effect)])
    assert alarm.level is level
    assert alarm.raised_by is (AlarmSource.WORDS if level is not AlarmLevel.NONE else None)


def test_a_denied_word_binds_nothing(reader: Reader) -> None:
    text = "Je ne veux pas de quittance, merci de noter mon adresse."
    assert judged(text, reader, [("quittance", Effect.DANGER)]).level is AlarmLevel.NONE


def test_a_phrase_of_no_danger_lowers_its_own_sentence_and_says_so(reader: Reader) -> None:
    harmless = [("forte odeur de gaz", Effect.NOT_DANGER)]
    lowered = judged(GAS, reader, harmless)
    assert lowered.level is AlarmLevel.NONE
    assert lowered.why_not is not None
    assert "forte odeur de gaz" in text_of(lowered.why_not)
    elsewhere = judged(f"{GAS} Une personne est bloquée dans l'ascenseur, elle crie.", reader, harmless)
    assert elsewhere.level is AlarmLevel.CERTAIN


def test_nothing_lowers_what_is_always_a_danger(reader: Reader) -> None:
    both = [("odeur de gaz", Effect.ALWAYS_DANGER), ("forte odeur", Effect.NOT_DANGER)]
    assert judged(GAS, reader, both).level is AlarmLevel.CERTAIN
    weaker = [("odeur de gaz", Effect.DANGER), ("forte odeur", Effect.NOT_DANGER)]
    assert judged(GAS, reader, weaker).level is AlarmLevel.NONE


def test_frail_people_count_where_something_is_out(reader: Reader) -> None:
    text = "Le chauffage est tiède, il y a un nourrisson."
    frail = [("nourrisson", Effect.FRAIL)]
    assert judged(text, reader, frail, outage=True).level.rank >= AlarmLevel.POSSIBLE.rank
    quiet = "Merci de noter la naissance, il y a un nourrisson au dossier, quittance jointe."
    assert judged(quiet, reader, frail).level is AlarmLevel.NONE


def test_the_limits_decide_from_when_it_counts(reader: Reader) -> None:
    score = judged(GAS, reader).score
    assert score is not None
    above = DangerLimits(min(0.9999, score + 0.0005), 0.1)
    if score < above.certain:
        assert judged(GAS, reader, limits=above).level is AlarmLevel.POSSIBLE
    assert judged(CALM, reader, limits=DangerLimits(0.65, 0.0)).level is AlarmLevel.POSSIBLE


def test_a_half_sentence_in_a_long_letter_is_heard(reader: Reader) -> None:
    letter = (
        "Madame, Monsieur, je vous écris au sujet de mon dossier d'aide au logement, que la caisse a suspendu en "
        "septembre faute de l'attestation que vous deviez leur envoyer. J'ai appelé trois fois, on m'a répondu que le "
        "document était parti, puis qu'il fallait attendre, puis que la personne était en congé. Entre-temps mon loyer "
        "a été prélevé en entier. {} Je vous remercie de me dire quand l'attestation partira, et si un délai de "
        "paiement est possible pour le mois de novembre. Je joins mon avis d'imposition et ma dernière quittance. "
        "Veuillez agréer mes salutations distinguées."
    )
    danger = "Par ailleurs, depuis ce soir il y a une odeur de gaz très forte dans l'escalier, ma voisine est tombée."
    assert judged(letter.format(danger), reader).any
    assert judged(letter.format(""), reader).level is AlarmLevel.NONE
