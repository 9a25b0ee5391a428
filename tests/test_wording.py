"""Texts in two languages: what is marked has its words in French, and programs read the same in both."""

import gettext
import json
import pickle
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from click.testing import CliRunner, Result

from dtm_contact import wording
from dtm_contact.cli import cli
from dtm_contact.errors import DtmContactError, InvalidFilesError, NotFoundError
from dtm_contact.model import Problem
from dtm_contact.wording import UserLanguage, counted, from_kept, in_language, joined, kept, preferred, worded
from tests import catalogue
from tests.rules.folders import BAD, GOOD, overlay
from tests.store.fresh import fresh_store


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return [message for message in catalogue.filled(catalogue.written()) if message.id]


def placeholders(text: str) -> set[str]:
    """Return what a template has filled in; one that is never filled in may hold any braces."""
    try:
        return {name for _text, name, *_ in string.Formatter().parse(text) if name and name.isidentifier()}
    except ValueError:
        return set()


def differing(message: Message) -> bool:
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    named = [placeholders(text) for text in ids]
    # Of what counts, the text for one may say it in words.
    least, most = set.intersection(*named), set.union(*named)
    return any(not least <= placeholders(text) <= most for text in catalogue.strings(message))


def test_every_marked_text_has_its_words_in_french_with_the_same_values(messages: list[Message]) -> None:
    assert len(messages) > 500
    assert catalogue.untranslated(catalogue.filled(catalogue.written())) == []
    assert [message.id for message in messages if differing(message)] == []


def test_a_text_without_words_and_one_with_another_value_are_seen() -> None:
    known = catalogue.written()
    del known["{count} rule"]
    assert catalogue.untranslated(catalogue.filled(known)) == ["('{count} rule', '{count} rules')"]
    assert differing(Message("unknown topic {topic}", "motif inconnu : {sujet}"))
    assert differing(Message(("{count} rule", "{count} rules"), ("une règle", "{count} règles")))
    assert not differing(Message("write {{ name }} …", "écrivez {{ nom }} …"))


def test_a_mark_within_a_mark_is_found_and_one_that_is_no_text_is_refused() -> None:
    assert catalogue.marked_in('worded("{a}", a=joined(x, counted("b", "c", 2)))') == ["{a}", ("b", "c")]
    with pytest.raises(ValueError, match="malformed"):
        catalogue.marked_in('worded(f"the key {key} is missing")')


def test_the_files_are_what_the_source_makes_of_them() -> None:
    made = catalogue.filled(catalogue.written())
    assert catalogue.as_written(made) == catalogue.WRITTEN.read_bytes(), "make catalogue"
    assert catalogue.as_compiled(made) == catalogue.COMPILED.read_bytes(), "make catalogue"


def test_no_words_of_french_are_left_over(messages: list[Message]) -> None:
    left = {message.id for message in catalogue.written() if message.id} - {message.id for message in messages}
    assert left == set()


def test_a_text_is_english_wherever_it_is_text_and_french_where_it_is_asked_for() -> None:
    text = worded("expected {expected}, got {value}", expected=worded("a list"), value=worded("nothing"))
    assert text == "expected a list, got nothing"
    assert json.dumps(text) == '"expected a list, got nothing"'
    assert in_language(text, UserLanguage.FRENCH) == "attendu : une liste ; trouvé : rien"
    assert type(in_language(text, UserLanguage.ENGLISH)) is str
    again = pickle.loads(pickle.dumps(text))  # noqa: S301 - our own
    assert in_language(again, UserLanguage.FRENCH) == in_language(text, UserLanguage.FRENCH)
    stored = from_kept(json.loads(json.dumps(kept(text))))
    assert (stored, in_language(stored, UserLanguage.FRENCH)) == (text, in_language(text, UserLanguage.FRENCH))
    assert from_kept("a line that an earlier program kept") == "a line that an earlier program kept"


@pytest.mark.parametrize(
    ("count", "english", "french"), [(0, "0 rules", "0 règle"), (1, "1 rule", "1 règle"), (2, "2 rules", "2 règles")]
)
def test_each_language_counts_as_it_does(count: int, english: str, french: str) -> None:
    text = counted("{count} rule", "{count} rules", count)
    assert (text, in_language(text, UserLanguage.FRENCH)) == (english, french)


def test_several_texts_are_joined_each_in_its_language() -> None:
    text = joined([worded("a list"), worded("text"), "{x}"], worded(" or "))
    assert text == "a list or text or {x}"
    assert in_language(text, UserLanguage.FRENCH) == "une liste ou un texte ou {x}"
    assert joined([]) == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "fr"}, "fr"),
        ({"LANG": "en_GB", "LANGUAGE": "de:fr"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "fr@euro"}, "fr"),
        ({"LANG": ""}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], language: str) -> None:
    assert preferred(environment) == language


def test_an_error_says_itself_in_french() -> None:
    error = NotFoundError(worded("version {version} of the rules", version="abc"))
    assert str(error) == "There is no such thing in the store: version abc of the rules"
    assert (
        in_language(error.wording, UserLanguage.FRENCH) == "Cela n'existe pas dans la base : la version abc des règles"
    )
    files = InvalidFilesError([Problem("a.yaml", 3, 5, worded("the file is missing"))])
    assert in_language(files.wording, UserLanguage.FRENCH).endswith("\na.yaml:3:5 : erreur : le fichier manque")
    assert in_language(NotFoundError().wording, UserLanguage.FRENCH) == "Cela n'existe pas dans la base."


