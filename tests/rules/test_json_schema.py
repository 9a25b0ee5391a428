"""The JSON Schemas that editors complete by: current, and of one mind with the loader."""

import json
from typing import Any

import pytest

from dtm_contact.model import Problem
from dtm_contact.rules import load_rules, read_document
from dtm_contact.rules.json_schema import SCHEMAS as NAMES
from dtm_contact.rules.json_schema import Schema, json_schemas
from tests.rules.folders import BAD, GOOD, SHIPPED

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
SCHEMAS = json_schemas(load_rules(GOOD))


def fits(value: Any, schema: Schema, whole: Schema) -> bool:
    """Tell whether a value is what a schema says: as much of JSON Schema as ours use."""
    if "$ref" in schema:
        return fits(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema and not any(fits(value, each, whole) for each in schema["anyOf"]):
        return False
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return False
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return False
    if isinstance(value, dict):
        return _fits_entries(value, schema, whole)
    return not isinstance(value, list) or all(fits(each, schema.get("items", {}), whole) for each in value)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _fits_entries(value: dict[str, Any], schema: Schema, whole: Schema) -> bool:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    if not set(schema.get("required", ())) <= value.keys() or len(value) < schema.get("minProperties", 0):
        return False
    for key, inner in value.items():
        found = properties.get(key, others)
        if found is False or (found is not True and not fits(inner, found, whole)):
            return False
    return True


def data_of(folder: Any, file: str) -> Any:
    problems: list[Problem] = []
    document = read_document(folder / file, folder, problems)
    assert document is not None
    return document.data


@pytest.mark.parametrize("name", ["routing", "queues", "topics", "phrases"])
def test_what_is_shipped_fits(name: str) -> None:
    schema = json_schemas(load_rules(SHIPPED))[name]
    assert fits(data_of(SHIPPED, f"{name}.yaml"), schema, schema)
    assert fits(data_of(GOOD, f"{name}.yaml"), SCHEMAS[name], SCHEMAS[name])


def test_the_shipped_free_words_fit() -> None:
    data, schema = data_of(SHIPPED, "free_words.yaml"), SCHEMAS["free_words"]
    assert fits(data, schema, schema)
    data["reasons"]["sante"]["phrase"] = []
    assert not fits(data, schema, schema)


@pytest.mark.parametrize(
    "fault",
    [
        "unknown-key-in-rule",
        "unknown-condition",
        "unknown-topic",
        "unknown-queue",
        "missing-id-and-then",
        "unknown-mode",
        "limit-unknown",
        "topic-with-words",
        "topics-of-a-later-version",
        "phrase-in-an-unknown-list",
        "phrase-of-an-unknown-topic",
        "phrase-with-an-unknown-key",
        "phrase-without-its-topic",
        "phrases-that-are-a-list",
    ],
)
def test_what_an_editor_can_tell_does_not_fit(fault: str) -> None:
    (path,) = (BAD / fault).glob("*.yaml")
    assert not fits(data_of(BAD / fault, path.name), SCHEMAS[path.stem], SCHEMAS[path.stem])


def test_a_test_of_a_file_fits() -> None:
    test = {"rule": "gaz", "holds": True, "channel": "phone", "residence": "Les Tilleuls", "topic": "gas"}
    assert fits([test], SCHEMAS["tests"], SCHEMAS["tests"])
    assert not fits([test | {"hold": True}], SCHEMAS["tests"], SCHEMAS["tests"])


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_schemas_are_current(name: str) -> None:
    shipped = json.loads((SHIPPED / "schema" / f"{name}.schema.json").read_text("utf-8"))
    assert shipped == json.loads(json.dumps(json_schemas(load_rules(SHIPPED))[name]))


@pytest.mark.parametrize("name", ["routing", "queues", "topics", "phrases", "free_words"])
def test_the_first_line_names_the_schema(name: str) -> None:
    first = (SHIPPED / f"{name}.yaml").read_text("utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema=schema/{name}.schema.json"
