import dataclasses
import pkgutil

import pytest

from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.reading import formats, read
from tests.reading.reads import arrival, contact


def test_an_arrival_of_an_unknown_type_is_parked_with_what_is_known() -> None:
    unknown = dataclasses.replace(arrival(b"x"), media_type="image/png")
    with pytest.raises(UnreadableArrivalError, match=r"'image/png', known are .*message/rfc822"):
        read(unknown)


def test_every_file_of_the_formats_reads_a_type() -> None:
    modules = {module.name for module in pkgutil.iter_modules(formats.__path__)}
    registered = {each.reader.__module__.rpartition(".")[2] for each in formats.all_formats().values()}
    assert registered == modules


def test_reading_twice_gives_the_same() -> None:
    raw = b"Subject: s\n\nbonjour"
    assert contact(raw) == contact(raw)
