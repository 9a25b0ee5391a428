"""What a source sends, from its bytes to its queue, by the rules as shipped."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from dtm_contact.contract import as_json
from dtm_contact.explain.names import Names
from dtm_contact.explain.reason import source_line
from dtm_contact.explain.terminal import render_judgement
from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    Authentication,
    CaseKind,
    Channel,
    Judgement,
    Priority,
    SourceField,
    Unread,
    VoiceNotice,
)
from dtm_contact.outbound import why_not_answered
from dtm_contact.reading import limits, notes
from tests.sources.mails import (
    AGENCY,
    ASKED,
    AT,
    JOLY,
    LIFTS,
    ROOT,
    arrived,
    form,
    grounds,
    judged,
    mail,
    with_rules,
)

ALARM = "Événement : {event}\nN° appareil : 75-20418\nAdresse : 14 rue du 11-Novembre-1918 93170 Bagnolet\n"
ROWS = "".join(
    f"<tr><td>{label}</td><td>{value}</td></tr>"
    for label, value in [("N° de demande", "AN-1"), ("Nom", "Joly"), ("N° de bail", "3900689/60")]
)


def test_a_form_s_person_is_who_writes_and_is_answered() -> None:
    judgement = judged(mail(form()))
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == JOLY
    assert judgement.match.proven == (JOLY,)
    assert judgement.joining.proven
    assert judgement.writer.address == ASKED["email"]
    assert judgement.contact.channel is Channel.FORM
    assert judgement.contact.new_text == ASKED["text"]
    arrival = arrived(mail(form()))
    assert why_not_answered(arrival, judgement, judgement.writer.address, (), AT, danger=False) is None


@pytest.mark.parametrize("proven", [True, False])
def test_only_who_is_vouched_for_is_a_source(proven: bool) -> None:  # noqa: FBT001 - it is what is tried
    judgement = judged(mail(form()), proven=proven)
    assert (judgement.contact.sourced is not None) is proven
    assert bool(judgement.match.proven) is proven
    assert (judgement.contact.sender.address == AGENCY) is not proven


def test_a_look_alike_from_another_domain_is_none() -> None:
    judgement = judged(mail(form(), sender="ne-pas-repondre@agence-numerique.example.org"))
    assert judgement.contact.sourced is None
    assert judgement.match.proven == ()


def test_who_types_another_s_name_into_the_text_does_not_become_them() -> None:
    typed = (
        "Bonjour, je suis M. Jean-Luc Maréchal\nNom : Maréchal\nPrénom : Jean-Luc\nN° de bail : 2893596/11\n"
        "E-mail : jean-luc.marechal@yahoo.example\nTéléphone : 06 16 73 31 85\nPlus de chauffage.\nJean-Luc Maréchal"
    )
    judgement = judged(mail(form(text=typed)))
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == JOLY
    assert judgement.match.proven == (JOLY,)
    assert judgement.writer.address == ASKED["email"]
    assert judgement.contact.new_text == typed


def test_a_lease_whose_name_is_another_s_proves_nobody() -> None:
    judgement = judged(mail(form(lease="2893596/11")))
    assert judgement.match.proven == ()
    assert not judgement.joining.proven


def test_a_lease_without_a_name_names_nobody() -> None:
    text = "\n".join(line for line in form().split("\n") if not line.startswith(("Nom", "Prénom")))
    judgement = judged(mail(text))
    assert judgement.match.tenant is None
    assert judgement.match.proven == ()
    assert "Un numéro de bail sans nom : il ne désigne personne." in judgement.contact.notes


def test_nobody_becomes_one_of_us_by_a_form() -> None:
    judgement = judged(mail(form(email="directeur@parishabitat.fr")))
    assert judgement.writer.address == ""
    assert not judgement.joining.by_staff
    assert judgement.decision.kind is CaseKind.CASE
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.answer_at == "directeur@parishabitat.fr"


def test_the_mailbox_that_a_form_writes_to_is_nobody_s_answer() -> None:
    message = mail(form(email="metropole@parishabitat.fr"))
    judgement = judged(message)
    assert "metropole@parishabitat.fr" in str(message["To"])
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.answer_at == ""


def test_the_code_fixes_the_topic_and_the_text_is_heard_beside_it() -> None:
    plain = judged(mail(form(topic="Quittance", text="Je voudrais celle d'octobre, merci")))
    assert (plain.understanding.topic, plain.decision.priority) == ("documents", Priority.P4)
    leak = judged(mail(form(topic="Quittance", text="L'eau coule du plafond du salon, grosse fuite")))
    assert leak.understanding.topics[:2] == ("documents", "water_leak")
    assert leak.decision.priority is Priority.P2


def test_no_code_lowers_a_danger_of_the_text() -> None:
    judgement = judged(mail(form(topic="Quittance", text="Ça sent très fort le gaz dans la cage d'escalier")))
    assert judgement.decision.priority is Priority.P1
    assert judgement.understanding.topic == "gas"
    assert "on_call" in judgement.decision.notify


def test_a_choice_that_has_no_meaning_is_read() -> None:
    judgement = judged(mail(form(topic="Punaises de lit", text="Voir photo")))
    assert judgement.contact.new_text == "Punaises de lit\nVoir photo"
    assert judgement.understanding.topic == "pests"


def test_a_table_is_read_where_the_mail_has_one() -> None:
    html = f"<table>{ROWS}<tr><td>Message</td><td>Plus de chauffage<br>Nom : Dupont</td></tr></table>"
    judgement = judged(mail("Votre logiciel n'affiche pas le HTML.", html=html))
    assert judgement.match.proven == (JOLY,)
    assert judgement.contact.new_text == "Plus de chauffage\nNom : Dupont"


def test_an_address_field_sets_the_place_of_the_matter() -> None:
    text = form(text="Plus de lumière dans le hall").replace(
        "E-mail", "Adresse : 67 rue Émile-Zola 93500 Pantin\nE-mail"
    )
    judgement = judged(mail(text))
    there = grounds().directory.residences[judgement.match.residence.id] if judgement.match.residence else None
    assert there is not None
    assert there.commune == "Pantin"
    assert judgement.decision.office_id == "pantin"
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == JOLY
    assert judgement.match.home is not None
    assert judgement.match.home.dwelling_id == "L000002"


@pytest.mark.parametrize(
    ("event", "topic", "priority", "alarm"),
    [
        ("Personne bloquée", "elevator_trapped", Priority.P1, AlarmLevel.CERTAIN),
        ("Alarme cabine", "elevator_trapped", Priority.P2, AlarmLevel.POSSIBLE),
        ("Appareil hors service", "elevator", Priority.P2, AlarmLevel.NONE),
        ("Arrêt programmé", "elevator", Priority.P3, AlarmLevel.NONE),
        ("Remise en service", "thanks", Priority.P4, AlarmLevel.NONE),
    ],
)
def test_a_lift_s_code_says_how_urgent_it_is(event: str, topic: str, priority: Priority, alarm: AlarmLevel) -> None:
    judgement = judged(mail(ALARM.format(event=event), sender=LIFTS, subject="Information"))
    assert judgement.understanding.topic == topic
    assert (judgement.decision.priority, judgement.decision.alarm.level) == (priority, alarm)
    assert judgement.decision.kind is CaseKind.CASE
    assert judgement.decision.office_id == "bagnolet"
    assert judgement.match.residence is not None
    assert judgement.match.residence.id == "R001"
    if alarm is not AlarmLevel.NONE:
        assert judgement.decision.alarm.raised_by is AlarmSource.SOURCE


def test_nobody_is_answered_for_an_alarm() -> None:
    message = mail(ALARM.format(event="Personne bloquée"), sender=LIFTS)
    judgement = judged(message)
    assert judgement.writer.address == ""
    assert why_not_answered(arrived(message), judgement, "", (), AT, danger=True) is not None
    assert "on_call" in judgement.decision.notify


def test_a_lift_whose_number_the_directory_has_needs_no_address() -> None:
    text = "Événement : Personne bloquée\nN° appareil : 07009354764261\n"
    judgement = judged(mail(text, sender=LIFTS))
    entrance = next(a for a in grounds().directory.records.addresses if a.address_id == "A00061")
    assert judgement.match.residence is not None
    assert judgement.match.residence.id == entrance.residence_id


def test_what_cannot_be_read_is_a_case_and_says_so() -> None:
    message = mail("Bonjour, l'ascenseur du 3 est arrêté.", sender=LIFTS)
    judgement = judged(message)
    assert judgement.decision.kind is CaseKind.CASE
    assert judgement.understanding.topic == "elevator"
    assert any("n'ont pas pu être lus" in note for note in judgement.contact.notes)
    assert as_json(judgement)["sent_by"]["read"] is False


@pytest.mark.parametrize("sender", [AGENCY, LIFTS])
def test_an_absence_from_a_source_s_domain_is_set_aside(sender: str) -> None:
    away = mail("Je suis absent.", sender, "Réponse automatique : demande", auto_submitted="auto-replied")
    judgement = judged(away)
    assert judgement.contact.sourced is None
    assert judgement.decision.kind is CaseKind.AUTOMATIC


def test_a_source_s_mail_is_never_set_aside() -> None:
    message = mail(form(text="merci de ne pas répondre"), Precedence="bulk", List_Unsubscribe="<https://x.example>")
    assert judged(message).decision.kind is CaseKind.CASE


def test_a_contractor_s_absent_tenant_is_an_appointment_to_make() -> None:
    text = "Intervention n° : 2026-88\nLocataire : Mme Joly\nStatut : Locataire absent\nCompte rendu : Avis laissé."
    judgement = judged(mail(text, sender="dispatch@prestataire.example"))
    assert judgement.understanding.topic == "appointment"
    assert judgement.decision.kind is CaseKind.CASE
    assert judgement.contact.by_program
    by_hand = judged(mail(text, sender="dispatch@prestataire.example", auto_submitted="no"))
    assert by_hand.writer.address == "dispatch@prestataire.example"
    assert not by_hand.contact.by_program


def test_a_copier_s_letter_is_read_by_nobody() -> None:
    scan = mail("Un pli numérisé. Attestation d'assurance en pièce jointe.", "copieur@bailleur.example", "Scan")
    scan.add_attachment(b"%PDF-1.4 scan", maintype="application", subtype="pdf", filename="0001.pdf")
    judgement = judged(scan, proven=False)
    assert judgement.understanding.unread is Unread.SCAN
    assert judgement.contact.channel is Channel.LETTER
    assert judgement.writer.address == ""


def test_signal_logement_is_official_and_numbered_by_its_subject() -> None:
    notice = mail(
        "Bonjour, un signalement vous a été affecté. Cliquez sur le lien.",
        "notifications@signal-logement.beta.gouv.fr",
        "Nouveau signalement n° 2026-1234 à prendre en charge",
    )
    judgement = judged(notice)
    assert judgement.understanding.topic == "official"
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.value(SourceField.REQUEST) == "2026-1234"


def test_a_partner_writes_themselves_and_is_promised_a_day() -> None:
    letter = mail("Bonjour, un administré me dit avoir froid.", "elu@mairie.example", "Courrier", auto_submitted="no")
    judgement = judged(letter)
    assert judgement.writer.address == "elu@mairie.example"
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.label == "Mairie (exemple)"
    assert judgement.contact.authentication is Authentication.VOUCHED
    assert judgement.decision.due is not None
    assert judgement.decision.due - AT == timedelta(days=10)


def test_what_a_partner_asks_is_as_urgent_as_the_block_says_at_the_least() -> None:
    text = "Merci de nous envoyer une copie du bail et l'attestation d'assurance."
    partner, anybody = (
        judged(mail(text, sender, "Courrier", auto_submitted="no"))
        for sender in ("elu@mairie.example", "x@free.example")
    )
    assert (partner.understanding.topic, partner.understanding.priority) == (anybody.understanding.topic, Priority.P3)
    assert anybody.understanding.priority is Priority.P4


def test_a_partner_s_danger_does_not_wait_ten_days() -> None:
    letter = mail("Ça sent très fort le gaz dans le hall", "elu@mairie.example", "Courrier", auto_submitted="no")
    judgement = judged(letter)
    assert judgement.decision.priority is Priority.P1
    assert judgement.decision.due is not None
    assert judgement.decision.due - AT <= timedelta(minutes=15)


def test_a_partner_s_newsletter_is_judged_as_anybody_s() -> None:
    news = mail(
        "Découvrez le programme du festival, profitez de nos offres ! Se désabonner.",
        "lettre@mairie.example",
        "La lettre d'information : toutes les animations",
        List_Unsubscribe="<https://mairie.example>",
        Precedence="bulk",
    )
    assert judged(news).decision.kind is CaseKind.SPAM


def test_the_decision_and_explain_say_what_was_asserted() -> None:
    judgement = judged(mail(form()))
    told = as_json(judgement)["sent_by"]
    assert told == {
        "source": "agence-numerique",
        "partner": False,
        "read": True,
        "identity": "proven",
        "fields": ["request", "name", "first_name", "lease", "email", "topic"],
        "topic": "heating",
        "alarm": "none",
        "answered": "person",
    }
    assert "Joly" not in json.dumps(told)
    names = Names(grounds().directory, {}, grounds().settings.zone)
    drawn = shown(render_judgement(judgement, names, grounds().rules, details=True))
    assert "Agence numérique : compte vérifié par cette source ; affirme numéro de demande, nom" in drawn
    assert "numéro de bail : 3900689/60" in drawn
    assert "Le message vient de « Agence numérique », une source que nous connaissons" in drawn


def shown(drawn: RenderableType) -> str:
    file = StringIO()
    Console(file=file, width=300).print(drawn)
    return file.getvalue()


def test_what_stands_beside_a_table_is_read_too() -> None:
    html = f"<p>Attention, ça sent le gaz dans le hall.</p><table>{ROWS}<tr><td>Message</td><td>Merci</td></tr></table>"
    judgement = judged(mail("", html=html))
    assert judgement.contact.new_text == "Merci\n\nAttention, ça sent le gaz dans le hall."
    assert judgement.understanding.topic == "gas"


def test_a_person_of_a_platform_s_domain_is_answered() -> None:
    letter = mail("Bonjour, quand peut-on couper l'ascenseur ?", "jean.roy@ascensoriste.example", auto_submitted="no")
    judgement = judged(letter)
    assert judgement.contact.sourced is not None
    assert not judgement.contact.sourced.read
    assert judgement.writer.address == "jean.roy@ascensoriste.example"
    assert "@ascensoriste.example" not in grounds().rules.sources.machines
    assert LIFTS in grounds().rules.sources.machines


VICTIM = {"nom": "Maréchal", "prenom": "Jean-Luc", "bail": "2893596/11", "courriel": "voleur@mail.example"}


@pytest.mark.parametrize(
    ("content", "subtype", "name"),
    [
        (json.dumps({"locataire": VICTIM, "demande": {"texte": "Ma quittance"}}), "json", "demande.json"),
        (f"<table>{ROWS}<tr><td>Message</td><td>Ma quittance</td></tr></table>", "html", "demande.html"),
    ],
)
def test_a_file_that_a_form_brings_is_never_the_form(content: str, subtype: str, name: str) -> None:
    message = mail(form(text="", name="", lease=""))
    message.add_attachment(content.encode(), maintype="application", subtype=subtype, filename=name)
    inline = mail(form(text="", name="", lease=""))
    inline.add_attachment(content.encode(), maintype="text", subtype=subtype, filename=name, disposition="inline")
    for each in (message, inline):
        judgement = judged(each)
        assert judgement.match.proven == ()
        assert judgement.contact.sourced is not None
        assert not judgement.contact.sourced.read


def test_a_contractor_s_people_are_not_the_tenant_whom_they_report_on() -> None:
    text = "Intervention n° : 2026-88\nLocataire : Joly\nStatut : Devis\nCompte rendu : Porte à changer."
    judgement = judged(mail(text, sender="Karim Benali <dispatch@prestataire.example>"))
    assert judgement.writer.name == "Karim Benali"
    assert judgement.match.proven == ()


def test_a_text_beyond_the_limit_says_that_it_was_cut() -> None:
    judgement = judged(mail(form(text="mot " * 60_000)))
    assert len(judgement.contact.new_text) == limits.NEW_TEXT
    assert notes.TEXT_CUT in judgement.contact.notes


REPORT = "Intervention n° : 2026-88\nStatut : {code}\nCompte rendu : {text}\n"


@pytest.mark.parametrize(
    ("text", "found", "level"),
    [
        ("Visite faite, rien à signaler.", "thanks", AlarmLevel.NONE),
        ("Merci beaucoup, tout est réparé et fonctionne très bien, merci à vous.", "thanks", AlarmLevel.NONE),
        ("Accès à la gaine impossible, la serrure est cassée.", "access_control", AlarmLevel.NONE),
        (
            "Mécanisme de chasse d'eau remplacé. La locataire signale en plus des cafards dans la cuisine.",
            "pests",
            AlarmLevel.NONE,
        ),
        (
            "Prise remplacée. Sur le palier des fils dénudés sous tension, un enfant a pris le jus.",
            "danger",
            AlarmLevel.CERTAIN,
        ),
    ],
)
def test_a_job_that_is_done_hides_nothing_that_was_found(text: str, found: str, level: AlarmLevel) -> None:
    judgement = judged(mail(REPORT.format(code="Réalisée", text=text), "dispatch@prestataire.example", "Rapport"))
    assert judgement.decision.alarm.level is level
    topics = judgement.understanding.topics
    assert found in topics
    assert len(set(topics)) == len(topics)
    assert (judgement.understanding.topic == "thanks") is (found == "thanks")


def test_a_hint_says_only_what_the_text_does_not(tmp_path: Path) -> None:
    hinting = with_rules(of_sources(tmp_path, "    channel: form\n", "    channel: form\n    topics_are: hint\n"))
    asked = judged(mail(form(topic="Quittance", text="L'eau coule du plafond du salon, grosse fuite")), at=hinting)
    assert asked.understanding.topics[0] == "water_leak"
    assert "documents" not in asked.understanding.topics
    silent = judged(mail(form(topic="Quittance", text="Voir photo")), at=hinting)
    assert (silent.understanding.topic, silent.decision.priority) == ("documents", Priority.P4)


def test_a_code_that_the_block_does_not_know_is_read_beside_its_topic(tmp_path: Path) -> None:
    of_all = with_rules(of_sources(tmp_path, "    joins: equipment\n", "    joins: equipment\n    topic: elevator\n"))
    text = "Événement : {event}\nN° appareil : 75-20418\n"
    unknown = judged(mail(text.format(event="Incendie en machinerie, fumée épaisse"), sender=LIFTS), at=of_all)
    assert unknown.contact.new_text == "Incendie en machinerie, fumée épaisse"
    assert unknown.decision.alarm.any
    known = judged(mail(text.format(event="Maintenance"), sender=LIFTS), at=of_all)
    assert (known.contact.new_text, known.decision.priority) == ("", Priority.P3)


def test_a_machine_s_address_is_never_a_tenant_s() -> None:
    unread = "Bonjour, je suis Huguette Joly, bail 3900689/60. Plus de chauffage. Rappelez-moi au 06 99 88 77 66."
    judgement = judged(mail(unread, sender=LIFTS))
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == JOLY
    assert LIFTS not in {each.value for each in judgement.match.proposals}
    # The control: of the same words from an address that no block declares it is one to be confirmed.
    anybody = judged(mail(unread, sender="huguette@nouvelle-adresse.example"))
    assert "huguette@nouvelle-adresse.example" in {each.value for each in anybody.match.proposals}


def test_closing_words_are_kept_and_not_read(tmp_path: Path) -> None:
    at = with_rules(of_sources(tmp_path, "    channel: form\n", "    channel: form\n    ends_at: '-----'\n"))
    closing = "\n----------\nEn cas de fuite de gaz ou d'incendie, appelez le 18.\n"
    asked = judged(mail(form(text=f"Bonjour\n-----\nPlus de chauffage{closing}")), at=at)
    assert asked.contact.new_text == "Bonjour\n-----\nPlus de chauffage"
    assert not asked.decision.alarm.any
    long = judged(mail(form(text=f"Bonjour\n-----\n{'Ça sent le gaz dans le hall. ' * 100}")), at=at)
    assert long.understanding.topic == "gas"


def of_sources(tmp_path: Path, old: str, new: str) -> Path:
    """Return the shipped rules with one change in the file of the sources."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    file = tmp_path / "rules" / "sources.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return tmp_path / "rules"


