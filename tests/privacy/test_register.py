"""The register and the notice are written from schema and settings: what a table or an age says, they say."""

from html.parser import HTMLParser

import pytest

from dtm_contact.privacy.register import SINCE, as_html, as_markdown, format_age, notice, register
from dtm_contact.settings import PrivacySettings, RetentionSettings, Settings
from dtm_contact.store.columns import DataClass
from dtm_contact.store.schema import metadata


def settings(**ages: int) -> Settings:
    privacy = PrivacySettings(controller="Office <Test>", officer="dpo@office.example")
    return Settings.defaults().model_copy(update={"retention": RetentionSettings(**ages), "privacy": privacy})


def test_every_table_with_personal_data_has_its_line() -> None:
    written = as_markdown(register(settings()))
    for table in metadata.sorted_tables:
        classes = {(column.info or table.info)["data_class"] for column in table.columns}
        assert (f"| {table.name} |" in written) == (classes != {DataClass.NONE})


def test_every_age_of_the_schema_is_told_in_french() -> None:
    for table in metadata.sorted_tables:
        for column in table.columns:
            info = column.info or table.info
            if info["since"]:
                assert info["since"] in SINCE
                assert format_age(info["keep"], info["since"])
    assert format_age("P1Y", "received") == "1 an depuis la réception"
    with pytest.raises(ValueError, match="must be a number of years"):
        format_age("for ever", "received")


def test_ages_and_names_come_from_the_settings() -> None:
    for write in (register, notice):
        written = as_markdown(write(settings(case_months=60, aside_months=2)))
        assert "60 mois" in written
        assert "2 mois" in written
        assert "Office <Test>" in written
        assert "dpo@office.example" in written


def test_the_notice_says_how_long_wishes_protections_and_what_was_understood_are_kept() -> None:
    written = as_markdown(notice(settings(lease_months=40)))
    assert "| Vos souhaits et protections | 40 mois après votre bail |" in written
    assert "| Le numéro d’une ordonnance de protection | 1 an depuis la fin du souhait ou de la protection |" in written
    text = "| Le texte de vos messages, et ce qu’un programme en a compris |"
    assert f"{text} comme le dossier, ou le message sans dossier, dont il s’agit |" in written


def test_a_page_of_html_is_whole_and_escapes() -> None:
    class Tags(HTMLParser):
        open: list[str] = []  # noqa: RUF012 - of one test

        def handle_starttag(self, tag: str, attrs: object) -> None:
            del attrs
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Tags()
    written = as_html(notice(settings()))
    parser.feed(written)
    assert parser.open == []
    assert "Office &lt;Test&gt;" in written
