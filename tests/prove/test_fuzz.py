from tests.prove.fuzz import prove_fuzz


def test_no_mail_whatever_its_bytes_makes_judging_fail() -> None:
    assert prove_fuzz(100, seed=1).faults == ()