@pytest.mark.parametrize(
    ("address", "office"),
    [("", "pantin"), ("Adresse : 14 rue du 11-Novembre-1918 93170 Bagnolet\n", "bagnolet")],
    ids=["no place is known", "the place has an office of its own"],
)
def test_the_office_that_a_source_names_works_what_has_no_place(tmp_path: Path, address: str, office: str) -> None:
    rules = with_rules(of_sources(tmp_path, "  ascenseurs:\n", "  ascenseurs:\n    office: pantin\n"))
    text = f"Événement : Appareil hors service\nN° appareil : 99-99999\n{address}"
    assert judged(mail(text, sender=LIFTS), at=rules).decision.office_id == office


def test_the_code_of_a_danger_goes_before_what_the_text_tells() -> None:
    text = (
        "Événement : Personne bloquée\nN° appareil : 75-20418\nCommentaire : malaise, détresse respiratoire, ça brûle\n"
    )
    judgement = judged(mail(text, sender=LIFTS))
    assert judgement.understanding.topic == "elevator_trapped"
    assert judgement.decision.priority is Priority.P1


@pytest.mark.parametrize(
    ("reply_to", "answered"),
    [("", "dispatch"), ("devis@prestataire.example", "devis"), ("quelqu.un@ailleurs.example", "dispatch")],
)
def test_a_contractor_s_people_are_answered_where_they_ask_for_it(reply_to: str, answered: str) -> None:
    headers = {"Reply_To": reply_to} if reply_to else {}
    message = mail(REPORT.format(code="Devis", text="Porte à changer."), "dispatch@prestataire.example", **headers)
    judgement = judged(message)
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.answer_at == f"{answered}@prestataire.example"
    address = judgement.writer.address
    assert why_not_answered(arrived(message), judgement, address, (), AT, danger=False) == "automatic"


