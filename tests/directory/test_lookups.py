"""Compact look-ups answer as dictionaries would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory.lookups import Groups, Keys


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 9))))
def test_keys_give_each_number_once_in_the_order_in_which_it_came(pairs: list[tuple[str, int]]) -> None:
    keys = Keys(pairs)
    for key in {key for key, _number in pairs} | {"absent"}:
        assert keys.get(key) == list(dict.fromkeys(number for other, number in pairs if other == key))
        assert (key in keys) is any(other == key for other, _number in pairs)
    wanted = ["a", "", "absent"]
    assert keys.of_any(wanted) == {number for key, number in pairs if key in wanted}


@given(st.lists(st.integers(-1, 4)))
def test_groups_give_their_members_in_order(group_of: list[int]) -> None:
    groups = Groups(np.array(group_of, np.int32), 5)
    for group in range(5):
        assert groups.of(group).tolist() == [at for at, each in enumerate(group_of) if each == group]
