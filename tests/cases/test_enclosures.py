"""Letters that promise a file: which words promise one of ours, over all answers that are shipped as well."""

from pathlib import Path

import pytest

from dtm_contact.cases.enclosures import promised_file

LIBRARY = Path(__file__).parents[2] / "rules" / "answers" / "library"


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("Vous trouverez ci-joint votre quittance.", "Vous trouverez ci-joint votre quittance"),
        ("Bonjour,\n\nL’attestation jointe fait foi. Merci.", "L’attestation jointe fait foi"),
        ("- demander le détail par poste, que nous joignons à ce message ;", "demander le détail par poste, que nous"),
        ("Je vous joins le plan.", "Je vous joins le plan"),
        ("Le devis est en PJ.", "Le devis est en PJ"),
        ("Les deux relevés\njoints le montrent", "Les deux relevés joints le montrent"),
        ("Nous avons joint l'avis à ce courriel.", "Nous avons joint l'avis à ce courriel"),
        ("", ""),
        ("Le joint du robinet est usé, le plombier change les joints demain.", ""),
        ("Merci de nous renvoyer votre pièce jointe, elle est illisible.", ""),
        ("Joignez l'avis d'imposition à votre demande.", ""),
        ("Nous vous joignons par téléphone demain.", ""),
        ("Nous avons essayé de vous joindre. Le conjoint doit signer aussi.", ""),
        ("Votre message est arrivé sans pièce jointe.", ""),
    ],
)
def test_which_words_promise_a_file(text: str, promise: str) -> None:
    assert promised_file(text).startswith(promise)
    assert bool(promised_file(text)) is bool(promise)


def test_of_the_answers_that_are_shipped_those_that_bring_a_file_promise_one() -> None:
    promising = {path.stem for path in LIBRARY.glob("*.md") if promised_file(path.read_text(encoding="utf-8"))}
    enclosing = {"prelevement", "quittance-attestation", "quittance-impossible", "fsl", "regularisation-charges"}
    assert promising == enclosing