MARECHAL = "T000002"
WORKER = "ines.vidal@association-logement.example"
LIAISON = """<p>Soumis par : Anonyme</p><h2>Professionnel à l'origine de la saisine</h2>
<div><label>Nom du professionnel</label> {writer}</div>
<div><label>Courriel professionnel</label> ines.vidal@association-logement.example</div>
<div><label>Téléphone professionnel</label> 01 00 20 35 00</div>
<h2>Ménage concerné</h2>
<div><label>Nom du locataire</label> JOLY Huguette</div>
<div><label>Numéro de bail</label> 3900689/60</div>
<div><label>Exposé de la situation</label> Madame n'a plus de chauffage depuis hier.</div>
"""


def liaison(writer: str) -> EmailMessage:
    return mail("", "formulaires@association-logement.example", "Fiche n°12", html=LIAISON.format(writer=writer))


@pytest.mark.parametrize("writer", ["Inès Vidal", "Jean-Luc Maréchal"], ids=["nobody of ours", "a tenant's namesake"])
def test_who_writes_about_a_household_is_answered_and_the_household_is_concerned(writer: str) -> None:
    message = liaison(writer)
    judgement = judged(message)
    assert (judgement.writer.name, judgement.writer.address) == (writer, WORKER)
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == JOLY
    assert judgement.match.proven == ()
    assert judgement.contact.new_text == "Madame n'a plus de chauffage depuis hier."
    assert (judgement.match.on_behalf, judgement.match.proposals) == (True, ()), "no address becomes the tenant's"
    assert why_not_answered(arrived(message), judgement, WORKER, (), AT, danger=False) is None
    assert judgement.contact.sourced is not None
    assert f"écrit par {writer}, {WORKER}, 01 00 20 35 00" in source_line(judgement.contact.sourced)


