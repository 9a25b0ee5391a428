from tests.prove.fuzz import prove_fuzz, read_plainly


def test_no_mail_whatever_its_bytes_makes_judging_fail() -> None:
    assert prove_fuzz(100, seed=1).faults == ()


def test_the_same_mails_are_too_much_for_a_plain_reader() -> None:
    assert read_plainly(400, seed=7) > 0