FAULTY = [path.name for path in (BAD / "answer-with-open-brace", BAD / "bad-count")]


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Return what runs a command in a language of the locale, and leaves the words of click as they were."""
    monkeypatch.setenv("DTM_STORE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setenv("LANGUAGE", "en")  # set back at the end, whatever a command makes of it

    def run(*arguments: str, language: str) -> Result:
        monkeypatch.setenv("LANGUAGE", language)
        return CliRunner().invoke(cli, list(arguments), standalone_mode=True)

    yield run
    gettext.textdomain("messages")
    wording.speak(UserLanguage.ENGLISH)


@pytest.mark.parametrize("fault", FAULTY)
def test_the_contract_of_commands_is_the_same_in_both_languages(
    fault: str, tmp_path: Path, speak: Callable[..., Result]
) -> None:
    folder = str(overlay(BAD / fault, tmp_path / "rules"))
    for arguments in (("check", folder), ("test", folder), ("fmt", "--check", folder)):
        english, french = (speak("rules", *arguments, language=language) for language in ("en", "fr"))
        assert english.exit_code == french.exit_code
        assert english.output != french.output
        assert [line.partition(": ")[0].rstrip() for line in english.stderr.splitlines()] == [
            line.partition(": ")[0].rstrip() for line in french.stderr.splitlines()
        ]
    for arguments in (("check", "--json", folder), ("test", "--json", folder), ("check", "--format=sarif", folder)):
        english, french = (speak("rules", *arguments, language=language) for language in ("en", "fr"))
        assert (english.exit_code, english.output) == (french.exit_code, french.output)


def test_sound_rules_are_told_in_french(tmp_path: Path, speak: Callable[..., Result]) -> None:
    folder = str(overlay(GOOD, tmp_path / "rules"))
    assert "tout est en ordre" in speak("rules", "check", folder, language="fr").output
    assert "sound" in speak("rules", "check", folder, language="en").output
    assert "essais, dont 0 en échec" in speak("rules", "test", folder, language="fr").output


def test_the_setting_goes_before_the_locale(
    tmp_path: Path, speak: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(overlay(GOOD, tmp_path / "rules"))
    monkeypatch.setenv("DTM_LANGUAGE", "en")
    assert "sound" in speak("rules", "check", folder, language="fr").output
    monkeypatch.setenv("DTM_LANGUAGE", "fr")
    assert "tout est en ordre" in speak("rules", "check", folder, language="en").output


def test_wrong_use_is_told_in_french_of_managers_commands_alone(speak: Callable[..., Result]) -> None:
    wrong = speak("rules", "check", "essai", language="fr")
    assert wrong.exit_code == 2
    assert "Erreur : Valeur incorrecte pour '[DOSSIER]' : " in wrong.stderr
    assert "'essai' introuvable." in wrong.stderr
    tried = speak("rules", "try", language="fr")
    assert "indiquez un dossier de règles, ou donnez --phrase et --does" in tried.stderr
    gettext.textdomain("messages")
    operators = speak("queue", "show", language="fr")
    assert (operators.exit_code, "Missing argument" in operators.stderr) == (2, True)


@pytest.mark.parametrize(
    ("command", "french", "english"),
    [
        ("rules", "Vérifier les règles", "Check the rules"),
        ("rules try", "--phrase TEXTE", "--phrase TEXT"),
        ("retention hold", "NUMÉRO\n\n  Empêcher", "NUMBER\n\n  Keep"),
        ("person export", "[obligatoire]", "[required]"),
        ("board", "Commandes:", "Commands:"),
        ("queue show", "Show the open cases", "Show the open cases"),
    ],
)
def test_the_help_of_managers_commands_is_french_where_they_speak_it(
    command: str, french: str, english: str, speak: Callable[..., Result]
) -> None:
    assert french in speak(*command.split(), "--help", language="fr").output
    assert english in speak(*command.split(), "--help", language="en").output


@pytest.mark.parametrize(
    "command",
    [
        *(("rules", *command) for command in (("history",), ("status",), ("restore", "abc"), ("merge",), ("replay",))),
        ("retention", "plan"),
        ("retention", "holds"),
        ("retention", "release", "2026-000001"),
        ("person", "list"),
        ("person", "plan", "personne"),
        ("figures", "definitions"),
        ("board", "revoke", "hall"),
    ],
)
def test_all_that_managers_read_can_be_french(
    command: tuple[str, ...], tmp_path: Path, speak: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DTM_RULES_DIR", str(overlay(GOOD, tmp_path / "rules")))
    fresh_store(f"sqlite:///{tmp_path / 'store.db'}")
    english, french = (speak(*command, language=language) for language in ("en", "fr"))
    said = (english.output + str(english.exception), french.output + _said(french))
    assert english.exit_code == french.exit_code
    assert said[0] != said[1]


def _said(result: Result) -> str:
    error = result.exception
    return in_language(error.wording, UserLanguage.FRENCH) if isinstance(error, DtmContactError) else str(error)
