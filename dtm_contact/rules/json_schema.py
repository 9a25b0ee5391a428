"""JSON Schema (draft 2020-12) of the files of the rules, so that editors complete and check while one types.

The schema helps; what counts is `rules check`. Where a value is read by a grammar of its own, the schema lets it pass.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from dtm_contact.rules.arguments import (
    Argument,
    Entries,
    Identifiers,
    OneOf,
    ResidenceNames,
    Search,
    Share,
    TextList,
    YesNo,
)
from dtm_contact.rules.conditions import all_conditions
from dtm_contact.rules.contacts import ContactsFile
from dtm_contact.rules.free_words import FreeWordsFile
from dtm_contact.rules.library import VARIABLES, CannedAnswerHead
from dtm_contact.rules.queues import RESERVED, QueuesFile
from dtm_contact.rules.reader_files import PhrasesFile, TopicsFile
from dtm_contact.rules.routing import Then
from dtm_contact.rules.ruleset import RuleSet
from dtm_contact.rules.source_files import SourcesFile
from dtm_contact.rules.trial import FileTest, RuleTest

Schema = dict[str, Any]

SCHEMAS = ("routing", "queues", "topics", "phrases", "sources", "free_words", "contacts", "tests", "library")
"""The schemas by the files that they are of: `<name>.yaml`, `phrases*.yaml`, `tests/*.yaml`; the head of
`answers/library/*.md`."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas(rules: RuleSet) -> Mapping[str, Schema]:
    """Return the schemas of the files that `SCHEMAS` names; topics and queues are those of the rules."""
    return {
        "routing": _whole("The rules, in order", _routing(rules)),
        "queues": _whole("Queues, hours, due times, who is on call", _model(QueuesFile)),
        "topics": _whole("Topics, and from when the model says something", _topics(rules)),
        "phrases": _whole("Phrases that the model cannot contradict", _phrases(rules)),
        "sources": _whole("Those who write by machine or by office", _sources(rules)),
        "free_words": _whole("Words that have no place in what agents write freely", _model(FreeWordsFile)),
        "contacts": _whole("Whom agents call beside our own people", _model(ContactsFile)),
        "tests": _whole("Tests of the rules", _tests()),
        "library": _whole("The head of a canned answer", _library(rules)),
    }


def _whole(title: str, schema: Schema) -> Schema:
    return {**schema, "$schema": _DRAFT, "title": title}


def _routing(rules: RuleSet) -> Schema:
    then = _model(Then)
    then["properties"]["queue"] = {"enum": [*RESERVED, *rules.queues]}
    rule = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "then"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9]+([-_][a-z0-9]+)*$"},
            "says": {"type": "string", "minLength": 3, "maxLength": 160},
            "mode": {"enum": ["act", "observe"]},
            "decides": {"type": "boolean"},
            "when": {"$ref": "#/$defs/when"},
            "then": {"$ref": "#/$defs/then"},
            "waiver": {"type": "string", "minLength": 3},
            "untold": {"type": "string", "minLength": 3, "deprecated": True},
            "tests": {"type": "array", "items": {"$ref": "#/$defs/test"}},
        },
    }
    test = _model(RuleTest)
    definitions = {**then.pop("$defs", {}), **test.pop("$defs", {})}
    definitions |= {"when": _when(rules), "then": then, "test": test}
    return {"type": "array", "items": rule, "$defs": definitions}


def _topics(rules: RuleSet) -> Schema:
    schema = _model(TopicsFile)
    schema["$defs"]["when"] = _when(rules)
    for entry in ("PartEntry", "ButtonEntry"):
        schema["$defs"][entry]["properties"]["when"] = {"$ref": "#/$defs/when"}
    return schema


def _phrases(rules: RuleSet) -> Schema:
    schema = _model(PhrasesFile)
    schema["$defs"]["_TopicPhrase"]["properties"]["topic"] = {"enum": sorted(rules.reader.topics)}
    return schema


def _sources(rules: RuleSet) -> Schema:
    schema = _model(SourcesFile)
    schema["$defs"]["_Code"]["properties"]["topic"] = {"enum": sorted(rules.reader.topics)}
    return schema


def _library(rules: RuleSet) -> Schema:
    schema = _model(CannedAnswerHead)
    schema["properties"]["topics"]["items"] = {"enum": sorted(rules.reader.topics)}
    schema["properties"]["variables"]["items"] = {"enum": list(VARIABLES)}
    return schema


def _tests() -> Schema:
    test = _model(FileTest)
    return {"$defs": test.pop("$defs", {}), "type": "array", "items": test}


def _when(rules: RuleSet) -> Schema:
    several = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/when"}}
    conditions: dict[str, Schema] = {"all": several, "any": several, "not": {"$ref": "#/$defs/when"}}
    for condition in all_conditions().values():
        conditions[condition.name] = _argument(condition.argument, rules) | {"description": condition.manual}
    return {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": conditions}


def _argument(argument: Argument, rules: RuleSet) -> Schema:
    return next((make(argument, rules) for kind, make in _KINDS.items() if isinstance(argument, kind)), {})


def _or_list(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "array", "minItems": 1, "items": schema}]}


def _identifiers(argument: Any, rules: RuleSet) -> Schema:
    choices = {
        "topics": sorted(rules.reader.topics),
        "queues": sorted(rules.queues),
        "sources": sorted(rules.sources.sources),
    }.get(argument.kind)
    return _or_list({"enum": choices} if choices else {"type": "string"})


_TEXT: Schema = {"type": ["string", "integer"]}
_SEARCH: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {"contains": _or_list(_TEXT), "about": _or_list(_TEXT), "matches": {"type": "string"}},
}
_KINDS: dict[type, Callable[[Any, RuleSet], Schema]] = {
    OneOf: lambda argument, _: _or_list({"enum": list(map(str, argument.words))}),
    Identifiers: _identifiers,
    TextList: lambda _takes, _rules: _or_list(_TEXT),
    ResidenceNames: lambda _takes, _rules: _or_list(_TEXT),
    YesNo: lambda _takes, _rules: {"type": "boolean"},
    Share: lambda _takes, _rules: {"type": "number", "minimum": 0, "maximum": 1},
    Search: lambda _takes, _rules: dict(_SEARCH),
    Entries: lambda argument, _: _model(argument.model),
}


class _Lenient(GenerateJsonSchema):
    """Lets pass what a validator of ours reads: durations, spans, one value in the place of a list of one."""

    def function_plain_schema(self, schema: Any) -> Schema:
        """Return a schema that argument anything."""
        del schema
        return {}

    def function_before_schema(self, schema: Any) -> Schema:
        """Return the schema of what is checked afterwards, or of one value where that is a list."""
        inner = self.generate_inner(schema["schema"])
        one = [inner["items"]] if "items" in inner else []
        return {"anyOf": [inner, *one, {"type": ["string", "integer"]}]}


def _model(model: type[BaseModel]) -> Schema:
    mode: JsonSchemaMode = "validation"
    return model.model_json_schema(mode=mode, schema_generator=_Lenient)
