"""What the way in by HTTP takes and answers, as an OpenAPI 3.1 document; run as a module, it prints it."""

import json
import sys
from typing import Any, Final

from dtm_contact.model import REQUEST_FILE

_NUMBER: Final = {
    "type": ["string", "integer"],
    "description": "The request number: yours, this request's alone. The same request may be sent again with it until "
    "a 202 is seen, and is taken once. The settings of a source may give it another key.",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$",
    "minimum": 0,
    "examples": ["AN-2026-000123"],
}
_FIELDS: Final = {
    "type": "object",
    "required": ["number"],
    "properties": {"number": _NUMBER},
    "additionalProperties": True,
    "description": "The fields of the request. Besides the number their keys are free: what each means stands in the "
    "rules. At least one of them says something.",
}
_EXAMPLE: Final = {
    "number": "AN-2026-000123",
    "nom": "Petit",
    "prenom": "Claire",
    "courriel": "claire.petit@courriel.example",
    "adresse": "1 rue des Tilleuls, 93400 Saint-Ouen",
    "objet": "Chauffage",
    "demande": "Plus de chauffage depuis hier soir.",
}


def openapi_document() -> dict[str, Any]:
    """Return the document; it is the same for every installation."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dtm-contact: requests",
            "version": "1",
            "description": "Hands requests of tenants over to the landlord's contact-routing engine. A request that "
            "was answered 202 is on disk. Whoever sees another answer, or none, sends it again with the same number.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": {
            "/intake/{source}": {"post": _post()},
            "/openapi.json": {"get": _get()},
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of the source in the address."}
            },
            "schemas": {"Fields": _FIELDS, "Taken": _taken(), "Problem": _problem()},
            "headers": {
                "RetryAfter": {
                    "description": "Seconds after which the same request may come again.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            },
        },
    }


def _post() -> dict[str, Any]:
    return {
        "operationId": "handOver",
        "summary": "Hand over one request",
        "description": f"The fields are kept as `{REQUEST_FILE}`, the files beside them.",
        "security": [{"token": []}],
        "parameters": [
            {
                "name": "source",
                "in": "path",
                "required": True,
                "description": "The name of the program that hands over, as the settings have it.",
                "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Fields"},
                    "examples": {"heating": {"value": _EXAMPLE}},
                },
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["number"],
                        "properties": {
                            "number": _NUMBER,
                            "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        },
                        "additionalProperties": {"type": "string"},
                        "description": "As in JSON, a part for each field; each part with a file name is a file.",
                    }
                },
            },
        },
        "responses": {
            "202": {
                "description": "It is on disk, now or since an earlier attempt.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}},
            },
            "400": _refused("It is no JSON, or no whole form."),
            "401": _refused("The token is missing, or not one of this source.") | _with_header("WWW-Authenticate"),
            "408": _refused("It did not come in full in time."),
            "409": _refused("Its number came with other content before, which was taken."),
            "413": _refused("It is larger than allowed, or its fields are."),
            "415": _refused("It is neither JSON nor a form with files."),
            "422": _refused("A field does not hold; `errors` names it."),
            "429": _refused("Too many came from this source within a minute.") | _put_off(),
            "503": _refused("It cannot be stored now.") | _put_off(),
        },
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "describe",
        "summary": "Read this document",
        "security": [],
        "responses": {
            "200": {"description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}}
        },
    }


def _refused(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


def _with_header(name: str) -> dict[str, Any]:
    return {"headers": {name: {"schema": {"type": "string"}}}}


def _put_off() -> dict[str, Any]:
    return {"headers": {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}}


def _taken() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["source", "number"],
        "properties": {"source": {"type": "string"}, "number": {"type": "string"}},
    }


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "Why it is not taken (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "detail"],
                    "properties": {
                        "pointer": {"type": "string", "description": "Which field (RFC 6901); empty: the whole."},
                        "detail": {"type": "string"},
                    },
                },
            },
        },
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n")
