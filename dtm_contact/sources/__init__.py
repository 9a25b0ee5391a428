"""Those who write by machine or by office: which of them we know, how their fields are read, what they may assert."""

from dtm_contact.sources.definition import (
    IN_FIELDS,
    LABELLED,
    Answered,
    CodeMeaning,
    FormLayout,
    Source,
    SourceBook,
    SourceTrust,
    WhereToRead,
)
from dtm_contact.sources.entries import canonical
from dtm_contact.sources.reading import from_source, intake_of

__all__ = [
    "IN_FIELDS",
    "LABELLED",
    "Answered",
    "CodeMeaning",
    "FormLayout",
    "Source",
    "SourceBook",
    "SourceTrust",
    "WhereToRead",
    "canonical",
    "from_source",
    "intake_of",
]
