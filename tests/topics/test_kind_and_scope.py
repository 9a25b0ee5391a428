"""Automatic answers and spam by what they say, in doubt a case; and how far a matter reaches."""

from dataclasses import replace

import pytest

from dtm_contact.model import AutomaticSign, Automation, CaseKind, Scope
from dtm_contact.topics import Lexicon, understand
from tests.topics.conftest import Understand, contact

_VERDICT = "X-Spam-Flag: YES"


def test_structural_signs_make_it_automatic(lexicon: Lexicon) -> None:
    message = replace(
        contact("Je suis en voyage."),
        automatic_signs=(AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied"),),
    )
    understood = understand(message, lexicon)
    assert understood.kind is CaseKind.AUTOMATIC
    assert understood.topic == "automatic"
    assert understood.priority == "P4"
    assert understood.kind_evidence[0].seen == "Auto-Submitted: auto-replied"


def test_a_transcribed_voice_message_is_a_case_whoever_sent_it(lexicon: Lexicon) -> None:
    message = replace(
        contact("Transcription : allô j'ai plus d'eau chaude merci", "Nouveau message vocal"),
        automatic_signs=(AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated"),),
    )
    assert understand(message, lexicon).kind is CaseKind.CASE


def test_a_verdict_alone_sets_no_person_aside(lexicon: Lexicon) -> None:
    message = replace(contact("Bonjour, mon évier est bouché, bât. C, merci."), trusted_verdicts=(_VERDICT,))
    assert understand(message, lexicon).kind is CaseKind.CASE


def test_a_verdict_adds_to_what_the_words_say(lexicon: Lexicon) -> None:
    words_alone = replace(lexicon, learned=None)
    message = contact("Offre spéciale sur nos produits d'entretien, quelques questions ?")
    assert understand(message, words_alone).kind is CaseKind.CASE
    judged = understand(replace(message, trusted_verdicts=(_VERDICT,)), words_alone)
    assert judged.kind is CaseKind.SPAM
    assert _VERDICT in {evidence.seen for evidence in judged.kind_evidence}


def test_a_tenant_who_asks_about_a_trap_is_a_case(read: Understand) -> None:
    understood = read("J'habite au 4, on me dit que mon compte sera suspendu, cliquez ici : est-ce une arnaque ?")
    assert understood.kind is CaseKind.CASE


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("Plus de chauffage dans mon appartement.", Scope.DWELLING),
        ("Plus de chauffage dans toute la cage d'escalier.", Scope.STAIRCASE),
        ("Plus de chauffage dans tout l'immeuble.", Scope.BUILDING),
        ("Plus de chauffage chez moi, et mes voisins aussi.", Scope.BUILDING),
        ("Plus de chauffage dans toute la résidence.", Scope.RESIDENCE),
        ("Plus de chauffage.", None),
    ],
)
def test_how_far_it_reaches(text: str, scope: Scope | None, read: Understand) -> None:
    understood = read(text)
    assert understood.scope is scope
    assert bool(understood.scope_evidence) == (scope is not None)


def test_structure_alone_sets_nobody_in_danger_aside(lexicon: Lexicon) -> None:
    message = replace(
        contact("Il y a le feu dans la cave !"),
        automatic_signs=(AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied"),),
    )
    understood = understand(message, lexicon)
    assert understood.kind is CaseKind.CASE
    assert understood.priority == "P1"