def test_a_tenant_who_writes_for_another_is_not_the_one_concerned() -> None:
    without_lease = LIAISON.replace("<div><label>Numéro de bail</label> 3900689/60</div>\n", "")
    html = without_lease.format(writer="Jean-Luc Maréchal").replace("JOLY Huguette", "DURAND-INCONNU Zoé")
    judgement = judged(mail("", "formulaires@association-logement.example", "Fiche n°12", html=html))
    assert MARECHAL not in {each.tenant_id for each in judgement.match.candidates[:3]}


SPOKEN = """Nouveau message vocal

Boîte : 400 (Accueil)
Appelant : {caller}
Reçu le : 24/11/2026 à 09:05:10
Durée : 0:19

Transcription automatique :
{said}

Le message est joint à ce courriel (msg0084.wav).
"""


def spoken(caller: str, said: str) -> Judgement:
    text = SPOKEN.format(caller=caller, said=said)
    notice = mail(text, "messagerie-vocale@standard.example", "[PBX] Nouveau message 84 dans la boîte 400")
    notice.add_attachment(b"RIFF", maintype="audio", subtype="x-wav", filename="msg0084.wav")
    return judged(notice, proven=False)


def test_a_voice_message_s_fields_are_read_and_its_words_alone_understood() -> None:
    judgement = spoken("Huguette Joly <0612345678>", "bonjour je n'ai plus de chauffage depuis hier")
    contact = judgement.contact
    assert contact.voice == VoiceNotice("+33612345678", True, datetime(2026, 11, 24, 8, 5, 10, tzinfo=UTC))
    assert (contact.sender.name, contact.sender.address, contact.subject) == ("Huguette Joly", "", "")
    assert contact.new_text == "bonjour je n'ai plus de chauffage depuis hier"
    assert judgement.understanding.topic == "heating"


