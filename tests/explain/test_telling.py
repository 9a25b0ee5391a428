"""What a decision is told in, for people of the offices: plain sentences that say who, where, why and what next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.directory.records import Lease
from dtm_contact.explain.acts import acts_of
from dtm_contact.explain.names import Names, without_code
from dtm_contact.explain.telling import AnswerPreview, Standing, explained
from dtm_contact.explain.whom import explain_where, explain_who, place_to_ask
from dtm_contact.hours import PARIS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Asker,
    Candidate,
    CaseKind,
    Channel,
    Contact,
    Evidence,
    Judgement,
    Likely,
    Mailbox,
    Match,
    OnDuty,
    Part,
    Priority,
    Proposal,
    Scope,
    Span,
    Unanswered,
    Understanding,
    Wish,
    Wished,
    WriterHome,
)
from dtm_contact.rules import RuleSet, decide, load_rules
from tests.rules.folders import SHIPPED

DAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NIGHT = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
UNKNOWN = Match()
POSSIBLE = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.4, 0.7)


@cache
def directory() -> Directory:
    return Directory(read_export(Path(__file__).parents[1] / "directory" / "good")[0])


@cache
def rules() -> RuleSet:
    return load_rules(SHIPPED)


def names() -> Names:
    return Names(directory(), {code: topic.label for code, topic in rules().reader.topics.items()}, PARIS)


def leases() -> Sequence[Lease]:
    return directory().records.leases


def sentences(
    understanding: Understanding, match: Match = UNKNOWN, at: datetime = DAY, answer: AnswerPreview | None = None
) -> dict[str, str]:
    told = explained(judged(understanding, match, at), names(), rules(), answer=answer)
    return {each.title: each.text for each in told}


def judged(understanding: Understanding, match: Match = UNKNOWN, at: datetime = DAY) -> Judgement:
    contact = Contact(Channel.EMAIL, at, sender=Mailbox("Jo Ferrand", "jo@free.example"), new_text="…")
    decision = decide(contact, match, understanding, at, rules(), directory(), trace=True)
    return Judgement("x.eml", contact, match, understanding, decision)


def about(topic: str, priority: Priority = Priority.P3, **given: object) -> Understanding:
    return Understanding(CaseKind.CASE, (topic,), priority, **given)  # type: ignore[arg-type]


def candidate(lease: Lease, probability: float, *evidence: Evidence) -> Candidate:
    residence = directory().residence_of(lease.dwelling_id)
    home = residence.residence_id if residence else None
    return Candidate(lease.tenant_id, lease.dwelling_id, home, probability, 9.0, evidence)


def test_nobody_is_called_a_tenant_who_is_not_known_as_one() -> None:
    who = sentences(about("pests", asker=Asker.TENANT))["Qui écrit"]
    assert "locataire qui demande" not in who
    assert "Aucun de nos locataires n'est reconnu" in who
    assert "un fournisseur qui demande" in sentences(about("partner", asker=Asker.SUPPLIER))["Qui écrit"]


def test_a_possible_danger_says_that_nobody_is_woken_and_which_rule_would() -> None:
    text = sentences(about("gas", Priority.P2, alarm=POSSIBLE), at=NIGHT)
    assert "L'astreinte n'est pas prévenue : elle ne l'est que pour un danger certain." in text["Qui agit"]
    assert "ne joue pas parce qu'un danger est possible, sans être certain" in text["Pourquoi cette file"]
    assert "alarme" not in " ".join(text.values())
    certain = sentences(about("gas", alarm=replace(POSSIBLE, level=AlarmLevel.CERTAIN)), at=NIGHT)
    assert "astreinte" not in certain["Danger ou non"]
    assert certain["Qui agit"].startswith("L'astreinte est prévenue tout de suite. C'est à elle d'agir, sans attendre.")
    assert "Aucun gardien n'est prévenu" in certain["Qui agit"]
    assert [*certain][:4] == ["Quand", "Attention : le lieu n'est pas connu", "Danger ou non", "Qui agit"]
    assert [*sentences(about("pests"))][-1] == "Qui agit"
    assert "l'astreinte suivante est prévenue" in certain["Qui agit"].replace("personne d'astreinte", "l'astreinte")
    assert "au bout de 10 min puis au bout de 30 min" in certain["Qui agit"]
    assert "lit ce message avant les autres, au plus tard" in text["Qui agit"]


def test_when_it_came_stands_on_top() -> None:
    told = sentences(about("pests"))
    assert next(iter(told)) == "Quand"
    assert told["Quand"] == "Reçu le mardi 24 novembre à 10 h 30 (courriel)."
    closed = AnswerPreview("Urgence", None, closed=True)
    assert told["Quand"].removesuffix(".") in sentences(about("pests"), answer=closed)["Quand"]
    assert sentences(about("pests"), answer=closed)["Quand"].endswith(" ; les bureaux sont fermés.")


@pytest.mark.parametrize(
    ("judged_as", "now", "says", "never"),
    [
        (AlarmLevel.CERTAIN, AlarmLevel.NONE, "Depuis, un agent a dit qu'il n'y a pas de danger", "C'est à elle"),
        (AlarmLevel.CERTAIN, AlarmLevel.NONE, "L'astreinte avait été prévenue", "tout de suite"),
        (AlarmLevel.NONE, AlarmLevel.CERTAIN, "L'astreinte est prévenue tout de suite", "n'est pas prévenue"),
        (AlarmLevel.POSSIBLE, AlarmLevel.CERTAIN, "L'astreinte est prévenue tout de suite", "n'est pas prévenue"),
        (AlarmLevel.POSSIBLE, AlarmLevel.POSSIBLE, "L'astreinte n'est pas prévenue", "est prévenue tout"),
    ],
)
def test_who_is_told_goes_by_how_the_case_stands_now(
    judged_as: AlarmLevel, now: AlarmLevel, says: str, never: str
) -> None:
    judgement = judged(about("gas", Priority.P2, alarm=replace(POSSIBLE, level=judged_as)))
    alarm = replace(POSSIBLE, level=now, raised_by=AlarmSource.AGENT)
    moved = Standing(alarm, "agence-sinistres", DAY)
    told = " ".join(each.text for each in explained(judgement, names(), rules(), standing=moved))
    assert says in told
    assert never not in told
    assert "file « Agence – sinistres et assurances »" in told
    closed = replace(moved, open=False)
    follows = {each.title: each.text for each in explained(judgement, names(), rules(), standing=closed)}["Qui agit"]
    assert follows == "Le dossier est clos : il n'y a plus rien à faire."


def test_a_rule_is_told_by_its_own_words_and_what_made_it_hold() -> None:
    why = sentences(about("pests"))["Pourquoi cette file"]
    assert why == (
        "La règle « L'entretien du logement et de l'immeuble va au bureau de proximité » décide parce que le sujet est"
        " « Nuisibles »."
    )
    default = sentences(about("other"))["Pourquoi cette file"]
    assert default == "C'est la règle générale qui s'applique : « Tout le reste va au bureau de proximité »."
    aside = sentences(Understanding(CaseKind.AUTOMATIC, ("automatic",), Priority.P4))
    assert "personne n'a à s'en occuper" in aside["Qui agit"]
    assert "n'ouvre pas de dossier" in aside["Pourquoi aucun dossier"]


def test_what_cannot_wait_in_the_night_says_who_is_told_though_it_is_no_danger() -> None:
    text = sentences(about("water_leak", Priority.P2), at=NIGHT)
    assert text["Qui agit"].startswith("Cela ne peut pas attendre : l'astreinte est prévenue, comme le veut la règle")
    assert "astreinte" not in text["Danger ou non"]
    assert "le contact est arrivé quand les bureaux étaient fermés" in text["Pourquoi cette file"]


def test_somebody_is_named_by_what_and_a_namesake_by_their_address() -> None:
    lease = leases()[0]
    other = next(each for each in leases() if each.tenant_id == "T000003")
    signed = Evidence("name.signed", 9.0, "M. Joly")
    lives = Evidence("place.street", 8.0, "14 rue Hoche")
    best = candidate(lease, 0.97, signed, lives)
    second = candidate(other, 0.3, signed, replace(lives, weight=-2.0))
    likely = Likely(lease.tenant_id, 0.97)
    who = sentences(about("pests"), Match((best, second), tenant=likely))["Qui écrit"]
    named = without_code(names().person(lease.tenant_id))
    assert f"Le message désigne presque sûrement {named} comme la personne concernée, d'après le nom" in who
    assert "rien ne prouve que c'est cette personne qui l'a envoyé : l'adresse électronique n'est pas dans" in who
    address = directory().address_of(other.dwelling_id)
    assert address is not None
    assert f"Ce n'est pas {without_code(names().person(other.tenant_id))}, " in who
    assert f"{address.house_number} {address.street}" in who
    assert address.commune in who
    assert "« 14 rue Hoche » n'est pas son adresse" in who
    assert "(T0" not in who


def test_what_is_missing_to_know_the_dwelling_is_said() -> None:
    people = [leases()[0], next(each for each in leases() if each.tenant_id == "T000003")]
    residence = directory().residence_of(people[0].dwelling_id)
    assert residence is not None
    likely = Likely(residence.residence_id, 0.99)
    cited = Evidence("place.street", 8.0, "14 rue Hoche")
    two = tuple(replace(candidate(each, 0.2, cited), residence_id=residence.residence_id) for each in people)
    where = sentences(about("pests"), Match(two, residence=likely, place_evidence=(cited,)))["Où c'est"]
    assert "« 14 rue Hoche »" in where
    assert f"plusieurs conviennent ({without_code(names().dwelling(people[0].dwelling_id))} ; " in where
    assert "le message ne dit pas " in where
    alone = Match((candidate(people[0], 0.2, cited),), residence=likely)
    assert "il manque l'étage et la porte" in sentences(about("pests"), alone)["Où c'est"]
    assert "aucune adresse de notre parc" in sentences(about("pests"))["Où c'est"]


def test_who_lives_elsewhere_and_what_may_be_confirmed_by_whom() -> None:
    lease = leases()[0]
    residence = directory().residence_of(lease.dwelling_id)
    assert residence is not None
    match = Match(
        (candidate(lease, 0.99, Evidence("email.known", 9.0, "jo@free.example")),),
        tenant=Likely(lease.tenant_id, 0.99),
        home=WriterHome(lease.dwelling_id, residence.residence_id),
        proposals=(Proposal("number", "+33600000000", lease.tenant_id, "06 00 00 00 00"),),
    )
    text = sentences(about("pests"), match)
    assert f"L'auteur habite ailleurs : {without_code(names().dwelling(lease.dwelling_id))}" in text["Où c'est"]
    assert "Un agent peut ajouter le numéro 06 00 00 00 00 à la fiche de " in text["Qui écrit"]
    assert "comme son auteur" in text["Qui écrit"]
    assert "l'adresse électronique est la sienne, mais n'a pas été vérifiée" in text["Qui écrit"]
    proven = sentences(about("pests"), replace(match, proven=(lease.tenant_id,)))["Qui écrit"]
    assert "et c'est prouvé : notre serveur de courrier a vérifié qu'il vient de son adresse" in proven
    assert "rien ne prouve" not in proven
    of_spouse = replace(
        match, candidates=(candidate(lease, 0.99, Evidence("email.household", 9.0, "jo@free.example")),)
    )
    assert "est celle de quelqu'un d'autre du foyer" in sentences(about("pests"), of_spouse)["Qui écrit"]


def test_a_matter_of_the_building_is_told_there_and_the_dwelling_as_where_they_live() -> None:
    lease = leases()[0]
    residence = directory().residence_of(lease.dwelling_id)
    assert residence is not None
    match = Match(
        (candidate(lease, 0.99, Evidence("email.known", 9.0, "jo@free.example")),),
        tenant=Likely(lease.tenant_id, 0.999),
        dwelling=Likely(lease.dwelling_id, 0.96),
        residence=Likely(residence.residence_id, 0.999),
    )
    home = without_code(names().dwelling(lease.dwelling_id))
    common = sentences(about("pests", scope=Scope.STAIRCASE), match)["Où c'est"]
    assert common.startswith("Dans la cage d'escalier : ")
    assert common.endswith(f"C'est là qu'habite cette personne, d'après nos fiches : {home}.")
    own = sentences(about("pests", scope=Scope.DWELLING), match)
    assert own["Où c'est"].startswith(home)
    assert "C'est l'adresse de cette personne d'après nos fiches" in own["Où c'est"]
    assert "c'est sûr" not in own["Où c'est"]
    cited = replace(match, place_evidence=(Evidence("place.street", 8.0, "14 rue Hoche"),))
    assert "(c'est sûr)" in sentences(about("pests", scope=Scope.DWELLING), cited)["Où c'est"]
    assert "(ce bureau suit cette résidence)" in own["Qui agit"]
    nowhere = replace(match, tenant=None, dwelling=None)
    assert "logement n'est pas" not in sentences(about("pests", scope=Scope.BUILDING), nowhere)["Où c'est"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("La petite fille du 10e pleure derrière la porte. 14 rue Hoche", "le message parle de l'étage « 10e »"),
        ("La voisine du 10e ne répond plus. 14 rue Hoche", "le message parle de l'étage « 10e »"),
        ("La voisine crie. 14 rue Hoche", "le message parle d'un voisin"),
        ("Ma mère est tombée. 14 rue Hoche", ""),
    ],
)
def test_a_danger_on_another_floor_is_not_told_as_surely_at_home(text: str, says: str) -> None:
    lease = leases()[0]
    residence = directory().residence_of(lease.dwelling_id)
    assert residence is not None
    start = text.index("14 rue")
    cited = Evidence("place.street", 8.0, "14 rue Hoche", Span(Part.NEW, start, start + 12))
    match = Match(
        (candidate(lease, 0.999, cited),),
        tenant=Likely(lease.tenant_id, 0.999),
        dwelling=Likely(lease.dwelling_id, 0.999),
        residence=Likely(residence.residence_id, 0.999),
        place_evidence=(cited,),
    )
    contact = Contact(Channel.EMAIL, DAY, new_text=text)
    understanding = about("danger", Priority.P1, alarm=replace(POSSIBLE, level=AlarmLevel.CERTAIN))
    decision = decide(contact, match, understanding, DAY, rules(), directory(), trace=True)
    where = " ".join(explain_where(Judgement("x", contact, match, understanding, decision), names()))
    assert says in where
    assert ("Attention" in where) is bool(says)
    assert ("c'est sûr" in where) is not bool(says)


def test_the_surname_is_quoted_though_a_mailbox_tells_spouses_apart() -> None:
    lease = leases()[0]
    shown, signed = (
        Evidence("name.display", 9.0, f"{lease.first_name} J"),
        Evidence("name.signed", 2.0, lease.last_name),
    )
    match = Match(
        (candidate(lease, 0.997, shown), replace(candidate(lease, 0.003, signed), tenant_id="T999999")),
        tenant=Likely(lease.tenant_id, 0.997),
    )
    assert f"signature « {lease.last_name} »" in sentences(about("pests"), match)["Qui écrit"]


def test_nobody_reads_a_possible_danger_before_the_offices_open() -> None:
    asks = AnswerPreview("Êtes-vous en danger ?", None, closed=True, asks=True)
    understanding = about("gas", Priority.P2, alarm=POSSIBLE)
    closed = sentences(understanding, at=NIGHT, answer=asks)["Qui agit"]
    assert closed.startswith("Les bureaux sont fermés : personne ne lit ce message avant leur ouverture. La réponse")
    assert "s'il répond oui, l'astreinte est prévenue aussitôt" in closed
    silent = replace(asks, why_not=Unanswered.ROBOT)
    assert "s'il répond oui" not in sentences(understanding, at=NIGHT, answer=silent)["Qui agit"]
    assert "bureaux sont fermés" not in sentences(understanding, answer=replace(asks, closed=False))["Qui agit"]


@pytest.mark.parametrize(
    ("known", "scope", "title", "asks"),
    [
        ((), None, "Attention : le lieu n'est pas connu", "l'adresse, le bâtiment, l'étage et la porte"),
        (("residence",), None, "Attention : il manque une partie de l'adresse", "l'étage et la porte"),
        (("residence",), Scope.BUILDING, "Attention : il manque une partie de l'adresse", "dans la rue, le bâtiment."),
        (("residence", "dwelling"), Scope.BUILDING, "Où c'est", ""),
    ],
)
def test_a_danger_of_which_the_place_is_unsure_says_so_first_and_what_to_ask(
    known: tuple[str, ...], scope: Scope | None, title: str, asks: str
) -> None:
    lease = leases()[0]
    residence = directory().residence_of(lease.dwelling_id)
    assert residence is not None
    given = {"residence": Likely(residence.residence_id, 0.999), "dwelling": Likely(lease.dwelling_id, 0.999)}
    match = Match((candidate(lease, 0.999),), **{each: given[each] for each in known})  # type: ignore[arg-type]
    judgement = judged(about("gas", scope=scope, alarm=replace(POSSIBLE, level=AlarmLevel.CERTAIN)), match)
    told = {each.title: each.text for each in explained(judgement, names(), rules())}
    assert [*told].index(title) == (1 if asks else 2)
    assert place_to_ask(judgement, names()).endswith(asks if asks.endswith(".") else f"{asks}.") or not asks
    assert place_to_ask(judgement, names()) in told[title]
    assert bool(place_to_ask(judgement, names())) is bool(asks)
    assert place_to_ask(judged(about("pests"), match), names()) == ""
    hurt = replace(judgement, understanding=replace(judgement.understanding, violence_at_home=True))
    assert ("le moyen qu'elle donne elle-même" in place_to_ask(hurt, names())) is bool(asks)


def test_spouses_are_told_apart_by_what_can_be_seen_or_not_at_all() -> None:
    lease = leases()[0]
    spouse = next(each for each in leases() if each.tenant_id != lease.tenant_id)
    him, her = replace_names(lease, "M.", "Paul"), replace_names(spouse, "Mme", "Odette")
    contact = Contact(Channel.EMAIL, DAY, new_text="chez Mme Royer. Odette Royer. O. Royer")
    records = replace(directory().records, leases=[him, her])
    both = replace(names(), directory=Directory(records))
    second, best = (Candidate(each.tenant_id, None, None, 0.5, 1.0, ()) for each in (him, her))
    for start, end, expected in (
        (9, 14, "le message écrit « Mme Royer »"),
        (16, 28, "le prénom « Odette » est celui de Mme Odette Royer"),
        (30, 38, "l'initiale « O. » est celle de Mme Odette Royer"),
        (23, 28, ""),
    ):
        seen = contact.new_text[start:end]
        piece = Evidence("name.named", 5.0, seen, Span(Part.NEW, start, end))
        match = Match((replace(best, evidence=(piece,)), second), tenant=Likely(her.tenant_id, 0.97))
        decision = decide(contact, UNKNOWN, about("pests"), DAY, rules(), directory(), trace=True)
        who = " ".join(explain_who(Judgement("x", contact, match, about("pests"), decision), both))
        assert expected in who
        assert ("Ce n'est pas" in who) is bool(expected)
        assert "va mieux" not in who


def replace_names(lease: Lease, title: str, first_name: str) -> Lease:
    return replace(lease, title=title, first_name=first_name, last_name="Royer")


def test_a_wish_is_told_in_its_sentence_to_be_confirmed_with_what_stays_possible() -> None:
    text = "Bonsoir. Surtout ne m'appelez pas sur le fixe, il ouvre tout. Merci."
    start = text.index("appelez")
    wished = Wished(Wish.NO_PHONE, Evidence("wish.word", 1.0, "appelez pas", Span(Part.NEW, start, start + 11)))
    contact = Contact(Channel.EMAIL, DAY, sender=Mailbox("Jo", "jo@free.example"), new_text=text)
    understanding = about("pests", wishes=(wished,))
    decision = decide(contact, UNKNOWN, understanding, DAY, rules(), directory(), trace=True)
    blocks = explained(Judgement("x", contact, UNKNOWN, understanding, decision), names(), rules())
    told = {each.title: each.text for each in blocks}
    asked, follows = told["Ce qui est demandé"], told["Qui agit"]
    assert "à vérifier – ne pas appeler : « Surtout ne m'appelez pas sur le fixe, il ouvre tout »." in asked
    assert (
        "mais seulement par l'adresse électronique d'où vient ce message ou un numéro que la personne donne" in follows
    )
    assert follows.endswith("ou le courrier postal.")
    violence = replace(understanding, violence_at_home=True)
    blocks = explained(Judgement("x", contact, UNKNOWN, violence, decision), names(), rules())
    assert "le courrier postal" not in " ".join(each.text for each in blocks)


def test_a_program_is_no_person_and_names_nobody() -> None:
    lease = leases()[0]
    residence = directory().residence_of(lease.dwelling_id)
    assert residence is not None
    match = Match((candidate(lease, 0.5),), residence=Likely(residence.residence_id, 0.99))
    who = sentences(about("gas", by_program=True), match)["Qui écrit"]
    assert who.startswith("Personne n'écrit : c'est un programme")
    assert "On le sait parce que son texte le dit" in who
    assert "probable" not in who
    assert "personne n'y porte le nom qu'elle affiche, « Jo Ferrand »" in sentences(about("pests"))["Qui écrit"]


def test_a_parking_box_is_called_one_and_the_caretaker_is_told_with_their_residence() -> None:
    lease = leases()[0]
    residence = directory().residence_of(lease.dwelling_id)
    assert residence is not None
    boxes = [
        replace(each, kind="parking") if each.dwelling_id == lease.dwelling_id else each
        for each in directory().records.dwellings
    ]
    parked = replace(names(), directory=Directory(replace(directory().records, dwellings=boxes)))
    caretaker = directory().records.caretakers[0]
    match = Match(
        dwelling=Likely(lease.dwelling_id, 0.99),
        residence=Likely(residence.residence_id, 0.99),
        caretakers=(OnDuty(caretaker.caretaker_id, None),),
    )
    decision = decide(Contact(Channel.EMAIL, DAY), match, about("parking"), DAY, rules(), directory(), trace=True)
    where = " ".join(
        explain_where(Judgement("x", Contact(Channel.EMAIL, DAY), match, about("parking"), decision), parked)
    )
    assert "Place de stationnement, " in where
    in_building = f"ce bâtiment (résidence {residence.name}, {residence.commune})"
    assert f"Gardien de service ce jour-là pour {in_building} : " in where


def test_a_message_that_has_just_come_in_says_whom_it_calls_and_shows_the_acts_in_their_order() -> None:
    answer = AnswerPreview("Urgence", None, on_call=("premier@bailleur.example", "second@bailleur.example"))
    certain = replace(POSSIBLE, level=AlarmLevel.CERTAIN)
    assert (
        "par courriel à premier@bailleur.example" in sentences(about("gas", alarm=certain), answer=answer)["Qui agit"]
    )
    judgement = judged(about("gas", alarm=certain))
    acts = acts_of([judgement], "gas", certain, rules(), directory(), NIGHT)
    blocks = explained(judgement, names(), rules(), acts=acts)
    assert next(each for each in blocks if each.title == "Que faire").acts == acts.groups
    assert "Que faire" not in [each.title for each in explained(judgement, names(), rules())]


@pytest.mark.parametrize("why", [*Unanswered, None])
def test_the_automatic_answer_or_why_there_is_none(why: Unanswered | None) -> None:
    text = sentences(about("pests"), answer=AnswerPreview("Nous avons bien reçu votre message", why))["Qui agit"]
    assert ("« Nous avons bien reçu votre message »" in text) is (why is None)
    assert ("Aucune réponse automatique ne part, car " in text) is (why is not None)
    assert "Un agent de la file « Agence – accueil » (Champigny-sur-Marne) répond au plus tard " in text
