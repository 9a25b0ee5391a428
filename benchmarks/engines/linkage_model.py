"""What Splink is told: which fields are compared how finely. Probabilities are learnt, not given here.

`by_the_book` compares as Splink's library does (`ForenameSurnameComparison`, `JaroWinklerAtThresholds`, `ExactMatch`,
`EmailComparison`, with its thresholds). `tailored` is the best we could make of it: fields swapped, birth names,
initials, a residence where a street should stand, number and street as one.
"""

from typing import Any


def _comparison(name: str, null: str, levels: list[str], frequency: str = "") -> dict[str, Any]:
    exact = {"tf_adjustment_column": frequency, "disable_tf_exact_match_detection": True} if frequency else {}
    conditions: list[dict[str, Any]] = [
        {"sql_condition": level, "label_for_charts": level, **(exact if n == 0 else {})}
        for n, level in enumerate(levels)
    ]
    return {
        "output_column_name": name,
        "comparison_levels": [
            {"sql_condition": null, "label_for_charts": "null", "is_null_level": True},
            *conditions,
            {"sql_condition": "ELSE", "label_for_charts": "else"},
        ],
    }


def _near(one: str, other: str, at_least: float) -> str:
    return f"jaro_winkler_similarity({one}, {other}) >= {at_least}"


def by_the_book(people: int) -> dict[str, Any]:
    """Return settings of the library's own comparisons; left is the directory, right the form."""

    def both(at_least: float) -> str:
        return f"{_near('surname_l', 'surname_r', at_least)} and {_near('given_l', 'given_r', at_least)}"

    names = _comparison(
        "names",
        "surname_r is null and given_r is null",
        [
            "surname_l = surname_r and given_l = given_r",
            "surname_l = given_r and given_l = surname_r",
            both(0.92),
            both(0.88),
            "surname_l = surname_r",
            "given_l = given_r",
        ],
        "surname",
    )
    number = _comparison("number", "number_r is null", ["number_l = number_r"])
    street = _comparison(
        "street", "street_r is null", ["street_l = street_r", *(_near("street_l", "street_r", n) for n in (0.9, 0.7))]
    )
    commune = _comparison("commune", "commune_r is null", ["commune_l = commune_r"], "commune")
    local = "regexp_extract({}, '^[^@]+')"
    email = _comparison(
        "email",
        "email_r is null or email_l is null",
        [
            "email_l = email_r",
            f"{local.format('email_l')} = {local.format('email_r')}",
            _near("email_l", "email_r", 0.88),
        ],
    )
    return _settings(people, [names, number, street, commune, _PHONE, email])


def tailored(people: int) -> dict[str, Any]:
    """Return settings made for these forms; left is the directory, right the form."""
    surname = _comparison(
        "surname",
        "surname_r is null",
        [
            "surname_l = surname_r",
            "birth_l = surname_r",
            "given_l = surname_r and surname_l = given_r",
            f"{_near('surname_l', 'surname_r', 0.92)} or {_near('birth_l', 'surname_r', 0.92)}",
            f"{_near('surname_l', 'given_r', 0.92)} or {_near('birth_l', 'given_r', 0.92)}",
            _near("surname_l", "surname_r", 0.84),
        ],
        "surname",
    )
    given = _comparison(
        "given",
        "given_r is null",
        [
            "given_l = given_r",
            "given_l = surname_r",
            _near("given_l", "given_r", 0.9),
            _near("given_l", "surname_r", 0.9),
            "given_l[1] = given_r[1]",
        ],
        "given",
    )
    entrance = _comparison(
        "entrance",
        "street_r is null",
        [
            "number_l = number_r and street_l = street_r",
            f"number_l = number_r and {_near('street_l', 'street_r', 0.88)}",
            "street_l = street_r or residence_l = street_r",
            _near("street_l", "street_r", 0.88),
            "number_l = number_r",
        ],
    )
    commune = _comparison(
        "commune", "commune_r is null", ["commune_l = commune_r", _near("commune_l", "commune_r", 0.9)], "commune"
    )
    email = _comparison(
        "email", "email_r is null or email_l is null", ["email_l = email_r", _near("email_l", "email_r", 0.93)]
    )
    return _settings(people, [surname, given, entrance, commune, _PHONE, email])


_PHONE = _comparison("phone", "phone_r is null or phone_l is null", ["list_contains(phones_l, phone_r)"])


def _settings(people: int, comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "link_type": "link_only",
        "probability_two_random_records_match": 0.9 / people,
        "unique_id_column_name": "unique_id",
        "source_dataset_column_name": "source_dataset",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": ["1=1"],
        "retain_matching_columns": False,
    }
