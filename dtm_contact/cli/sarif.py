"""Faults of files as code hosts read them: SARIF 2.1.0 (OASIS Standard, 27 March 2020)."""

from collections.abc import Iterable
from typing import Any

from dtm_contact import __version__
from dtm_contact.model import Problem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULE = "rules"


def sarif(problems: Iterable[Problem]) -> dict[str, Any]:
    """Return one run's log with a result for each problem, files relative to the folder of the rules."""
    driver = {
        "name": "dtm-contact rules check",
        "version": __version__,
        "rules": [{"id": _RULE, "shortDescription": {"text": "A fault in the rules"}}],
    }
    results = [_result(problem) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(problem: Problem) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": problem.file, "uriBaseId": "RULES"}}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": max(1, problem.column)}
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return {
        "ruleId": _RULE,
        "level": problem.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }
