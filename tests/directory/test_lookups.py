"""Compact look-ups answer as dictionaries would."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory.lookups import Groups, Keys, values_of


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 9))))
def test_keys_give_each_number_once_in_the_order_in_which_it_came(pairs: list[tuple[str, int]]) -> None:
    keys = Keys(pairs)
    for key in {key for key, _number in pairs} | {"absent"}:
        assert keys.get(key) == list(dict.fromkeys(number for other, number in pairs if other == key))
        assert (key in keys) is any(other == key for other, _number in pairs)
    wanted = ["a", "", "absent"]
    assert keys.of_any(wanted) == {number for key, number in pairs if key in wanted}


@given(st.lists(st.lists(st.text(max_size=3), max_size=3)))
def test_several_keys_of_one_number(keys_of: list[list[str]]) -> None:
    numbers = np.arange(10, 10 + len(keys_of), dtype=np.int32)
    counted, given_numbers = Keys.of_each(keys_of), Keys.of_each(keys_of, numbers)
    for key in {key for several in keys_of for key in several} - {""}:
        assert counted.get(key) == [at for at, several in enumerate(keys_of) if key in several]
        assert given_numbers.get(key) == [10 + at for at in counted.get(key)]
    assert "" not in counted


@given(st.lists(st.text(max_size=3)))
def test_one_key_of_one_number_is_as_a_list_of_one(keys: list[str]) -> None:
    numbers = np.arange(10, 10 + len(keys), dtype=np.int32)
    for given_numbers in (None, numbers):
        alone, listed = Keys.of_one(keys, given_numbers), Keys.of_each(zip(keys), given_numbers)
        assert [alone.get(key) for key in keys] == [listed.get(key) for key in keys]


@pytest.mark.parametrize("among", [5, 1_000_000])
@given(st.lists(st.integers(-1, 4)), st.dictionaries(st.integers(0, 4), st.floats(-9, 9)))
def test_values_by_number_among_few_and_among_many(among: int, numbers: list[int], table: dict[int, float]) -> None:
    found = values_of(np.array(numbers, np.int32), table, among, -3.0)
    assert found.tolist() == [table.get(number, -3.0) for number in numbers]


@given(st.lists(st.integers(-1, 4)))
def test_groups_give_their_members_in_order(group_of: list[int]) -> None:
    groups = Groups(np.array(group_of, np.int32), 5)
    for group in range(5):
        assert groups.of(group).tolist() == [at for at, each in enumerate(group_of) if each == group]
