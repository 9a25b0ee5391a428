"""What is said of an office that stands out: where, since when, for whom, and only what is so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from dtm_contact.directory import Address, Directory, Dwelling, Office, Records, Residence
from dtm_contact.explain.names import Names
from dtm_contact.figures.cells import FigureCells, merged, timed
from dtm_contact.figures.definitions import BY_ID, FIGURES
from dtm_contact.figures.overview import FigureReader, FigureSpan, Grain, Overview, Place
from dtm_contact.figures.sheet import MeetingSheet, by_turns, meeting_sheet
from dtm_contact.figures.telling import Outlier, describe_nothing, describe_outliers, format_number, format_rate
from dtm_contact.hours import PARIS
from tests.prove.program import chance as made

MONTHS = (date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1))
RESIDENCES = (("N1", "nord"), ("N2", "nord"), ("S1", "sud"), ("S2", "sud"))
DIRECTORY = Directory(
    Records(
        offices=[
            Office(name, name.title(), kind, "", "", "", "", "")
            for name, kind in (("nord", "proximity_office"), ("sud", "proximity_office"), ("agence", "agency"))
        ],
        residences=[Residence(name, name, (), "", "", "", "", office) for name, office in RESIDENCES],
        addresses=[Address(f"A{name}", name, "1", "rue", "", "", "", "") for name, _ in RESIDENCES],
        dwellings=[
            Dwelling(f"L{name}{at}", f"A{name}", "dwelling", "", "", "", "", "")
            for name, _ in RESIDENCES
            for at in range(100)
        ],
    )
)


def directory_of(homes: Sequence[tuple[str, str]]) -> Directory:
    """Return the directory with other residences, and none of their dwellings."""
    records = replace(
        DIRECTORY.records, residences=[Residence(name, name, (), "", "", "", "", of) for name, of in homes]
    )
    return Directory(replace(records, addresses=[], dwellings=[]))


Counted = Mapping[tuple[str, str, str], Mapping[str, int]]
"""What was counted of each office, residence and topic."""


class Periods(FigureReader):
    """Months as they are given."""

    def __init__(self, months: Mapping[date, Counted], since: date = date(2025, 1, 1)) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.since = since
        self.months = {
            day: FigureCells.pack({key: Counter(counts) for key, counts in counted.items()})
            for day, counted in months.items()
        }

    def cells(self, grain: str, first: date, last: date) -> dict[date, FigureCells]:
        assert grain == "month"
        return {day: cells for day, cells in self.months.items() if first <= day <= last}

    def versions(self, grain: str, first: date, last: date) -> dict[date, datetime]:
        return {day: datetime(2026, 6, 1, tzinfo=PARIS) for day in self.cells(grain, first, last)}

    def first_counted(self) -> date | None:
        return self.since


def overview(months: Mapping[date, Counted], place: Place | None = None, grain: Grain = Grain.MONTH) -> Overview:
    span = FigureSpan.of(grain, max(months))
    return Overview(Periods(months), DIRECTORY, span, place or Place(), span.last)


def offices(months: Mapping[date, Counted], grain: Grain = Grain.MONTH, place: Place | None = None) -> list[Outlier]:
    names = Names(DIRECTORY, {"heating": "Chauffage", "pests": "Nuisibles"}, PARIS)
    found = describe_outliers(overview(months, place, grain), names, DIRECTORY)
    return [each for each in found if each.office]


def everything(months: Mapping[date, Counted], place: Place | None = None, grain: Grain = Grain.MONTH) -> list[Outlier]:
    names = Names(DIRECTORY, {"heating": "Chauffage", "pests": "Nuisibles"}, PARIS)
    return list(describe_outliers(overview(months, place, grain), names, DIRECTORY))


def answered(**shares: int) -> dict[tuple[str, str, str], dict[str, int]]:
    """Return of each residence and topic how many of 1,000 answers were in time."""
    home = dict(RESIDENCES)
    found = {}
    for name, share in shares.items():
        residence, topic = name.split("_")
        found[home[residence], residence, topic] = {"due": 1000, "due_met": share}
    return found


EVEN = answered(N1_heating=600, N1_pests=600, N2_heating=600, N2_pests=600, S1_heating=900, S1_pests=900)
GOOD = answered(N1_heating=900, N1_pests=900, N2_heating=900, N2_pests=900, S1_heating=900, S1_pests=900)


EASY = {"due": 1000, "due_met": 900}


def test_a_part_that_is_no_worse_than_the_rest_of_its_office_is_not_named() -> None:
    (nord,) = offices({MONTHS[2]: EVEN})
    assert nord.words == (
        "Nord, depuis au moins mai 2026, pour tous les motifs : 60\u00a0% des réponses dans le délai, "
        "contre 90\u00a0% dans les autres bureaux"
    )


def test_a_part_that_is_worse_than_the_rest_of_its_office_is_named() -> None:
    (nord,) = offices({MONTHS[2]: EVEN | answered(N2_heating=300, N2_pests=300)})
    assert "surtout pour N2," in nord.words
    (nord,) = offices({MONTHS[2]: EVEN | answered(N1_pests=300, N2_pests=300)})
    assert "surtout pour nuisibles :" in nord.words


def test_an_office_that_is_worse_by_one_topic_alone_is_named_with_it_and_held_against_the_same_topic() -> None:
    pests = GOOD | answered(N1_pests=400, N2_pests=400)
    (nord,) = offices({MONTHS[0]: GOOD, MONTHS[1]: pests, MONTHS[2]: pests})
    assert nord.words == (
        "Nord, depuis avril 2026, pour nuisibles : 40\u00a0% des réponses dans le délai, "
        "contre 90\u00a0% dans les autres bureaux pour le même motif, 2 mois ensemble"
    )
    assert nord.topic == "pests"


def test_a_residence_of_another_office_is_not_named() -> None:
    (nord,) = offices({MONTHS[2]: EVEN | {("nord", "S1", "heating"): {"due": 1000, "due_met": 300}}})
    assert "S1" not in nord.words


def test_a_topic_that_is_asked_for_is_the_only_one_told() -> None:
    (nord,) = offices({MONTHS[2]: EVEN}, place=Place(topic="heating"))
    assert "pour chauffage :" in nord.words
    assert "tous les motifs" not in nord.words


def test_since_is_said_only_where_a_period_went_before_that_was_not_worse() -> None:
    (nord,) = offices({MONTHS[0]: GOOD, MONTHS[1]: EVEN, MONTHS[2]: EVEN})
    assert ", depuis avril 2026," in nord.words
    (nord,) = offices(dict.fromkeys(MONTHS, EVEN))
    assert ", depuis au moins mars 2026," in nord.words


def test_every_sentence_has_one_date() -> None:
    pests = EVEN | answered(N1_pests=300, N2_pests=300)
    found = everything({MONTHS[0]: GOOD, MONTHS[1]: pests, MONTHS[2]: EVEN})
    assert found
    assert [each.words.count("2026") for each in found] == [1] * len(found)
    assert not any("2026" in detail.words for each in found for detail in each.details[1:])


def test_a_month_that_is_bad_does_not_hide_in_a_year_that_is_not() -> None:
    year = [date(2026, month, 1) for month in range(1, 13)]
    months = {day: EVEN if day.month in {5, 6} else GOOD for day in year}
    (nord,) = offices(months, Grain.YEAR)
    assert nord.words.startswith("Nord, de mai 2026 à juin 2026, ")
    assert offices(months) == []  # December is told for itself: it is good
    (nord,) = offices({day: EVEN if day.month == 12 else GOOD for day in year}, Grain.YEAR)
    assert nord.words.startswith("Nord, depuis décembre 2026, ")
    (nord,) = offices({day: EVEN if day.month == 3 else GOOD for day in year}, Grain.YEAR)
    assert nord.words.startswith("Nord, en mars 2026, ")


def test_a_last_month_of_too_few_cases_ends_nothing() -> None:
    few = {("nord", "N1", "heating"): {"due": 5, "due_met": 5}, ("sud", "S1", "heating"): {"due": 99, "due_met": 9}}
    (nord,) = offices({MONTHS[0]: GOOD, MONTHS[1]: EVEN, MONTHS[2]: few}, Grain.YEAR)
    assert ", depuis avril 2026," in nord.words


def test_a_further_figure_is_told_with_the_same_time_as_the_sentence() -> None:
    def with_calls(counted: Counted, back: int) -> Counted:
        calls = {"call_backs_due": 500, "call_backs_met": 400}
        nord = {**calls, "call_backs_met": back}
        return {key: {**counts, **(nord if key[0] == "nord" else calls)} for key, counts in counted.items()}

    months = {MONTHS[0]: with_calls(GOOD, 200), MONTHS[1]: with_calls(EVEN, 100), MONTHS[2]: with_calls(EVEN, 200)}
    (nord,) = offices(months)
    assert ", depuis avril 2026," in nord.words
    (told,) = (detail.words for detail in nord.details if detail.figure.id == "called_back")
    assert told == (
        "Un rappel tenté, au plus tard le jour ouvré suivant, pour 30\u00a0% des appels sans réponse, "
        "contre 80\u00a0% dans les autres bureaux ; en mai seul : 40\u00a0% (sur 2\u00a0000)"
    )


def test_a_further_figure_that_was_good_in_the_first_month_has_its_own_date() -> None:
    def with_calls(counted: Counted, back: int) -> Counted:
        calls = {"call_backs_due": 500, "call_backs_met": 400}
        nord = {**calls, "call_backs_met": back}
        return {key: {**counts, **(nord if key[0] == "nord" else calls)} for key, counts in counted.items()}

    months = {MONTHS[0]: with_calls(GOOD, 400), MONTHS[1]: with_calls(EVEN, 400), MONTHS[2]: with_calls(EVEN, 200)}
    (nord,) = offices(months)
    assert ", depuis avril 2026," in nord.words
    (told,) = (detail.words for detail in nord.details if detail.figure.id == "called_back")
    assert told.startswith("Depuis mai 2026, un rappel tenté")
    assert "40\u00a0% des appels" in told


def test_since_is_the_first_month_from_which_it_held_without_a_break() -> None:
    # Too few each month to be told alone: good in winter, bad since April, as many as make the whole time bad.
    def few(share: int) -> Counted:
        return {("nord", "N1", "heating"): {"due": 20, "due_met": share}, ("sud", "S1", "heating"): EASY}

    year = [date(2026, month, 1) for month in range(1, 7)]
    (nord,) = offices({day: few(2 if day.month >= 4 else 18) for day in year})
    assert nord.words.startswith("Nord, depuis avril 2026,")
    # A good month between is a break, however much the rest weighs.
    (nord,) = offices({day: EVEN if day.month != 4 else GOOD for day in year})
    assert nord.words.startswith("Nord, depuis mai 2026,")


def test_a_number_of_several_months_stands_beside_that_of_the_month_on_the_page() -> None:
    worse = EVEN | answered(N1_heating=400, N1_pests=400, N2_heating=400, N2_pests=400)
    (nord,) = offices({MONTHS[0]: GOOD, MONTHS[1]: EVEN, MONTHS[2]: worse})
    assert ", depuis avril 2026," in nord.words
    assert nord.words.endswith(
        " : 50\u00a0% des réponses dans le délai, contre 90\u00a0% dans les autres bureaux, 2 mois ensemble ; "
        "en mai seul : 40\u00a0% (sur 4\u00a0000)"
    )


@pytest.mark.parametrize(
    ("due", "met", "told"),
    [(0, 0, ""), (29, 10, ""), (30, 12, " ; en mai seul : 40\u00a0% (sur 30)")],
    ids=["no case", "too few", "enough"],
)
def test_the_last_month_alone_is_told_only_where_the_table_would_compare_it(due: int, met: int, told: str) -> None:
    def dangers(due: int, met: int) -> Counted:
        return GOOD | {("nord", "N1", "gas"): {"due_p1": due, "due_p1_met": met}}

    months = {MONTHS[0]: dangers(300, 60), MONTHS[1]: dangers(300, 60), MONTHS[2]: dangers(due, met)}
    (found,) = everything(months)
    assert overview(months).of_whole(BY_ID["p1_in_time"]).is_comparable is bool(told)
    assert found.words.endswith(
        f"des P1 ont une réponse dans le délai, au lieu de 90\u00a0% au moins, 3 mois ensemble{told}"
    )


def test_the_last_month_alone_of_which_little_has_passed_says_so() -> None:
    worse = EVEN | answered(N1_heating=400, N1_pests=400, N2_heating=400, N2_pests=400)
    span = FigureSpan(Grain.MONTH, MONTHS[2])
    made = Overview(Periods({MONTHS[1]: EVEN, MONTHS[2]: worse}), DIRECTORY, span, Place(), date(2026, 5, 3))
    (nord,) = describe_outliers(made, NAMES, DIRECTORY)
    assert nord.words.endswith(" ; en mai, 3 jours sur 31 : 40\u00a0% (sur 4\u00a0000)")


def test_a_store_that_fills_up_is_compared_with_nothing() -> None:
    def waiting(silent: int, open_now: int) -> Counted:
        counts = {"open": open_now, "silent_45": silent, "opened": 400, "closed": 300}
        return {(office, residence, "heating"): counts for residence, office in RESIDENCES}

    # In the first weeks nothing is old, and few cases wait: that is no time that was better.
    year = [date(2026, month, 1) for month in range(1, 6)]
    months = {day: waiting(0 if day.month == 1 else 100, 20 if day.month == 1 else 200) for day in year}
    names = Names(DIRECTORY, {"heating": "Chauffage"}, PARIS)

    def told(since: date) -> list[Outlier]:
        made = Overview(
            Periods(months, since), DIRECTORY, FigureSpan(Grain.MONTH, year[-1]), Place(), date(2026, 5, 31)
        )
        return list(describe_outliers(made, names, DIRECTORY))

    assert told(year[0]) == []
    (long_counted,) = told(date(2025, 1, 1))
    assert long_counted.words.endswith(
        "800 dossiers en cours, contre 80 fin janvier, où le comptage commence, mais aucun de plus en mai seul"
    )
    assert [each.figure.id for each in long_counted.details] == ["open", "silent_45"]


def test_a_share_of_which_much_is_of_no_office_compares_no_offices() -> None:
    def calls(answered_nowhere: int) -> Counted:
        return {
            ("nord", "N1", "heating"): {"calls_unserved": 400, "calls_answered": 100, "opened": 1},
            ("sud", "S1", "heating"): {"calls_unserved": 300, "calls_answered": 200, "opened": 1},
            ("", "", ""): {"calls_answered": answered_nowhere},
        }

    figure = BY_ID["calls_unserved"]
    known, unknown = (overview({MONTHS[2]: calls(count)}) for count in (0, 900))
    assert [each.shown.figure.id for each in known.findings] == ["calls_unserved"]
    assert known.of_office(figure, "nord").share is not None
    assert unknown.findings == []
    assert unknown.of_office(figure, "nord").share is None
    assert unknown.of_office(figure, "nord").number == 400
    assert unknown.unplaced_part(figure) == pytest.approx(900 / 1900)
    of_all = unknown.of_whole(figure).share
    assert of_all is not None
    assert of_all.number == pytest.approx(100 * 700 / 1900)


def test_a_duration_stands_out_for_the_topic_that_takes_longer() -> None:
    def slow(minutes: int, topic: str) -> Counted:
        return {
            (office, f"{office[0].upper()}1", name): {
                timed("first_answer", timedelta(minutes=minutes if (office, name) == ("nord", topic) else 60)): 400
            }
            for office in ("nord", "sud")
            for name in ("heating", "pests")
        }

    (nord,) = offices({MONTHS[1]: slow(60, ""), MONTHS[2]: slow(300, "pests")})
    assert nord.words == (
        "Nord, depuis mai 2026, surtout pour nuisibles : une personne sur dix attend une première réponse plus de "
        "5\u00a0h\u00a0ouvrées, contre 59\u00a0min\u00a0ouvrées dans les autres bureaux"
    )
    # A difference of minutes is none that anybody acts on.
    assert offices({MONTHS[1]: slow(60, ""), MONTHS[2]: slow(68, "pests")}) == []


def test_what_is_surely_different_and_too_little_to_matter_is_not_told() -> None:
    nearly = {key: {"due": 90_000, "due_met": 86_000 if key[0] == "sud" else 82_500} for key in GOOD}
    assert offices(dict.fromkeys(MONTHS, nearly)) == []
    enough = {key: {"due": 90_000, "due_met": 86_000 if key[0] == "sud" else 81_000} for key in GOOD}
    assert offices(dict.fromkeys(MONTHS, enough)) != []


def test_what_falls_everywhere_is_told_of_all_offices() -> None:
    fallen = {key: {"due": 1000, "due_met": 700} for key in GOOD}
    (told,) = everything({MONTHS[0]: GOOD, MONTHS[1]: GOOD, MONTHS[2]: fallen})
    assert told.words == (
        "Tous les bureaux, depuis mai 2026, pour tous les motifs : 70\u00a0% des réponses dans le délai, "
        "contre 90\u00a0% avant"
    )
    # Where one office alone falls, it is told of that one.
    (nord,) = everything({MONTHS[0]: GOOD, MONTHS[1]: GOOD, MONTHS[2]: EVEN})
    assert nord.office == "nord"


def test_what_waits_more_and_more_is_told_with_what_it_was() -> None:
    def waiting(open_now: int) -> Counted:
        return {
            (office, residence, "heating"): {"open": open_now, "opened": 400, "closed": 300}
            for residence, office in RESIDENCES
        }

    (told,) = everything({MONTHS[0]: waiting(100), MONTHS[1]: waiting(100), MONTHS[2]: waiting(200)})
    assert (
        told.words
        == "Tous les bureaux, depuis mai 2026, pour tous les motifs : 800 dossiers en cours, contre 400 fin avril"
    )
    assert everything(dict.fromkeys(MONTHS, waiting(100))) == []
    assert everything({MONTHS[0]: waiting(100), MONTHS[1]: waiting(100), MONTHS[2]: waiting(104)}) == []


@pytest.mark.parametrize(
    ("waits", "since", "before"),
    [
        ((10, 130, 250, 400), "février", "40 fin janvier, où le comptage commence"),
        ((200, 150, 250, 400), "mars", "600 fin février"),
    ],
    ids=["since the count begins", "since a month"],
)
def test_what_waits_more_and_more_began_where_the_table_shows_it(
    waits: tuple[int, ...], since: str, before: str
) -> None:
    year = [date(2026, month, 1) for month in range(1, 5)]
    months = {
        day: {
            (office, residence, "heating"): {"open": count, "opened": 400, "closed": 300}
            for residence, office in RESIDENCES
        }
        for day, count in zip(year, waits, strict=True)
    }
    # The first 45 days are compared with nothing: they say that it grew since April, and the table since February.
    span = FigureSpan(Grain.MONTH, year[-1])
    made = Overview(Periods(months, year[0]), DIRECTORY, span, Place(), span.last)
    (found,) = describe_outliers(made, NAMES, DIRECTORY)
    assert found.words == (
        f"Tous les bureaux, depuis {since} 2026, pour tous les motifs : 1\u00a0600 dossiers en cours, contre {before}, "
        "dont 600 de plus en avril seul"
    )


def test_what_is_silent_for_long_is_compared_with_nothing_while_a_store_fills_up() -> None:
    def silent(shares: tuple[int, ...]) -> list[str]:
        year = [date(2026, month, 1) for month in range(1, 1 + len(shares))]
        months = {
            day: {
                (office, residence, "heating"): {"open": 1000, "silent_45": 10 * share, "opened": 400, "closed": 400}
                for residence, office in RESIDENCES
            }
            for day, share in zip(year, shares, strict=True)
        }
        span = FigureSpan(Grain.MONTH, year[-1])
        made = Overview(Periods(months, year[0]), DIRECTORY, span, Place(), span.last)
        return [each.words for each in describe_outliers(made, NAMES, DIRECTORY)]

    assert silent((0, 2, 15, 30, 45, 45, 45, 45)) == []
    (worse,) = silent((0, 2, 15, 30, 30, 30, 30, 45))
    assert "45\u00a0% des dossiers en cours sans nouvelles depuis 45 jours, contre 30\u00a0% avant" in worse


def test_what_was_so_before_all_that_is_looked_at_may_have_been_so_before() -> None:
    months = {FigureSpan.of(Grain.MONTH, date(2025 + at // 12, 1 + at % 12, 1)).first: EVEN for at in range(17)}
    (nord,) = offices(months)
    assert nord.words.startswith("Nord, depuis mai 2025 ou avant, ")
    del months[date(2025, 4, 1)]
    assert offices({day: counted for day, counted in months.items() if day >= date(2025, 5, 1)})[0].words.startswith(
        "Nord, depuis au moins mai 2025, "
    )


def test_a_danger_that_is_answered_late_everywhere_stands_out() -> None:
    def dangers(met: int) -> Counted:
        return {key: {**counts, "due_p1": 100, "due_p1_met": met} for key, counts in GOOD.items()}

    (told,) = everything(dict.fromkeys(MONTHS, dangers(60)))
    assert told.words == (
        "Tous les bureaux, depuis au moins mars 2026, pour tous les motifs : 60\u00a0% des P1 ont une réponse dans le "
        "délai, au lieu de 90\u00a0% au moins, 3 mois ensemble"
    )
    assert everything(dict.fromkeys(MONTHS, dangers(93))) == []


def test_a_residence_is_held_against_the_others_of_its_office_and_says_so() -> None:
    bad = GOOD | answered(N2_heating=700, N2_pests=700)
    months = {MONTHS[0]: GOOD, MONTHS[1]: bad, MONTHS[2]: bad}
    (told,) = everything(months, Place(residence="N2"))
    assert told.words.endswith(
        "70\u00a0% des réponses dans le délai, contre 90\u00a0% dans les autres résidences du bureau, 2 mois ensemble"
    )
    assert "depuis avril 2026" in told.words
    shown = overview(months, Place(residence="N2"))
    assert shown.of_neighbours(BY_ID["in_time"]).number == 90
    assert everything(months, Place(residence="N1")) == []
    (nothing,) = describe_nothing(overview(months, Place(residence="N1")))
    assert nothing == "Cette résidence n’est pas nettement moins bien servie que les autres résidences de son bureau."


def test_the_course_of_a_residence_stands_beside_all_offices() -> None:
    shown = overview({MONTHS[2]: EVEN}, Place(residence="N1"))
    ((_, mine, whole),) = shown.course(BY_ID["in_time"])
    assert (mine.number, whole.number) == (60, 70)


def test_unusually_many_cases_say_since_when() -> None:
    def opened(count: int) -> Counted:
        return {("sud", "S1", "pests"): {"opened": count}}

    months = {date(2026, month, 1): opened(40 if month in {6, 7} else 4) for month in range(1, 8)}
    (told,) = everything(months)
    assert told.words == (
        "S1, (Sud), depuis juin 2026, pour nuisibles : "
        "80 nouveaux dossiers, contre 8 d’habitude en autant de temps (×10)"
    )
    (told,) = (each for each in everything({**months, date(2026, 8, 1): opened(4)}, grain=Grain.YEAR) if each.topic)
    assert "de juin 2026 à juillet 2026" in told.words


def of_each(topic: str = "pests", /, **counts: int) -> Counted:
    """Return how many cases each residence opened."""
    return {(dict(RESIDENCES)[name], name, topic): {"opened": count} for name, count in counts.items()}


def test_a_residence_that_always_has_far_more_than_the_others_by_dwelling_is_told() -> None:
    year = [date(2026, month, 1) for month in range(1, 9)]
    often = of_each(N1=5, N2=4, S1=20, S2=6)
    (told,) = everything(dict.fromkeys(year, often))
    assert told.words == (
        "S1, (Sud), depuis au moins janvier 2026, pour nuisibles : 160 nouveaux dossiers, 1,60 par logement, "
        "contre 0,40 par logement dans les autres résidences (×4)"
    )
    (few,) = everything({year[0]: often})
    assert "20 nouveaux dossiers, 200,0\u00a0‰, contre 50,0\u00a0‰ dans les autres résidences (×4)" in few.words
    # Once it has more than usual there, that is told of it, and it alone.
    (more,) = everything(dict.fromkeys(year, often) | {year[-1]: of_each(N1=5, N2=4, S1=80, S2=6)})
    assert more.words.endswith("80 nouveaux dossiers, contre 20 d’habitude en autant de temps (×4)")


@pytest.mark.parametrize("counts", [{"N1": 5, "N2": 4, "S1": 9, "S2": 6}, {"S1": 4}], ids=["not twice", "too few"])
def test_a_residence_that_has_little_more_than_the_others_is_not_told(counts: dict[str, int]) -> None:
    year = [date(2026, month, 1) for month in range(1, 9)]
    assert everything(dict.fromkeys(year[-1:], of_each(**counts))) == []


def test_a_residence_that_has_more_of_all_topics_is_told_once_and_a_topic_where_that_is_as_much_more_again() -> None:
    def opened(pests: int) -> Counted:
        few, many = {"N1": 5, "N2": 4, "S2": 6}, {"S1": 20}
        rest = {**of_each("heating", **few, **many), **of_each("other", **few, **many)}
        return {**of_each(**few, S1=pests), **rest}

    months = {day: opened(20) for day in MONTHS}
    (told,) = everything(months)
    assert told.words.startswith("S1, (Sud), depuis au moins mars 2026, pour tous les motifs ensemble : 180 nouveaux")
    assert told.topic == ""
    (of_pests,) = everything(months, Place(topic="pests"))
    assert ", pour nuisibles : 60 nouveaux dossiers" in of_pests.words
    assert {each.topic for each in everything({day: opened(200) for day in MONTHS})} == {"", "pests"}


def test_a_residence_of_many_dwellings_may_have_many_cases() -> None:
    records = DIRECTORY.records
    more = [Dwelling(f"more{at}", "AS1", "dwelling", "", "", "", "", "") for at in range(300)]
    large = Directory(replace(records, dwellings=[*records.dwellings, *more]))
    months = {day: of_each(N1=5, N2=4, S1=20, S2=6) for day in MONTHS}
    span = FigureSpan(Grain.MONTH, MONTHS[2])
    assert len(Overview(Periods(months), DIRECTORY, span, Place(), span.last).unusual) == 1
    assert Overview(Periods(months), large, span, Place(), span.last).unusual == []


def test_a_year_is_added_up_anew_where_a_month_of_it_was_counted_again() -> None:
    reader, year = Periods(dict.fromkeys(MONTHS, EVEN)), FigureSpan.of(Grain.YEAR, MONTHS[0])
    assert reader.of(year).whole()["due"] == 18_000
    assert reader.of(year) is reader.of(year)
    reader.months[MONTHS[2]] = FigureCells.pack(answered(N1_heating=1000))
    assert reader.of(year).whole()["due"] == 13_000
    del reader.months[MONTHS[2]]
    assert reader.of(year).whole()["due"] == 12_000


@pytest.mark.parametrize("grain", [Grain.MONTH, Grain.YEAR])
def test_nothing_stands_out_where_all_are_alike(grain: Grain) -> None:
    assert offices(dict.fromkeys(MONTHS, GOOD), grain) == []
    assert merged([]).keys == ()


def test_an_office_where_more_is_asked_for_does_not_stand_out() -> None:
    busy = {("nord", "N1", "heating"): {"opened": 5000, "open": 900, "late": 90, "silent_14": 45, "reopened": 300}}
    calm = {("sud", "S1", "heating"): {"opened": 500, "open": 90, "late": 9, "silent_14": 5, "reopened": 30}}
    assert offices({MONTHS[2]: busy | calm}) == []
    late = {("nord", "N1", "heating"): {**busy["nord", "N1", "heating"], "late": 400}}
    (found,) = offices({MONTHS[2]: late | {("sud", "S1", "heating"): {"open": 900, "late": 90, "silent_14": 45}}})
    assert found.details[0].figure.id == "late"
    assert (
        "44\u00a0% des dossiers en cours en retard, sans réponse, contre 10\u00a0% dans les autres bureaux"
        in found.words
    )


def test_the_whole_is_the_sum_of_the_offices_that_are_compared() -> None:
    calls = {"calls_answered": 100, "calls_unserved": 100}
    nowhere = {("", "", ""): {"calls_answered": 9000}, ("closed office", "", ""): {"calls_answered": 9000}}
    months = {MONTHS[2]: {(office, "", ""): calls for office in ("nord", "sud", "agence")} | nowhere}
    assert offices(months) == []
    whole = overview(months).of_offices(BY_ID["calls_answered"])
    assert (whole.number, whole.rate) == (200, 500)
    assert overview(months).of_whole(BY_ID["calls_answered"]).number == 18300


def test_a_rate_above_a_thousand_is_told_by_dwelling() -> None:
    assert format_rate(2900.0) == "2,9 par logement"
    assert format_rate(999.0) == "999,0\u00a0‰"
    assert format_rate(None) == "–"


@pytest.mark.parametrize(("days", "told"), [(1.5, "36\u00a0h"), (2.5, "2,5\u00a0j"), (91.0, "91\u00a0j")])
def test_days_are_told_with_no_more_than_is_known(days: float, told: str) -> None:
    assert format_number(BY_ID["incident_length"], days * 24 * 60) == told


def test_where_nothing_stands_out_that_is_said_of_offices_and_of_residences() -> None:
    assert list(describe_nothing(overview(dict.fromkeys(MONTHS, GOOD)))) == [
        "Aucun bureau n’est nettement moins bon que les autres.",
        "Aucune résidence n’a ouvert nettement plus de dossiers que d’habitude, ni que les autres, à logements égaux.",
    ]
    _, first, second = describe_nothing(overview({MONTHS[2]: GOOD}))
    assert first.startswith("Pas de période précédente")
    assert second == "Aucune résidence n’a ouvert nettement plus de dossiers que les autres, à logements égaux."


NAMES = Names(DIRECTORY, {"heating": "Chauffage", "pests": "Nuisibles"}, PARIS)


def sheet(months: Mapping[date, Counted]) -> MeetingSheet:
    return meeting_sheet(overview(months), NAMES, DIRECTORY)


def test_a_sheet_tells_only_the_figures_that_changed_or_differ_and_names_the_others_once() -> None:
    def trend(before: Counted, now: Counted) -> str | None:
        shown = sheet({MONTHS[1]: before, MONTHS[2]: now})
        assert len(shown.lines) + len(shown.alike) == sum(figure.weight > 0 for figure in FIGURES)
        return next((line.trend for line in shown.lines if line.figure.id == "in_time"), None)

    alike = {key: {"due": 1000, "due_met": 700} for key in GOOD}
    nearly = answered(N1_heating=905, N1_pests=900, N2_heating=900, N2_pests=900, S1_heating=900, S1_pests=900)
    assert trend(GOOD, alike) == "▲ moins bien"
    assert trend(alike, GOOD) == "mieux"
    assert trend(GOOD, nearly) is None
    assert trend({("nord", "N1", "heating"): {"due": 5, "due_met": 5}}, GOOD) is None


def test_a_sheet_tells_the_gap_between_the_best_and_the_worst_office() -> None:
    (line,) = (line for line in sheet({MONTHS[2]: EVEN}).lines if line.figure.id == "in_time")
    assert line.gap == "Sud 90\u00a0%, Nord 60\u00a0%"


def test_a_sheet_has_a_place_for_few_decisions_and_says_how_many_more_there_are() -> None:
    shown = sheet({MONTHS[0]: GOOD, MONTHS[1]: GOOD, MONTHS[2]: EVEN})
    assert [each.office for each in shown.outliers] == ["nord"]
    assert shown.changes == ""
    calm = sheet({MONTHS[1]: GOOD, MONTHS[2]: GOOD})
    assert calm.changes == "Rien n’a nettement changé depuis la période d’avant (avril 2026)."
    assert sheet({MONTHS[2]: GOOD}).changes.startswith("Trop peu est compté de la période d’avant (avril 2026)")
    assert (calm.outliers, calm.lines, len(calm.nothing)) == ([], [], 2)


def test_residences_of_which_the_same_is_so_are_told_in_one_sentence_that_names_them() -> None:
    homes = [(f"{office[0].upper()}{at}", office) for office in ("nord", "sud") for at in range(1, 6)]
    directory = directory_of(homes)
    worse = {"N1": 700, "N2": 680, "S1": 690}
    months = {
        month: {
            (office, home, "heating"): {
                "due": 40_000 if home[1] == "5" else 1000,
                "due_met": 36_000 if home[1] == "5" else worse.get(home, 900) if month != MONTHS[0] else 900,
            }
            for home, office in homes
        }
        for month in MONTHS
    }
    span = FigureSpan(Grain.MONTH, MONTHS[2])
    names = Names(directory, {"heating": "Chauffage"}, PARIS)

    def told() -> list[Outlier]:
        made = Overview(Periods(months), directory, span, Place(), span.last)
        return [each for each in describe_outliers(made, names, directory) if each.residence]

    (found,) = told()
    assert found.words == (
        "N2, (Nord) ; S1, (Sud) ; N1, (Nord), depuis avril 2026, pour tous les motifs : 68 à 70\u00a0% des réponses "
        "dans le délai, contre 89 à 90\u00a0% dans les autres résidences de leur bureau"
    )
    assert {each.residence for each in found.alike} == set(worse)
    assert all(each.words.startswith(each.residence) and "dans les autres" in each.words for each in found.alike)
    # Two that are alike are told apart, and so is what began at another time.
    for month, counted in months.items():
        counted["sud", "S1", "heating"]["due_met"] = 690 if month == MONTHS[2] else 900
    assert sorted(each.residence for each in told()) == ["N1", "N2", "S1"]
    assert not any(each.alike for each in told())


def test_residences_with_as_unusually_many_cases_are_told_in_one_sentence() -> None:
    def opened(many: int) -> Counted:
        return {(office, home, "pests"): {"opened": many if home != "S2" else 5} for home, office in RESIDENCES}

    (found,) = everything({MONTHS[0]: opened(5), MONTHS[1]: opened(5), MONTHS[2]: opened(40)})
    assert found.words == (
        "N1, (Nord) ; N2, (Nord) ; S1, (Sud), depuis mai 2026, pour nuisibles : 40 nouveaux dossiers chacune, 8 fois "
        "ce qui y est habituel en autant de temps"
    )
    assert [each.residence for each in found.alike] == ["N1", "N2", "S1"]
    assert all(each.words.startswith(f"{each.residence}, (") for each in found.alike)


@pytest.mark.parametrize(("everywhere", "office", "residence", "kept"), [(4, 4, 4, (2, 2, 1)), (1, 0, 9, (1, 0, 4))])
def test_what_is_decided_takes_turns(everywhere: int, office: int, residence: int, kept: tuple[int, ...]) -> None:
    found = [*[Outlier("a")] * everywhere, *[Outlier("o", office="nord")] * office]
    found += [Outlier("r", residence="N1")] * residence
    shown = "".join(each.words for each in by_turns(found))
    assert tuple(map(shown.count, "aor")) == kept


def test_offices_come_first_then_all_then_unusual_cases_on_page_and_sheet_alike() -> None:
    dangers = {key: {**counts, "due_p1": 100, "due_p1_met": 50} for key, counts in EVEN.items()}
    more = {key: {**counts, "opened": 40 if key[1] == "S1" else 5} for key, counts in dangers.items()}
    found = everything(dict.fromkeys(MONTHS, more))
    assert [(each.office, each.residence) for each in found] == [("nord", ""), ("", ""), ("", "S1")]
    assert sheet(dict.fromkeys(MONTHS, more)).outliers == found


def test_a_sheet_says_how_many_alarms_nobody_has_judged() -> None:
    assert sheet({MONTHS[2]: GOOD}).dangers == "Aucun danger signalé."
    said = {"alarms": 40, "alarms_confirmed": 20, "alarms_false": 10, "alarms_unjudged": 10}
    told = sheet({MONTHS[2]: {**GOOD, ("nord", "N1", "gas"): said}}).dangers
    assert told.startswith("40 dangers signalés : 20 confirmés, 10 fausses alertes, 10 sans verdict (25\u00a0% des")


def test_a_residence_that_is_worse_served_than_the_rest_of_an_office_that_is_not_is_named_since_then() -> None:
    bad = GOOD | answered(N2_heating=700, N2_pests=700)
    home = ("nord", "N1", "other")
    large = {home: {"due": 40_000, "due_met": 36_000}}
    months = {MONTHS[0]: GOOD | large, MONTHS[1]: bad | large, MONTHS[2]: bad | large}
    (served,) = everything(months)
    assert served.residence == "N2"
    assert served.words.startswith("N2, (Nord), depuis avril 2026, pour tous les motifs : 70\u00a0%")


def test_what_chance_may_make_of_a_residence_does_not_stand_out() -> None:
    assert everything(dict.fromkeys(MONTHS, GOOD | answered(N2_heating=865, N2_pests=870))) == []
    few = {**GOOD, ("nord", "N2", "gas"): {"due": 9, "due_met": 0}}
    only = {key: counts for key, counts in few.items() if key[1] != "N2" or key[2] == "gas"}
    assert everything(dict.fromkeys(MONTHS, only)) == []


@pytest.mark.parametrize("grain", [Grain.MONTH, Grain.YEAR])
def test_of_places_that_are_alike_chance_names_none(grain: Grain) -> None:
    random = made(5)
    year = [date(2026, month, 1) for month in range(1, 13)]
    months = {
        day: {
            (home, name, topic): {
                "due": 120, "due_met": sum(random.random() < 0.7 for _ in range(120)), "opened": random.randrange(8, 16)
            }
            for name, home in RESIDENCES
            for topic in ("heating", "pests")
        }
        for day in year
    }  # fmt: skip
    assert everything(months, grain=grain) == []


def test_what_one_residence_explains_is_told_of_it_and_not_of_its_office() -> None:
    bad = GOOD | answered(N2_heating=700, N2_pests=700)
    (served,) = everything({MONTHS[0]: GOOD, MONTHS[1]: bad, MONTHS[2]: bad})
    assert served.residence == "N2"
