"""The pages of figures: what they say is what was counted, each number leads to its cases, no agent is named."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pytest

from dtm_contact.access import Role, digest_of
from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.cells import FigureCells
from dtm_contact.figures.comparing import UNUSUAL
from dtm_contact.figures.counting import CountingContext, count_days, periods_of
from dtm_contact.figures.definitions import BY_ID, FIGURES, Basis
from dtm_contact.figures.files import WAITED
from dtm_contact.figures.findings import Against, FindingPeriod
from dtm_contact.figures.overview import FigureReader, FigureSpan, Grain, Overview, Place, latest_span
from dtm_contact.figures.report import report_text
from dtm_contact.figures.surpluses import Unusual
from dtm_contact.figures.telling import Outlier, OutlierDetail
from dtm_contact.model import Channel
from dtm_contact.serving import RateLimit
from dtm_contact.store import figure_cases
from dtm_contact.store.figure_cases import CaseSearch
from dtm_contact.store.figures import Period
from dtm_contact.web.pages import figure_cases as case_pages
from dtm_contact.web.pages import figure_detail
from dtm_contact.web.pages import figures as pages
from tests.prove.figures_store import CALENDARS, FORMULA, PARIS, PEOPLE, Writer, places_of, put
from tests.prove.program import chance
from tests.web.conftest import DeskAlone, Somebody, desk_over, open_in

DAYS = 40


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskAlone]:
    """A desk over some weeks that end today, all of them counted."""
    with desk_over(tmp_path_factory.mktemp("figures")) as desk:
        today = desk.now().date()
        places = places_of([("R01", "nord"), ("R02", "sud")])
        writer = Writer(chance(4), places, today - timedelta(days=DAYS), DAYS)
        put(desk.store, writer.write(300))
        grounds = CountingContext(TimeContext(PARIS, writer.end, CALENDARS), {"R01": "nord", "R02": "sud"})
        days = count_days(desk.store, today - timedelta(days=DAYS), today, grounds)
        desk.store.figures.put(periods_of(desk.store, days, writer.end))
        desk.store.figures.add_board("hall", digest_of("secret"), desk.now())
        yield desk


@pytest.fixture(scope="module")
def head(counted: DeskAlone) -> Somebody:
    return Somebody(counted, "helene", Role.HEAD, "nord")


def last_month(desk: DeskAlone) -> str:
    return (desk.now().date().replace(day=1) - timedelta(days=1)).isoformat()


def rows(head: Somebody, path: str) -> list[dict[str, object]]:
    answer = head.get(path)
    assert answer.status_code == 200
    found: list[dict[str, object]] = json.loads(answer.content)
    return found


def test_every_figure_stands_on_the_page_with_its_offices(head: Somebody) -> None:
    page = unescape(head.get(f"/chiffres?le={last_month(head.desk)}").text)
    assert [figure.title for figure in FIGURES if figure.title not in page] == []


@pytest.mark.parametrize("figure", [figure.id for figure in FIGURES])
def test_each_figure_has_its_page_with_a_table_under_each_drawing(head: Somebody, figure: str) -> None:
    page = head.get(f"/chiffres/detail?c={figure}&le={last_month(head.desk)}").text
    assert page.count('<svg class="drawing ') == 2
    assert len(re.findall(r"<title id=.*?</title><desc id=.*?</desc>", page)) == 2
    assert page.count("<table") >= 2


@pytest.mark.parametrize(
    ("figure", "office"), [("opened", ""), ("opened", "nord"), ("call_attempts", "sud"), ("automatic_answers", "")]
)
def test_a_number_leads_to_as_many_cases(head: Somebody, figure: str, office: str) -> None:
    le = last_month(head.desk)
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={le}")
    number = next(row["valeur"] for row in told if row["chiffre"] == figure and row["bureau"] == (office or "ensemble"))
    path = f"c={figure}&b={office}&le={le}"
    counted = rows(head, f"/chiffres/dossiers/export?{path}&f=json&colonne=numéro&colonne=compté (fois)")
    # A case that was called in vain twice is one case, and says so.
    assert sum(int(str(row["compté (fois)"])) for row in counted) == number
    assert 0 < len({row["numéro"] for row in counted}) == len(counted)
    page = pages_of(head, f"/chiffres/dossiers?{path}")
    assert f"<b>{number}</b> comptés" in page


def test_what_waited_at_the_end_of_a_month_is_listed_as_it_was_then_the_oldest_first(head: Somebody) -> None:
    le = last_month(head.desk)
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={le}")
    for figure in ("open", "late", "answered_open", "silent_14"):
        number = next(row["valeur"] for row in told if row["chiffre"] == figure and row["bureau"] == "nord")
        cases = rows(head, f"/chiffres/dossiers/export?c={figure}&b=nord&le={le}&f=json&colonne=ouvert&colonne=clos")
        assert len(cases) == number, figure
        opened = [str(row["ouvert"]) for row in cases]
        assert opened == sorted(opened)
        assert all(day[:10] <= le for day in opened)
        assert all(not row["clos"] or str(row["clos"])[:10] > le for row in cases)


@pytest.mark.parametrize("figure", ["in_time", "p1_in_time", "called_back"])
def test_of_a_share_those_by_which_it_is_worse_are_listed_alone(head: Somebody, figure: str) -> None:
    le = last_month(head.desk)
    words, columns = BY_ID[figure].part_words[1], "&colonne=numéro&colonne=compté comme&colonne=compté (fois)"
    number = 0
    for place in ("", "&b=nord"):
        path = f"/chiffres/dossiers?c={figure}{place}&p=an&le={le}"
        link = re.search(rf'href="([^"]*)">{words} seulement \((\d+)\)</a>', pages_of(head, path))
        assert link is not None
        number = int(link[2])
        every = rows(head, f"{path}&f=json{columns}".replace("dossiers?", "dossiers/export?"))
        alone = rows(head, f"{link[1]}&f=json{columns}".replace("dossiers?", "dossiers/export?"))
        assert [row["numéro"] for row in alone] == [row["numéro"] for row in every if words in str(row["compté comme"])]
        assert {row["compté comme"] for row in alone} <= {words}
        assert sum(int(str(row["compté (fois)"])) for row in alone) == number
        shown = pages_of(head, link[1])
        assert f"{words} seulement ({number})</b>" in shown
        of_all = sum(int(str(row["compté (fois)"])) for row in every)
        assert re.search(rf'href="/chiffres/dossiers\?[^"]*c={figure}">tous \({of_all}\)</a>', shown)
        numbers = re.findall(r'<li class="line[^>]*data-case="([^"]*)"', shown)
        assert numbers == [str(row["numéro"]) for row in alone][: len(numbers)]
    assert number


def test_only_of_a_share_some_are_listed_alone(head: Somebody) -> None:
    for figure in (each.id for each in FIGURES if not each.faulty_words and each.basis is not Basis.COUNTED_ONLY):
        path = f"/chiffres/dossiers/export?c={figure}&le={last_month(head.desk)}&f=json&colonne=numéro"
        assert rows(head, path) == rows(head, f"{path}&seuls=mauvais"), figure


def test_a_long_list_goes_on_and_no_case_is_on_two_pages(head: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_pages, "_SHOWN_CASES", 7)
    le = last_month(head.desk)
    path, found = f"/chiffres/dossiers?c=opened&le={le}", list[str]()
    while path:
        page = pages_of(head, path)
        found += re.findall(r'<li class="line[^>]*data-case="([^"]*)"', page)
        following = re.search(r'href="([^"]*)">(?:Les \d+ suivants|Continuer vers)', page)
        path = f"/chiffres/dossiers{following[1]}" if following else ""
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={le}")
    number = next(row["valeur"] for row in told if row["chiffre"] == "opened" and row["bureau"] == "ensemble")
    assert len(found) == len(set(found)) == number


def test_a_page_whose_time_is_over_says_that_it_goes_on_and_where(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_pages, "_SECONDS_LOOKED", 0)
    monkeypatch.setattr(figure_cases, "_FIRST_STEP", 1)
    le = last_month(head.desk)
    for figure, where in (("opened", "les plus anciens"), ("open", "les plus récents")):
        page = pages_of(head, f"/chiffres/dossiers?c={figure}&b=nord&le={le}")
        assert "continue à la page suivante" in page
        assert re.search(rf'href="[^"]*apres=\d+[^"]*">Continuer vers {where}</a>', page)
        assert "Aucun dossier.</p>" not in page


def test_where_nothing_was_counted_no_case_is_looked_for(head: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CaseSearch, "among", None)
    path = f"c=corrected_topic&b=agence&m=pests&r=R02&le={last_month(head.desk)}"
    assert "Aucun dossier." in pages_of(head, f"/chiffres/dossiers?{path}")
    assert rows(head, f"/chiffres/dossiers/export?{path}&f=json") == []


def test_a_list_of_answers_says_how_long_each_waited_and_its_file_has_the_median(head: Somebody) -> None:
    le = last_month(head.desk)
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={le}")
    row = next(row for row in told if row["chiffre"] == "first_answer_median" and row["bureau"] == "ensemble")
    cases = rows(head, f"/chiffres/dossiers/export?c=first_answer_median&le={le}&f=json&colonne={WAITED}")
    waits = sorted(float(str(each[WAITED])) for each in cases)
    assert len(waits) == row["cas"]
    assert waits[(len(waits) + 1) // 2 - 1] == pytest.approx(float(str(row["valeur"])), rel=0.03, abs=1)
    assert "compté : attente de " in pages_of(head, f"/chiffres/dossiers?c=first_answer_median&le={le}")


@pytest.mark.parametrize(("figure", "listed"), [("opened", True), ("set_aside", False), ("calls_answered", False)])
def test_a_figure_that_is_only_counted_leads_to_no_list_and_says_so(
    head: Somebody, figure: str, *, listed: bool
) -> None:
    page = head.get(f"/chiffres/detail?c={figure}&le={last_month(head.desk)}").text
    assert ("/chiffres/dossiers?" in page) is listed
    assert ("compté seulement" in page) is not listed


def test_late_leads_to_cases_that_were_so_when_they_were_counted(head: Somebody) -> None:
    today = head.desk.now().date()
    late = rows(head, f"/chiffres/dossiers/export?c=late&le={today}&f=json&colonne=état&colonne=échéance")
    assert late
    assert {row["état"] for row in late} == {"open"}
    counted_at = head.desk.figures.counted_at()
    assert counted_at is not None
    assert all(str(row["échéance"]) < counted_at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") for row in late)


def test_behind_the_answers_in_time_lie_the_cases_that_were_due_and_no_case_that_is_due_later(head: Somebody) -> None:
    today = head.desk.now().date()
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={today}")
    number = next(row["cas"] for row in told if row["chiffre"] == "in_time" and row["bureau"] == "ensemble")
    cases = rows(head, f"/chiffres/dossiers/export?c=in_time&le={today}&f=json&colonne=échéance")
    assert len(cases) == number
    counted_at = head.desk.figures.counted_at()
    assert counted_at is not None
    assert all(str(row["échéance"]) <= counted_at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") for row in cases)


def test_no_page_and_no_file_of_figures_names_an_agent(head: Somebody) -> None:
    le = last_month(head.desk)
    for path in (
        "/chiffres",
        "/chiffres/detail?c=in_time",
        "/chiffres/carte",
        "/chiffres/fiche",
        "/chiffres/rapport",
        "/chiffres/export?t=bureaux",
    ):
        text = head.get(f"{path}{'&' if '?' in path else '?'}le={le}").text
        shown = re.sub(r"^.*<main|</main>.*$", "", text, flags=re.DOTALL)  # around it stands the head's own name
        named = [who for who in PEOPLE if re.search(rf"\b{who}\b", shown)]
        assert named == [], path


def test_a_formula_in_a_subject_stays_text_in_the_file_of_cases(head: Somebody) -> None:
    answer = head.get(f"/chiffres/dossiers/export?c=opened&le={last_month(head.desk)}&p=an&colonne=objet")
    assert answer.headers["content-disposition"].startswith("attachment")
    cells = [row[0] for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")]
    assert f"'{FORMULA}" in cells
    assert not any(cell.startswith("=") for cell in cells)


def test_a_file_has_the_words_beside_each_code(head: Somebody) -> None:
    le = last_month(head.desk)
    cases = rows(head, f"/chiffres/dossiers/export?c=opened&p=an&le={le}&f=json")
    assert {(row["état"], row["état (libellé)"]) for row in cases} == {("open", "ouvert"), ("closed", "clos")}
    assert {row["voie (libellé)"] for row in cases} <= {channel.label for channel in Channel}
    assert all(row["file (libellé)"] == head.desk.queue_label(str(row["file"])) for row in cases)
    assert all(row["bureau (libellé)"] == head.desk.office_name(str(row["bureau"])) for row in cases)
    topics = rows(head, f"/chiffres/export?t=motifs&f=json&le={le}")
    for table in (cases, topics):
        assert ("heating", "Chauffage, eau chaude") in {(row["motif"], row["motif (libellé)"]) for row in table}
    header = head.get("/chiffres/dossiers/export?c=opened&p=an&b=nowhere&colonne=motif").content.decode("utf-8-sig")
    assert header == "motif;motif (libellé)\r\n"


def test_files_of_cases_have_nothing_of_a_person_unless_it_is_chosen(head: Somebody) -> None:
    usual = head.get("/chiffres/dossiers/export?c=opened&p=an").text
    assert "Nadia" not in usual
    assert "auteur" not in usual
    assert "Nadia" in head.get("/chiffres/dossiers/export?c=opened&p=an&colonne=auteur").text


@pytest.mark.parametrize(
    "path",
    ["/chiffres/detail?c=nothing", "/chiffres/export?t=nothing", "/chiffres/export?t=bureaux&f=exe",
     "/chiffres/dossiers?c=set_aside", "/chiffres/dossiers"],
)  # fmt: skip
def test_what_there_is_not_is_not_found(head: Somebody, path: str) -> None:
    assert head.get(path).status_code == 404


@pytest.mark.parametrize("le", ["", "hier", "0001-01-01", "9999-12-31", "2026-02-30", "'; DROP TABLE cases"])
@pytest.mark.parametrize("p", ["", "mois", "an", "semaine", "siècle"])
def test_a_period_that_is_none_is_the_latest_month(head: Somebody, le: str, p: str) -> None:
    answer = head.get(f"/chiffres/carte?le={le}&p={p}&b=<script>&r=x&m=y")
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace("<script src=", "")


@pytest.mark.parametrize(
    ("grain", "today", "first", "shown"),
    [
        (Grain.MONTH, date(2026, 12, 1), date(2026, 1, 1), date(2026, 11, 1)),
        (Grain.MONTH, date(2026, 12, 7), date(2026, 1, 1), date(2026, 11, 1)),
        (Grain.MONTH, date(2026, 12, 8), date(2026, 1, 1), date(2026, 12, 1)),
        (Grain.MONTH, date(2026, 12, 2), date(2026, 12, 1), date(2026, 12, 1)),
        (Grain.MONTH, date(2026, 12, 2), None, date(2026, 12, 1)),
        (Grain.WEEK, date(2026, 12, 2), date(2026, 1, 1), date(2026, 11, 23)),
        (Grain.YEAR, date(2027, 1, 3), date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_the_page_opens_on_a_period_with_enough_days(
    grain: Grain, today: date, first: date | None, shown: date
) -> None:
    assert latest_span(grain, today, first) == FigureSpan(grain, shown)


def test_a_period_that_is_not_over_says_how_many_of_its_days_have_passed(head: Somebody) -> None:
    today = head.desk.now().date()
    days = (FigureSpan.of(Grain.YEAR, today).after.first - today.replace(month=1, day=1)).days
    told = f"{today.timetuple().tm_yday} jours? sur {days}"
    assert re.search(told, head.get(f"/chiffres?p=an&le={today}").text)
    assert not re.search(r"jours? sur \d", head.get(f"/chiffres?le={last_month(head.desk)}").text)


def test_before_anything_is_counted_the_pages_say_so(desk: DeskAlone) -> None:
    head = Somebody(desk, "claire", Role.HEAD, "nord")
    for path in ("/chiffres", "/chiffres?p=an", "/chiffres/detail?c=first_answer_median", "/chiffres/carte"):
        answer = head.get(path)
        assert answer.status_code == 200
        assert "rien n’est encore compté" in answer.text


def test_what_stands_out_leads_to_the_page_of_its_figure_and_office(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    detail = OutlierDetail("Réponses dans le délai : 60 %", BY_ID["in_time"])
    told = Outlier("Sud : moins bon service", office="sud", details=(detail,))
    monkeypatch.setattr(pages, "describe_outliers", lambda *_given: iter([told]))
    found = unescape(head.get(f"/chiffres?le={last_month(head.desk)}").text)
    assert re.search(r'<a href="/chiffres/detail\?[^"]*b=sud&c=in_time">Sud : moins bon service</a>', found)


def test_residences_told_at_once_lead_to_their_figure_and_each_to_its_own_page(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    details = (OutlierDetail("Réponses dans le délai", BY_ID["in_time"]),)
    each = [Outlier(f"{name} seule", residence=name, details=details, is_elsewhere=True) for name in ("R01", "R02")]
    more = [
        Outlier(f"{name} : 9", residence=name, period=FindingPeriod(date(2026, 5, 1), None)) for name in ("R01", "R02")
    ]
    told = [
        replace(each[0], words="R01 ; R02 : pires", alike=tuple(each)),
        replace(more[0], words="R01 ; R02 : 9 à 10", alike=tuple(more)),
    ]
    monkeypatch.setattr(pages, "describe_outliers", lambda *_given: iter(told))
    page = unescape(head.get(f"/chiffres?le={last_month(head.desk)}").text)
    links = {words: path for path, words in re.findall(r'<li><a href="([^"]*)">([^<]*)</a>', page)}
    assert list(links) == ["R01 ; R02 : pires", "R01 seule", "R02 seule", "R01 ; R02 : 9 à 10", "R01 : 9", "R02 : 9"]
    assert re.fullmatch(r"/chiffres/detail\?[^&]*&[^&]*&c=in_time", links["R01 ; R02 : pires"])
    assert re.fullmatch(r"/chiffres/detail\?.*&r=R02&c=in_time", links["R02 seule"])
    assert links["R01 ; R02 : 9 à 10"].startswith("/chiffres/carte?")
    assert re.fullmatch(r"/chiffres/dossiers\?.*&r=R02.*", links["R02 : 9"])
    assert page.count("<summary>Chaque résidence</summary>") == 2


def test_the_report_of_a_month_is_on_a_page_as_it_goes_out(head: Somebody) -> None:
    desk, le = head.desk, last_month(head.desk)
    link = re.search(r'href="(/chiffres/rapport[^"]*)">Rapport du mois</a>', head.get(f"/chiffres?b=sud&le={le}").text)
    assert link is not None
    (shown,) = re.findall(r'<pre class="report">(.*?)</pre>', head.get(unescape(link[1])).text, re.DOTALL)
    span = FigureSpan.of(Grain.MONTH, date.fromisoformat(le))
    overview = Overview(FigureReader(desk.store.figures), desk.directory, span, Place(), desk.now().date())
    assert unescape(shown) == report_text(overview, desk.names, desk.directory)
    assert "Réponses à un P1 dans le délai (un regard n’est pas une réponse) : ensemble" in unescape(shown)


def test_that_a_look_is_no_answer_stands_with_the_lines_that_it_is_of(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    detail = OutlierDetail("Réponses à un P1 dans le délai", BY_ID["p1_in_time"])
    told = Outlier("Sud : 60 % des P1", office="sud", details=(detail,), is_elsewhere=True)
    monkeypatch.setattr(pages, "describe_outliers", lambda *_given: iter([told]))
    page = unescape(head.get(f"/chiffres?le={last_month(head.desk)}").text)
    note = "<small>un regard n’est pas une réponse</small>"
    assert re.search(rf"Sud : 60 % des P1</a> {note}", page)
    noted = re.findall(rf'<th scope="row"><a[^>]*>([^<]*)</a>{note}', page)
    assert noted == [
        figure.title for figure in FIGURES if figure.id in {"p1_in_time", "alarm_look_median", "alarm_look_p90"}
    ]


def test_where_service_is_worse_than_elsewhere_comes_before_what_is_so_everywhere(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    details = (OutlierDetail("Réponses dans le délai : 60 %", BY_ID["in_time"]),)
    told = [Outlier("Partout", details=details), Outlier("R01 : 9 dossiers", residence="R01")]
    told += [
        Outlier("Sud", office="sud", details=details, is_elsewhere=True),
        Outlier("Les Lilas", residence="R02", details=details, is_elsewhere=True),
        Outlier("Nord, moins bon qu’avant", office="nord", details=details),
    ]
    monkeypatch.setattr(pages, "describe_outliers", lambda *_given: iter(told))
    found = unescape(head.get(f"/chiffres?le={last_month(head.desk)}").text)
    shown = re.findall(r"<h3>([^<]*)</h3>|<li><a[^>]*>([^<]*)</a>", found)
    assert [title or words for title, words in shown] == [
        "Moins bon qu’ailleurs", "Sud", "Les Lilas",
        "Moins bon qu’avant, ou que ce qui est dû", "Partout", "Nord, moins bon qu’avant",
        "Plus de dossiers que d’habitude, ou qu’ailleurs", "R01 : 9 dossiers",
    ]  # fmt: skip


def test_the_map_marks_what_is_unusual_says_by_what_rule_and_draws_it_however_few_they_are(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_detail, "_RESIDENCES_DRAWN", 1)
    for residence in ("R01", "R02"):
        odd = Unusual(residence, "heating", 9, 1.5, 1e-6, FindingPeriod(date(2026, 3, 1), None))
        monkeypatch.setattr(Overview, "unusual", [odd])
        monkeypatch.setattr(head.desk, "figures", FigureReader(head.desk.store.figures))
        page = unescape(head.get(f"/chiffres/carte?le={last_month(head.desk)}").text)
        assert page.count('<rect class="frame"') == 1
        assert re.search(
            rf'▲ <span class="unseen">inhabituel : </span><a href="[^"]*r={residence}&m=heating[^"]*">', page
        )
        assert "9 depuis mars 2026, d’habitude 1,5" in page
        assert UNUSUAL in page
    monkeypatch.setattr(Overview, "unusual", [])
    monkeypatch.setattr(head.desk, "figures", FigureReader(head.desk.store.figures))
    assert "Rien ne l’est." in unescape(head.get(f"/chiffres/carte?le={last_month(head.desk)}").text)
    since = FindingPeriod(date(2026, 3, 1), None)
    monkeypatch.setattr(Overview, "unusual", [Unusual("R01", "", 90, 30, 1e-6, since, Against.ELSEWHERE)])
    page = unescape(head.get(f"/chiffres/carte?le={last_month(head.desk)}").text)
    assert '<rect class="frame"' not in page
    assert re.search(r"▲ [^<]*<small>inhabituel, tous motifs ensemble : 90 depuis mars 2026, ailleurs 30", page)


def test_the_sheet_of_a_meeting_is_reached_from_the_page_and_has_room_for_decisions(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    le = last_month(head.desk)
    assert "/chiffres/fiche?p=mois" in unescape(head.get(f"/chiffres?le={le}").text)
    detail, further = OutlierDetail("", BY_ID["in_time"]), OutlierDetail("Réponses tard", BY_ID["late"])
    told = [
        Outlier("Sud : moins bon service", office="sud", details=(detail, further)),
        Outlier("R01 : 9 dossiers", residence="R01"),
    ]
    monkeypatch.setattr("dtm_contact.figures.sheet.describe_outliers", lambda *_given: iter(told))
    page = unescape(head.get(f"/chiffres/fiche?le={le}&m=heating").text)
    assert re.search(r'<th scope="row">Sud : moins bon service<small>Réponses tard</small></th>(<td></td>){3}', page)
    assert "Chauffage, eau chaude · " in page
    assert page.count('<svg class="drawing ') == 1


def test_the_offices_and_what_has_none_add_up_to_all(head: Somebody) -> None:
    shown = pages_of(head, f"/chiffres?le={last_month(head.desk)}")
    header = re.findall(r'<th scope="col">([^<]*)', shown)
    assert "Sans bureau connu" in header
    for title in ("Messages écartés", "Appels reçus", "Appels répondus", "Nouveaux dossiers"):
        whole, *parts = (int(each) for each in numbers(shown, title))
        assert whole == sum(parts) > 0, title
    of_calls = [
        [int(each) for each in numbers(shown, f"Appels {which}")] for which in ("reçus", "répondus", "sans réponse")
    ]
    assert of_calls[0] == [sum(each) for each in zip(*of_calls[1:], strict=True)]


def test_the_balance_of_open_cases_closes_for_all_and_for_each_office(head: Somebody) -> None:
    page = pages_of(head, f"/chiffres?le={last_month(head.desk)}")
    table = re.search(r'class="numbers balance">(.*?)</table>', page, re.DOTALL)
    assert table
    lines = re.findall(r'<th scope="row">(\S*) ([^<]*)</th>(.*?)</tr>', table[1])
    assert [sign for sign, _, _ in lines] == ["", "+", "+", "+", "−", "−", "−", "="]
    numbers = [[int(each) for each in re.findall(r"<td>([0-9]+)</td>", cells)] for _, _, cells in lines]
    assert len(numbers[0]) == len(head.desk.directory.records.offices) + 1
    for start, opened, again, came, closed, merged, gone, end in zip(*numbers, strict=True):
        assert start + opened + again + came - closed - merged - gone == end
    assert numbers[3][0] == numbers[6][0] > 0


def test_a_page_and_a_sheet_of_an_office_lead_with_that_office(head: Somebody) -> None:
    le = last_month(head.desk)
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={le}")
    name = head.desk.office_name("sud")
    detail = pages_of(head, f"/chiffres/detail?c=opened&le={le}&b=sud")
    number = next(row["valeur"] for row in told if row["chiffre"] == "opened" and row["bureau"] == "sud")
    assert re.search(rf"<p>{name} : <b><a [^>]*>{number}</a></b>", detail)
    assert detail.index(f"<p>{name} : ") < detail.index("<p>Ensemble : ")
    sheet = pages_of(head, f"/chiffres/fiche?le={le}&b=sud")
    alarms = next(row["valeur"] for row in told if row["chiffre"] == "alarms" and row["bureau"] == "sud")
    assert f"<p>{name} : {alarms} dangers signalés" in sheet or f"<p>{name} : Aucun danger" in sheet


def test_business_hours_are_called_so_and_the_page_says_how_many_a_day_has_and_what_is_due(head: Somebody) -> None:
    page = pages_of(head, f"/chiffres?le={last_month(head.desk)}")
    row = re.search(r"Première réponse : la moitié attend plus de</a></th>(.*?)</tr>", page)
    assert row
    assert "\u00a0ouvrées" in row[1]
    assert re.search(r"Une journée en compte \d+\u00a0h", page)
    assert re.search(r"Délai de première réponse : P1 15\u00a0min, P2 .* ouvrées", page)


def test_a_figure_over_time_is_shown_office_by_office(head: Somebody) -> None:
    page = pages_of(head, f"/chiffres/detail?c=opened&le={last_month(head.desk)}")
    table = re.search(r"bureau par bureau\" class=\"numbers\">(.*?)</table>", page, re.DOTALL)
    assert table
    whole = [int(each) for each in re.findall(r"<td><a[^>]*>(\d+)|<td>(\d+)", table[1]) for each in each if each]
    assert sum(whole) > 0


def numbers(page: str, title: str) -> list[str]:
    row = re.search(rf'<tr><th scope="row"><a [^>]*>{title}</a></th>(.*?)</tr>', page)
    assert row
    return re.findall(r"<td[^>]*>(?:<a [^>]*>)?([0-9\u00a0]+)", row[1])


def pages_of(head: Somebody, path: str) -> str:
    answer = head.get(path)
    assert answer.status_code == 200
    return unescape(answer.text)


def test_a_residence_is_shown_beside_the_others_of_its_office_and_the_page_says_so(head: Somebody) -> None:
    le = last_month(head.desk)
    page = pages_of(head, f"/chiffres?le={le}&r=R01")
    assert "comparée aux autres résidences de son bureau" in page
    columns = re.findall(r'<th scope="col">([^<]*)', page)
    assert columns[2].startswith("Autres résidences, ")
    assert columns[3] == "Ensemble"
    mine, _, whole = numbers(page, "Nouveaux dossiers")
    assert int(whole) > int(mine)
    detail = pages_of(head, f"/chiffres/detail?c=opened&le={le}&r=R01")
    assert "Autres résidences, " in detail


def test_a_list_says_of_each_case_whether_its_answer_came_in_time(head: Somebody) -> None:
    le = last_month(head.desk)
    told = rows(head, f"/chiffres/export?t=bureaux&f=json&le={le}")
    share, due = next(
        (row["valeur"], row["cas"]) for row in told if row["chiffre"] == "in_time" and row["bureau"] == "ensemble"
    )
    cases = rows(head, f"/chiffres/dossiers/export?c=in_time&le={le}&f=json&colonne=délai")
    kept = [row["délai"] for row in cases]
    assert set(kept) == {"dans le délai", "hors délai"}
    assert 100 * kept.count("dans le délai") / len(kept) == pytest.approx(float(str(share)), abs=0.01)
    assert len(kept) == due
    page = pages_of(head, f"/chiffres/dossiers?c=in_time&le={le}")
    # It says so of the figure: beside it stands what the case is by now, which may be late again, or closed.
    assert page.count('<span class="kept">compté : ') == page.count('<li class="line')
    lines = re.findall(r'<li class="line.*?</li>', page, re.DOTALL)
    closed = [line for line in lines if 'class="due closed"' in line]
    assert 0 < len(closed) < len(lines)
    assert not any("à prendre" in line for line in closed)


def test_a_file_of_cases_says_in_what_waits_are_told_and_why_a_case_has_no_answer_in_time(head: Somebody) -> None:
    answer = head.get(f"/chiffres/dossiers/export?c=opened&le={last_month(head.desk)}&f=csv")
    first = answer.content.decode("utf-8-sig").splitlines()[0].split(";")
    assert {WAITED, "compté (fois)"} <= set(first)
    told = rows(head, f"/chiffres/dossiers/export?c=opened&le={head.desk.now().date()}&f=json&colonne=délai")
    assert {row["délai"] for row in told} <= {
        "dans le délai", "hors délai", "délai en cours", "clos ou réuni avant l’échéance"
    }  # fmt: skip


def test_heads_reach_the_figures_from_the_navigation_and_agents_do_not(head: Somebody) -> None:
    def navigation(somebody: Somebody) -> str:
        return str(re.findall(r"<nav.*?</nav>", somebody.get("/file").text, re.DOTALL)[0])

    assert '<a href="/chiffres">Chiffres</a>' in navigation(head)
    assert '<a href="/chiffres" aria-current="page">' in pages_of(head, "/chiffres")
    agent = Somebody(head.desk, "agathe", Role.AGENT, "nord")
    assert "/chiffres" not in navigation(agent)
    assert ("/chiffres" in head.get("/aide").text, "/chiffres" in agent.get("/aide").text) == (True, False)


def test_how_often_the_engine_was_wrong_is_a_share_by_topic_with_its_interval(head: Somebody) -> None:
    page = pages_of(head, f"/chiffres/detail?c=corrected_topic&le={last_month(head.desk)}")
    by_topic = page[page.index('<h2 id="motifs">') :]
    shares = re.findall(r"<small>(\d+)\u00a0% des motifs donnés \(([^)]*)\)</small>", by_topic)
    assert shares
    assert any(re.fullmatch(r"\d+ à \d+", interval) for _, interval in shares)
    assert all(interval.startswith("sur ") or re.fullmatch(r"\d+ à \d+", interval) for _, interval in shares)
    assert "‰" not in by_topic


def test_a_table_tells_its_rates_in_one_unit(head: Somebody) -> None:
    page = pages_of(head, f"/chiffres/detail?c=opened&le={last_month(head.desk)}")
    assert re.search(r"<small>\d+,\d\d par logement</small>", page)
    assert "‰</small>" not in page


def test_of_an_office_the_residences_of_others_are_one_line(head: Somebody) -> None:
    counts = {
        (office, residence, "heating"): {"opened": 3} for office in ("nord", "agence") for residence in ("R01", "R02")
    }
    cells, first = FigureCells.pack(counts), date(2020, 1, 1)
    keys, measures = [list(key) for key in cells.keys], list(cells.measures)
    head.desk.store.figures.put([Period("month", first, head.desk.now(), keys, measures, cells.octets)])

    def listed(office: str) -> str:
        page = pages_of(head, f"/chiffres/detail?c=opened&b={office}&le={first}")
        return page[page.index('<h2 id="residences">') : page.index('<h2 id="motifs">')]

    assert "r=R01" in listed("nord")
    assert "r=R02" not in listed("nord")
    assert "1 résidence d’autres bureaux, dont un dossier est passé par ici, n’y est pas (3 cas en tout)" in listed(
        "nord"
    )
    # The agency has no residence of its own.
    assert "r=R02" in listed("agence")
    assert "d’autres bureaux" not in listed("agence")


def test_a_course_has_its_zero_a_round_top_and_what_is_to_be_reached(head: Somebody) -> None:
    def course(figure: str) -> str:
        page = pages_of(head, f"/chiffres/detail?c={figure}&le={last_month(head.desk)}")
        return str(re.findall(r'<svg class="drawing cours".*?</svg>', page, re.DOTALL)[0])

    of_dangers, of_all = course("p1_in_time"), course("in_time")
    for drawing in (of_dangers, of_all):
        assert re.findall(r'<text x="68"[^>]*>([^<]*)<', drawing) == ["0", "50\u00a0%", "100\u00a0%"]
    assert ">dû : 90\u00a0%<" in of_dangers
    assert "dû" not in of_all


def test_bars_are_as_wide_as_there_is_room_for_and_keep_their_numbers(head: Somebody) -> None:
    page = pages_of(head, f"/chiffres/detail?c=in_time&le={last_month(head.desk)}")
    drawing = re.findall(r'<svg class="drawing barres".*?</svg>', page, re.DOTALL)[0]
    assert "viewBox" not in drawing
    assert re.search(r'<rect class="rod[^"]*" x="0" y="\d+" width="[\d.]+%"', drawing)
    assert re.search(r'<text x="0" y="\d+">(▲ )?\d+\u00a0% \(', drawing)


def test_the_map_shows_which_share_had_no_answer_in_time_too(head: Somebody) -> None:
    le = last_month(head.desk)
    assert "v=retard" in pages_of(head, f"/chiffres/carte?le={le}")
    page = pages_of(head, f"/chiffres/carte?le={le}&v=retard")
    assert re.search(r'c=in_time[^"]*">\d+ %</a><small>\d+ sur \d+</small>', page)


def test_the_board_has_no_log_in_and_nothing_of_a_person(desk: DeskAlone) -> None:
    open_in(desk.store, "nord", "one")
    desk.store.figures.add_board("hall", digest_of("secret"), desk.now())
    stranger = Somebody(desk, "x", Role.AGENT, "nord")
    stranger.client.cookies.clear()
    board = stranger.get("/tableau/secret")
    assert board.status_code == 200
    assert "Nadia" not in board.text
    assert "<form" not in board.text
    assert "2026-" not in board.text
    assert re.search(r"Dossiers ouverts</dt><dd>1</dd>", board.text)
    assert board.headers["cache-control"] == "no-store"
    assert desk.store.figures.revoke_board("hall")
    assert stranger.get("/tableau/secret").status_code == 404


def test_who_guesses_addresses_of_boards_is_bounded_and_the_screens_go_on(desk: DeskAlone) -> None:
    desk.store.figures.add_board("hall", digest_of("secret"), desk.now())
    guesser = Somebody(desk, "x", Role.AGENT, "nord")
    desk.limits.boards = RateLimit(most := 3)
    assert {guesser.get(f"/tableau/{at}").status_code for at in range(most)} == {404}
    assert guesser.get("/tableau/again").status_code == 429
    assert guesser.get("/tableau/secret").status_code == 200
