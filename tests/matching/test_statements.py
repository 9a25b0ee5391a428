"""What writers say of themselves, told from what only sounds like it."""

import pytest

from dtm_contact.matching.statements import BORROWED, says


@pytest.mark.parametrize(
    ("folded", "borrowed"),
    [
        ("j'ecris de la boite de mon epoux", True),
        ("c'est le mail de mon epouse", True),
        ("je passe par l'adresse de thomas", True),
        ("mon adresse est celle de la loge", False),
        ("mon epoux ecrira", False),
    ],
)
def test_who_writes_from_the_account_of_his_home(folded: str, borrowed: bool) -> None:  # noqa: FBT001
    assert says(folded, BORROWED) is borrowed