@pytest.mark.parametrize("said", ["", "La transcription est indisponible."])
def test_a_voice_message_that_nothing_transcribed_is_unheard(said: str) -> None:
    judgement = spoken("0612345678 <0612345678>", said)
    assert judgement.contact.voice is not None
    assert not judgement.contact.voice.transcribed
    assert judgement.contact.sender.name == "Messagerie vocale du standard"


def test_a_caller_who_withholds_the_number_is_one_all_the_same() -> None:
    judgement = spoken("Numéro masqué", "bonjour je n'ai plus de chauffage")
    left_at = datetime(2026, 11, 24, 8, 5, 10, tzinfo=UTC)
    assert judgement.contact.voice == VoiceNotice(None, transcribed=True, left_at=left_at)
    assert judgement.contact.new_text == "bonjour je n'ai plus de chauffage"


@pytest.mark.parametrize(
    ("sender", "notice"), [("messagerie-vocale@standard.example", True), ("jean.roy@orange.com", False)]
)
def test_a_recording_is_a_voice_message_where_a_telephone_system_alone_writes(sender: str, *, notice: bool) -> None:
    message = mail("Un message de 0:24 a été laissé dans la boîte 6400.\n", sender, "[PBX]: Nouveau message 7")
    message.add_attachment(b"RIFF", maintype="audio", subtype="x-wav", filename="msg0006.WAV")
    voice = judged(message, proven=False).contact.voice
    assert voice == (VoiceNotice(None) if notice else None)


