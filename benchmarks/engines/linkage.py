"""Splink, Fellegi and Sunter's record linkage on DuckDB: all fields, one form at a time."""

import importlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.engines.engine import Answer, NotInstalledError, Record, records
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.queries import Query
from fixtures.hard_contacts.slips import without_accents

_PAIRS = 2_000_000


class Linkage:
    """Compares the form's fields with every record's; m is learnt from other forms, u from random pairs."""

    def __init__(self, landlord: Landlord, forms: Sequence[Query], model: Callable[[int], dict[str, Any]]) -> None:
        """Train the model.

        Raises:
            NotInstalledError: splink is missing.
        """
        try:
            splink = importlib.import_module("splink")
            arrow = importlib.import_module("pyarrow")
        except ImportError as error:
            raise NotInstalledError(str(error)) from error
        logging.getLogger("splink").setLevel(logging.ERROR)
        self._arrow: Any = arrow
        people = records(landlord)
        self._api = splink.DuckDBAPI()
        self._directory = self._register([_row(each) for each in people], "people")
        known = [form for form in forms if form.accepted]
        learnt = self._register([_form_row(form, str(n)) for n, form in enumerate(known)], "forms")
        self._linker = splink.Linker([self._directory, learnt], model(len(people)), log_level=logging.ERROR)
        for column in ("surname", "given", "commune"):
            self._linker.table_management.compute_tf_table(column)
        self._linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=1)
        labels = [
            {
                "source_dataset_l": "people", "unique_id_l": min(form.accepted), "source_dataset_r": "forms",
                "unique_id_r": str(n),
            }
            for n, form in enumerate(known)
        ]  # fmt: skip
        labelled = self._api.register(arrow.Table.from_pylist(labels))
        self._linker.training.estimate_m_from_pairwise_labels(labelled)
        self._asked = 0

    def _register(self, rows: Sequence[Mapping[str, object]], name: str) -> Any:
        table = self._arrow.Table.from_pylist(list(rows), schema=_schema(self._arrow))
        return self._api.register(table, dataset_display_name=name)

    def best(self, query: Query) -> Answer:
        """Return the best record and its match weight."""
        self._asked += 1
        form = self._register([_form_row(query, "form")], f"form{self._asked}")
        found = self._linker.inference.predict_between(self._directory, form, warning_mode="never")
        best = self._api.query_sql(
            f"select unique_id_l, match_weight from {found.physical_name} order by match_weight desc limit 1"  # noqa: S608
        ).as_record_list()
        found.drop_table_from_database_and_remove_from_cache()
        return Answer(best[0]["unique_id_l"], best[0]["match_weight"]) if best else Answer()


def _schema(arrow: Any) -> Any:
    text = ("unique_id", "given", "surname", "birth", "number", "street", "commune", "residence", "phone", "email")
    return arrow.schema([*((name, arrow.string()) for name in text), ("phones", arrow.list_(arrow.string()))])


def _row(record: Record) -> dict[str, object]:
    texts = {
        "given": record.first, "surname": record.last, "birth": record.birth, "number": record.number,
        "street": record.street, "commune": record.commune, "residence": record.residence,
    }  # fmt: skip
    row: dict[str, object] = {name: _plain(text) or None for name, text in texts.items()}
    phone = record.phones[0] if record.phones else None
    return {
        **row,
        "unique_id": record.tenant_id,
        "phone": phone,
        "email": record.email or None,
        "phones": record.phones,
    }


def _form_row(query: Query, key: str) -> dict[str, object]:
    texts = {
        "given": query.first, "surname": query.last, "number": query.number, "street": query.street,
        "commune": query.commune,
    }  # fmt: skip
    row: dict[str, object] = {name: _plain(text) or None for name, text in texts.items()}
    phones = [query.phone] if query.phone else []
    return {**row, "unique_id": key, "phone": query.phone or None, "email": query.email or None, "phones": phones}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", without_accents(text).lower()).strip()
