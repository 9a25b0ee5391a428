"""What is asked and whether it is a danger, in plain sentences, of messages as what is shipped understands them."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.explain.danger import explain_danger
from dtm_contact.explain.names import Names
from dtm_contact.explain.quoting import sentence
from dtm_contact.explain.summary import explain_matter, named_language
from dtm_contact.hours import PARIS
from dtm_contact.labels.judging import PERILS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Call,
    CaseKind,
    Channel,
    CodedText,
    Contact,
    Decision,
    Evidence,
    Judgement,
    Match,
    Outcome,
    Part,
    Peril,
    Priority,
    Span,
    Understanding,
    Unread,
)
from dtm_contact.rules.reader_files import load_model, load_reader
from dtm_contact.topics import Reader, understand
from dtm_contact.web.rendering import danger_line

RULES = Path(__file__).parents[2] / "rules"
DUE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@cache
def shipped() -> Reader:
    model = load_model(None, [])
    found = load_reader(RULES, model, []) if model else None
    assert found is not None
    return found


@pytest.fixture
def reader() -> Reader:
    return shipped()


@pytest.fixture(scope="module")
def names() -> Names:
    directory = Directory(read_export(Path(__file__).parents[1] / "directory" / "good")[0])
    return Names(directory, {code: topic.label for code, topic in shipped().topics.items()}, PARIS)


def judged(contact: Contact, understanding: Understanding, alarm: Alarm | None = None) -> Judgement:
    kind = understanding.kind
    told = ("on_call",) if understanding.alarm.certain else ()
    decision = Decision(
        kind,
        understanding.priority,
        "x",
        "x",
        DUE,
        "routing.yaml:x",
        "v",
        notify=told,
        alarm=alarm or understanding.alarm,
    )
    return Judgement("x.eml", contact, Match(()), understanding, decision)


def summary(judgement: Judgement, names: Names, alarm: Alarm | None = None) -> str:
    alarm, reader = alarm or judgement.decision.alarm, shipped()
    sentences = (*explain_danger(judgement, alarm, names, reader), *explain_matter(judgement, alarm, names, reader))
    return " ".join(filter(None, sentences))


def said(text: str, subject: str, reader: Reader, names: Names) -> str:
    contact = Contact(Channel.EMAIL, datetime(2026, 11, 24, 8, 0, tzinfo=UTC), subject=subject, new_text=text)
    return summary(judged(contact, understand(contact, reader)), names)


@pytest.mark.parametrize(
    ("text", "begins", "holds"),
    [
        (
            "Je dois deux mois de loyer. Je n'ai plus envie de vivre.",
            "Danger certain : risque de suicide, d'après « Je n'ai plus envie de vivre ». C'est certain parce",
            "suffit à elle seule.",
        ),
        ("Mon mari me frappe tous les soirs.", "Danger certain : violences ou menaces, d'après « ", "Prudence : qui "),
        ("Forte odeur de gaz dans l'escalier", "Danger certain : gaz ou monoxyde de carbone, d", "odeur de gaz"),
        ("Il y a le feu dans la cave", "Danger certain : incendie ou fumée, d'après « Il y a le feu dans", "Sujet : "),
        ("Ma mère est coincée dans l'ascenseur", "Danger certain : personne enfermée, d'", "ces mots : « mère est"),
        ("Plus de chauffage et un nourrisson de trois semaines", "Danger certain : panne chez", "Sujet : Chauffage"),
        ("Des flammes sur la photo, ou un reflet ?", "Danger possible, mais pas certain", "un reflet ? »."),
        ("Pas d'odeur de gaz. La porte du hall est cassée.", "Pas de danger : le message nie « odeur", "et rien"),
        ("Le voisin met la musique trop fort le soir", "Pas de danger : rien dans le message", "Sujet : "),
        ("Merci de m'envoyer ma quittance de loyer", "Pas de danger : ", "Sujet : Quittance, attestation"),
        ("Exercice d'évacuation incendie jeudi dans la résidence", "Pas d", "danger"),
        ("சமையலறையில் தண்ணீர் வரவில்லை", "Pas de danger : ", "Le programme comprend mal ce message en tamoul : à faire"),
    ],
)  # fmt: skip
def test_a_message_is_told_in_plain_words(text: str, begins: str, holds: str, reader: Reader, names: Names) -> None:
    told = said(text, "", reader, names)
    assert told.startswith(begins), told
    assert holds in told
    for never in ("probabilité", "seuil", "modèle", "P1", "P2", "routing", "alarme"):
        assert never not in told


@pytest.mark.parametrize("peril", Peril)
@pytest.mark.parametrize("level", [AlarmLevel.POSSIBLE, AlarmLevel.CERTAIN])
def test_every_kind_of_danger_has_its_name_everywhere(peril: Peril, level: AlarmLevel, names: Names) -> None:
    alarm = Alarm(level, AlarmSource.MODEL, 0.5, 0.7)
    words = (Evidence("danger.word", 1.0, "mot"),)
    understanding = Understanding(
        CaseKind.CASE, ("payment_difficulty",), Priority.P2, raised_by=words, alarm=alarm, peril=peril
    )
    told = summary(judged(Contact(Channel.EMAIL, DUE), understanding), names)
    assert PERILS[peril].lower() in told.lower()
    judgement = judged(Contact(Channel.EMAIL, DUE), understanding)
    assert PERILS[peril].lower() in danger_line(alarm, judgement)
    assert "Sujet : Difficulté" in told
    assert "astreinte" not in told, "who is told stands in one place"
    assert ("l'astreinte n'est pas prévenue" in danger_line(alarm, judgement)) is (level is AlarmLevel.POSSIBLE)
    told_all_the_same = replace(judgement, decision=replace(judgement.decision, notify=("on_call",)))
    assert "n'est pas prévenue" not in danger_line(alarm, told_all_the_same)


def test_a_possible_danger_without_telling_words_is_not_given_a_kind(names: Names) -> None:
    alarm = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.15, 0.7)
    understanding = Understanding(CaseKind.CASE, ("works",), Priority.P2, alarm=alarm)
    told = summary(judged(Contact(Channel.EMAIL, DUE), understanding), names)
    assert told.startswith("Danger possible, mais pas certain. Aucun passage précis ne l'annonce : l'ensemble peut")


def test_what_speaks_for_a_possible_danger_is_never_told_as_what_makes_one_certain(names: Names) -> None:
    words = (Evidence("danger.passage", 1.0, "ça sent un peu bizarre"),)
    told = []
    for level in (AlarmLevel.POSSIBLE, AlarmLevel.CERTAIN):
        alarm = Alarm(level, AlarmSource.MODEL, 0.5, 0.7)
        understanding = Understanding(CaseKind.CASE, ("gas",), Priority.P2, raised_by=words, alarm=alarm)
        told.append(summary(judged(Contact(Channel.EMAIL, DUE), understanding), names))
        assert "« ça sent un peu bizarre »" in told[-1]
        assert ("ou dire autre chose" in danger_line(alarm, None)) is (level is AlarmLevel.POSSIBLE)
    assert told[0].startswith("Danger possible, mais pas certain, d'après « ça sent un peu bizarre »."), told[0]
    assert "Ces mots peuvent aussi dire autre chose, et le programme ne tranche pas." in told[0]
    assert told[1].startswith("Danger certain, d'après « ça sent un peu bizarre »."), told[1]
    assert "peuvent" not in told[1]
    assert not any(figure.isdigit() for each in told for figure in each.partition("Danger")[2].partition("file")[0])


def test_the_words_of_the_list_are_told_as_what_made_it_certain(reader: Reader, names: Names) -> None:
    told = said("Bonjour, il y a une odeur de gaz sur le palier depuis ce matin.", "", reader, names)
    assert "d'après « Bonjour, il y a une odeur de gaz sur le palier depuis ce matin »." in told
    assert "parce que la liste des dangers contient ces mots : « odeur de gaz »" in told
    assert "suffit à elle seule." in told


def test_the_sentence_without_which_least_danger_is_heard_is_quoted(reader: Reader, names: Names) -> None:
    threat = "Mon mari me frappe, il est parti mais il a gardé les clés et il dit qu'il va revenir ce soir"
    text = (
        f"Bonsoir,\n\nJe voudrais savoir si je peux faire changer la serrure. {threat}. Surtout ne m'appelez pas sur le"
        " fixe et n'écrivez rien à la maison, il ouvre le courrier."
    )
    told = said(text, "changer la serrure", reader, names)
    assert f" : violences ou menaces, d'après « {threat} »." in told, told
    assert "ouvre le courrier" not in told


@pytest.mark.parametrize(
    ("level", "head"),
    [
        (AlarmLevel.CERTAIN, "Sujet : Incendie, fumée."),
        (AlarmLevel.POSSIBLE, "Sujet : Incendie, fumée (supposé, à vérifier : le danger n'est que possible)."),
        (AlarmLevel.NONE, "Sujet : Incendie, fumée (sans danger en cours)."),
    ],
)
def test_a_topic_that_is_a_danger_says_no_more_than_the_alarm(level: AlarmLevel, head: str, names: Names) -> None:
    alarm = Alarm(level, None if level is AlarmLevel.NONE else AlarmSource.MODEL, 0.12, 0.7)
    understanding = Understanding(CaseKind.CASE, ("fire",), Priority.P2, alarm=alarm)
    told = summary(judged(Contact(Channel.EMAIL, DUE), understanding), names)
    assert head in told
    assert ("mais rien n'y dit que quelqu'un est en danger maintenant" in told) is (level is AlarmLevel.NONE)
    assert "rien dans le message" not in told


def test_why_no_alarm_is_raised_is_quoted(reader: Reader, names: Names) -> None:
    calming = "Les pompiers sont venus, tout est éteint et personne n'est blessé"
    text = f"Cette nuit vers 3 h il y a eu le feu dans le local poubelles du bâtiment E. {calming}. Il"
    text += " reste une odeur de brûlé dans le hall et le mur est noir. Quand allez-vous faire nettoyer, et faut-il une"
    text += " déclaration à l'assurance ?"
    told = said(text, "incendie local poubelles", reader, names)
    assert f"il est question de « Incendie, fumée », mais le message dit « {calming} »." in told, told


def test_a_topic_is_told_by_the_sentence_that_carries_it_most(reader: Reader, names: Names) -> None:
    told = said("Le chat dort. Les cafards courent dans la cuisine, des cafards partout. Il pleut.", "", reader, names)
    assert "Nuisibles – d'après « Les cafards courent dans la cuisine, des cafards partout »." in told, told


@pytest.mark.parametrize("source", [*AlarmSource, None])
def test_every_source_is_said(source: AlarmSource | None, names: Names) -> None:
    understanding = Understanding(CaseKind.CASE, ("gas",), Priority.P1, alarm=Alarm(AlarmLevel.CERTAIN, source))
    told = summary(judged(Contact(Channel.EMAIL, DUE), understanding), names)
    assert told.startswith("Danger certain. C'est certain parce qu")


def test_what_somebody_said_since_counts(names: Names) -> None:
    alarm = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.3, 0.7)
    understanding = Understanding(CaseKind.CASE, ("gas",), Priority.P2, alarm=alarm, peril=Peril.GAS)
    judgement = judged(Contact(Channel.EMAIL, DUE), understanding)
    lowered = alarm.lowered(AlarmLevel.NONE, CodedText.plain("Anne dit qu'il n'y a pas de danger"))
    told = summary(judgement, names, alarm=lowered)
    assert told.startswith("Pas d'alerte, car Anne dit qu'il n'y a pas de danger.")
    assert summary(judgement, names, alarm=alarm.raised(AlarmSource.AGENT)).startswith(
        "Danger certain : gaz ou monoxyde de carbone. C'est certain parce qu'un agent le dit."
    )


def test_what_lowered_a_certain_alarm_is_said(names: Names) -> None:
    alarm = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS).lowered(
        AlarmLevel.POSSIBLE, CodedText.plain("la règle travaux le dit")
    )
    understanding = Understanding(CaseKind.CASE, ("fire",), Priority.P2, alarm=alarm, peril=Peril.FIRE)
    told = summary(judged(Contact(Channel.EMAIL, DUE), understanding, alarm), names)
    assert "il n'est pas certain, car la règle travaux le dit." in told


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Bonjour. Combien ça coûte ? Merci.", "« Combien ça coûte ? »"),
        ("Je voudrais savoir si vous avez une grille réglable. Merci.", "« Je voudrais savoir si vous avez une"),
        ("Où en est-il ? Merci de m'envoyer le badge. Et quand ?", "« Où en est-il ? » et « Merci de m'envoyer le"),
        ("ماذا أفعل؟", "« ماذا أفعل؟ »"),
        ("Les poubelles débordent.", ""),
    ],
)
def test_what_a_writer_asks_is_told_in_their_own_sentences(text: str, asked: str, reader: Reader, names: Names) -> None:
    told = said(text, "Une question", reader, names)
    assert "Objet du message : « Une question »." in told
    assert ("L'auteur demande : " in told) is bool(asked), told
    assert f"L'auteur demande : {asked}" in told or not asked


@pytest.mark.parametrize(
    ("text", "words", "quoted"),
    [
        ("Bonjour. M. Dufour, 8e, ne répond plus. Merci", "répond", "M. Dufour, 8e, ne répond plus"),
        ("Nous sommes au bât. A, 52 rue Hoche. Merci", "rue", "Nous sommes au bât. A, 52 rue Hoche"),
        ("Il a crié au secours ! Merci", "secours", "Il a crié au secours !"),
    ],
)
def test_a_sentence_is_quoted_whole_and_as_it_is_written(text: str, words: str, quoted: str) -> None:
    contact = Contact(Channel.EMAIL, DUE, new_text=text)
    start = text.index(words)
    assert sentence(contact, Evidence("x", 1.0, words, Span(Part.NEW, start, start + len(words)))) == quoted


def test_of_an_endless_sentence_what_counted_is_quoted_in_whole_words() -> None:
    before, behind = "et puis je vous dis que voilà " * 12, " alors je me dis que quand même " * 12
    text = f"{before}ça sent le gaz dans l'entrée{behind}"
    start = text.index("ça sent")
    contact = Contact(Channel.EMAIL, DUE, new_text=text)
    quoted = sentence(contact, Evidence("x", 1.0, "ça sent le gaz", Span(Part.NEW, start, start + 14)))
    assert quoted[0] == quoted[-1] == "…"
    inner = quoted.strip("…")
    assert "ça sent le gaz dans l'entrée" in inner
    assert f" {inner} " in " ".join(text.split())


def test_words_in_another_language_are_to_be_translated(names: Names) -> None:
    words = (Evidence("danger.passage", 1.0, "رائحة غاز"),)
    alarm = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.3, 0.7)
    understanding = Understanding(CaseKind.CASE, ("gas",), Priority.P2, raised_by=words, alarm=alarm)
    contact = Contact(Channel.EMAIL, DUE, new_text="هناك رائحة غاز في المدخل")
    assert "Ces mots sont en écriture arabe : faites-les traduire" in summary(judged(contact, understanding), names)


def test_calls_letters_and_what_is_set_aside(names: Names) -> None:
    call = Contact(Channel.PHONE, DUE, call=Call("1", Outcome.ABANDONED, DUE, DUE, "0639980000"))
    assert "C'est un appel : " in summary(judged(call, Understanding.of_call(waits=True, equipment=False)), names)
    scan = Understanding(CaseKind.CASE, ("other",), Priority.P3, unread=Unread.SCAN)
    assert "lettre numérisée : personne ne l'a encore lue" in summary(judged(Contact(Channel.EMAIL, DUE), scan), names)
    aside = Understanding(CaseKind.SPAM, ("spam",), Priority.P4)
    told = summary(judged(Contact(Channel.EMAIL, DUE), aside), names)
    assert told.startswith("Pas de danger : rien dans le message n'en annonce un. C'est un message indésirable")


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ("", "مرحبا سقطت قطعة", "en écriture arabe"),
        ("fr", "楼下的水管爆了", "en chinois"),
        ("es-ES", "Hola", "en espagnol"),
        ("sq", "Mirëdita", "en albanais"),
        ("fr-FR", "Bonjour", ""),
        ("", "12 34 !", ""),
        ("\x00", "", ""),
    ],
)
def test_a_language_is_said_where_it_is_known(declared: str, text: str, expected: str) -> None:
    assert named_language(declared, text) == expected


def test_nothing_hostile_is_obeyed(reader: Reader, names: Names) -> None:
    told = said("odeur de\u202e gaz \x1b[31m forte", "x", reader, names)
    assert "\n" not in told