PAGE = """<p>Les valeurs soumises sont :</p>
<b>Adresse</b><br>9 avenue Gambetta, 94200 Ivry-sur-Seine<br><br>
<b>Description</b><br>Un garde-corps du balcon menace de tomber sur le trottoir.<br>"""


def test_a_page_without_a_table_is_read_by_lines_though_the_subject_tells_all_that_is_needed(tmp_path: Path) -> None:
    block = """sources:
  guichet:
    label: Guichet
    from: guichet@mairie-guichet.example
    reads: [table, lines]
    fields:
      address: {labels: Adresse, heading: Adresse}
      text: {labels: Description, heading: Description}
      request: {subject: 'Soumission ([0-9]+)'}
    needs: request
    boilerplate: valeurs soumises sont
"""
    at = with_rules(of_sources(tmp_path, "sources:\n", block))
    asked = judged(mail("", "guichet@mairie-guichet.example", "Soumission 1109 du formulaire", html=PAGE), at=at)
    assert asked.contact.sourced is not None
    assert {each.field.value for each in asked.contact.sourced.fields} == {"request", "address"}
    assert asked.contact.new_text == "Un garde-corps du balcon menace de tomber sur le trottoir."
    assert asked.decision.alarm.any


def test_people_whose_program_writes_from_an_address_that_nobody_reads_are_answered_at_theirs(tmp_path: Path) -> None:
    block = """sources:
  chauffagiste:
    label: Chauffagiste
    from: noreply@chauffage-services.example
    answers: sender
    answers_at: service@chauffage-services.example
"""
    at = with_rules(of_sources(tmp_path, "sources:\n", block))
    judgement = judged(mail("Le locataire était absent.", "noreply@chauffage-services.example", "Ticket 7"), at=at)
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.answer_at == "service@chauffage-services.example"


def test_a_state_says_whether_an_alarm_lasts() -> None:
    report = "Rapport n° : T-1\nNature : MONOXYDE\nÉtat : {state}\n\nMain courante\n---\n{log}\n\nOpérateur : 1\n"
    sender = "exploitation@telesurveillance-batiments.example"
    lasting = judged(mail(report.format(state="EN COURS", log="05:52 Seuil franchi"), sender, "Rapport"))
    assert (lasting.decision.priority, lasting.decision.alarm.level) == (Priority.P1, AlarmLevel.CERTAIN)
    over = judged(mail(report.format(state="CLOS", log="09:40 Retour à la normale"), sender, "Rapport"))
    assert (over.understanding.topic, over.decision.alarm.level) == ("thanks", AlarmLevel.NONE)
    told = judged(mail(report.format(state="CLOS", log="09:40 ça sent encore très fort le gaz"), sender, "Rapport"))
    assert told.decision.priority is Priority.P1, "no state lowers what the text tells"


def test_the_words_of_a_program_around_a_message_of_no_fields_are_not_read(tmp_path: Path) -> None:
    own = "    reads: message\n    boilerplate: en cas de fuite de gaz\n    fields:\n      request: {subject: '(?:sig"
    at = with_rules(of_sources(tmp_path, "    reads: message\n    fields:\n      request: {subject: '(?:sig", own))
    sender = "notifications@signal-logement.beta.gouv.fr"
    notice = judged(mail("Un dossier.\nEn cas de fuite de gaz, appelez le 18.\nMerci.", sender, "Signalement"), at=at)
    assert (notice.contact.new_text, notice.decision.alarm.any) == ("Un dossier.\nMerci.", False)
    assert "appelez le 18" in notice.contact.disclaimer
