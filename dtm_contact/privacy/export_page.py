"""The page of an export that a layman reads and prints: who they are for us, and all that was said and done.

What is written here stands in the rows that the export has gathered; codes are told by the words of `labels/` and by
the names of the directory and the rules.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from html import escape
from typing import Any, Final

from dtm_contact.calls.outcomes import national
from dtm_contact.labels.cases import ENTRY_KINDS, PRIORITIES, VISITS
from dtm_contact.labels.events import SENT_STATES, event_line, tag_label
from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.model import (
    AlarmLevel,
    AlarmSource,
    Channel,
    DraftKind,
    EntryKind,
    Outcome,
    OutgoingKind,
)
from dtm_contact.privacy.disclosed import disclosures
from dtm_contact.privacy.export_html import NOTHING, STYLE, lines, quote, table, typeset
from dtm_contact.privacy.export_parts import (
    ATTACHED,
    ExportNames,
    Row,
    WrittenFile,
    draft_words,
    full_name,
    linked,
    mail_subject,
    mail_text,
    to_whom,
)
from dtm_contact.privacy.export_person import who_they_are
from dtm_contact.privacy.export_program import answered, guided_by, how_read, told_safety, without_codes
from dtm_contact.privacy.export_sections import (
    KEEP_IT_SAFE,
    decisions,
    inside,
    inventory,
    readings,
    recipients,
    who_answers,
)
from dtm_contact.privacy.export_steps import CaseSteps, due_told, erased_when
from dtm_contact.privacy.export_wishes import entry_told, wishes
from dtm_contact.privacy.register import Heading, blocks_as_html, notice
from dtm_contact.privacy.withholding import ABSENT, WITHHELD
from dtm_contact.settings import Settings

_ENGINE_NAME: Final = "worker"
_DRAFTS: Final = {
    DraftKind.NEW: "Dossier en préparation",
    DraftKind.REPLY: "Réponse en préparation, pas envoyée",
    DraftKind.FORWARD: "Transfert en préparation, pas envoyé",
}
_DRAFT: Final = "Texte en préparation, pas enregistré"
_LETTERS: Final = {"answer": "Réponse automatique", "reply": "Réponse d’un agent"}
_NOTICE: Final = "Avis par courriel"
NOT_THEIRS: Final = (
    "cet avis nomme un agent, parle d’un autre dossier ou d’un dossier où d’autres ont écrit : "
    "son texte n’est pas donné"
)
"""Why the words of a notice to staff are not told."""
_SILENT: Final = frozenset(
    {"completed", "judged", "joined", "returned", "retried", "revised", "replied", "forwarded", "sent", "refused"}
    | {"no_such_address", "given_up", "outgoing released", "outgoing dropped", "queue renamed", "notice queued"}
)
"""Events that the message or the mail itself tells of, which stands beside them."""
_TOLD: Final = {
    "opened": "Dossier ouvert",
    "taken": "Un agent s’occupe du dossier",
    "released": "Le dossier attend de nouveau un agent",
    "called next": "La personne d’astreinte suivante a été prévenue par courriel",
    "noted": "Note d’un agent",
    "resumed": "La mise en attente est finie",
    "linked": "Rapproché d’un autre dossier",
    "merged": "Réuni à un autre dossier, où la suite se trouve",
    "absorbed": "Un autre dossier a été réuni à celui-ci",
    "not sent": "La réponse automatique n’est pas partie",
}
"""What some events are called here: who is addressed has no queue, and is no colleague."""
_NOTICE_NOT_SENT: Final = "Un avis à l’un de nous n’est pas parti"
_YOU: Final = "vous"
_SAID_TO_CONCERN: Final = {
    _YOU: "Un agent a indiqué que ce dossier vous concerne",
    "personne": "Un agent a indiqué que ce dossier ne concerne aucun de nos locataires",
    "quelqu’un d’autre": "Un agent a indiqué que ce dossier concerne quelqu’un d’autre",
}
"""What an agent said of whom a case is about, by who that is to the person."""
_SAID_WHERE: Final = "Un agent a précisé le logement que le dossier concerne"
_LEVELS: Final = {
    AlarmLevel.CERTAIN: "oui : quelqu’un pouvait être en danger",
    AlarmLevel.POSSIBLE: "possible",
}
_RAISED_BY: Final[Mapping[str | None, str]] = {
    AlarmSource.AGENT: "un agent",
    AlarmSource.ANSWER: "votre réponse à la question du programme",
}
"""Who says that there is a danger, where it is not the program."""
_UNPROVEN: Final = (
    "Rien ne prouve que ce courriel est parti de l’adresse qu’il porte : une adresse se contrefait. Ce que le "
    "programme a pensé de qui écrit, plus bas, repose sur ce qui y est écrit."
)
_SAYS_ALL: Final = frozenset({"opened", "taken", "released", "called next", "resumed"})
_NOTED_BESIDE: Final = {
    "call": "Lieu ou téléphone noté lors de l’appel",
    "counter": "Lieu ou téléphone noté lors de la visite",
    "letter": "Lieu ou téléphone noté d’après le courrier",
}
_OF_MESSAGE: Final = (
    ("", "new_text"),
    ("Ce qui suit le texte", "signature"),
    ("Texte auquel ce message répond", "quoted_text"),
    ("Mention en bas du message", "disclaimer"),
    ("Texte des pièces jointes", "attached_text"),
)


@dataclass(frozen=True, slots=True)
class _TimelineEntry:
    """One thing on the time line of a case.

    Attributes:
        at: when.
        html: what it was, as HTML; its first line stands alone on the time line of all cases.
        way: whether it came from the person, went to them, or was done here.
        before: it comes before what is as old: what led to it.
        anchor: by what it is linked to; "" where by nothing.
    """

    at: datetime
    html: str
    way: str = "Noté"
    before: bool = False
    anchor: str = ""

    @property
    def order(self) -> tuple[datetime, bool]:
        """What moments are sorted by."""
        return self.at, not self.before

    @property
    def head(self) -> str:
        """The first line, as HTML."""
        return self.html.partition("<br>")[0].partition("<blockquote>")[0]


def page(
    settings: Settings,
    names: ExportNames,
    contents: Mapping[str, Any],
    bodies: Mapping[int, bytes],
    written: Sequence[WrittenFile],
    now: datetime,
) -> str:
    """Return the page.

    Args:
        settings: the offices' zone, the controller and the ages.
        names: how things are called.
        contents: what was gathered, as it stands in the file of data.
        bodies: the mails that went out, by the ids of their rows.
        written: the files beside the page.
        now: when the copy is made.
    """
    return _ExportPage(settings, names, contents, bodies, written, now).html()


class _ExportPage:
    def __init__(
        self,
        settings: Settings,
        names: ExportNames,
        contents: Mapping[str, Any],
        bodies: Mapping[int, bytes],
        written: Sequence[WrittenFile],
        now: datetime,
    ) -> None:
        self._settings = settings
        self._names = names
        self._contents = contents
        self._bodies = bodies
        self._written = written
        self._now = now
        self._files = {(each.table, each.id): each for each in written}
        self._naming = names.naming(self._when)
        self._judged: dict[int, Row] = {row["contact_id"]: row for row in self._rows("judgements")}

    def html(self) -> str:
        """Return the page as a file of HTML that needs nothing else."""
        title = "Vos données personnelles"
        sections = [
            ("contenu", "Ce que cette copie contient, et ce qui n’y est pas", self._inside()),
            ("vous", "Qui vous êtes pour nous", self._person()),
            ("souhaits", "Vos souhaits et protections", self._register()),
            ("ordre", "Tout, dans l’ordre", self._in_order()),
            ("decisions", "Ce qu’un programme décide, et comment le contester", self._decisions()),
            ("dossiers", "Vos dossiers", self._cases()),
            ("autres", "Vos messages et appels sans dossier", self._loose()),
            ("destinataires", "À qui vos données ont été transmises", self._recipients()),
            ("consultations", "Qui a consulté vos données, et quand", self._readings()),
            ("fichiers", "Les fichiers joints à cette copie", self._enclosed()),
            ("pourquoi", "Pourquoi ces données, pour combien de temps, vos droits", self._why()),
            ("inventaire", "Inventaire de tout ce qui est conservé", self._inventory()),
        ]
        controller = self._settings.privacy.controller
        whom = self._whom()
        parts = [
            f"<h1>{title}</h1>",
            f"<p>{'Copie établie' if not whom else f'Copie établie pour <strong>{escape(whom)}</strong>'} "
            f"le {self._when(self._now)}"
            + (f" par {escape(controller)}" if controller else "")
            + ", à votre demande (droit d’accès, RGPD, articles 15 et 20). Les heures sont "
            f"celles de {escape(self._settings.timezone.rpartition('/')[2])}.</p>",
            KEEP_IT_SAFE,
            who_answers(self._settings),
            (
                "<p>Une partie de ce que vous avez écrit peut toucher votre santé, vos revenus ou votre famille : ces "
                "mots sont gardés parce qu’ils sont dans vos messages ou ont été notés pour répondre à votre demande, "
                "et pour rien d’autre.</p>"
            ),
            '<nav aria-label="Sommaire"><ol>'
            + "".join(
                f'<li><a href="#{key}">{escape(head)}</a>{self._menu() if key == "dossiers" else ""}</li>'
                for key, head, _ in sections
            )
            + "</ol></nav>",
            *(f'<section id="{key}"><h2>{escape(head)}</h2>{"".join(told)}</section>' for key, head, told in sections),
        ]
        body = typeset("\n".join(parts))
        return (
            f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
            f"<style>{STYLE}</style></head><body><main>\n{body}\n</main></body></html>\n"
        )

    def _whom(self) -> str:
        """Return whose copy it is: a tenant's name and number, else an address or a number."""
        person = self._contents["personne"]
        names = dict.fromkeys(map(full_name, self._rows("leases")))
        numbers = ", ".join(person["locataire"])
        if names:
            return f"{', '.join(names)} (locataire n° {numbers})"
        return numbers or ", ".join([*person["adresses"], *(spaced(national(each)) for each in person["numeros"])])

    def _inside(self) -> Iterator[str]:
        yield from inside(
            self._settings,
            cases=len(self._rows("cases")),
            messages=len(self._rows("contacts")),
            files=len(self._written),
            withheld=len(self._contents[WITHHELD]),
        )

    def _menu(self) -> str:
        rows = sorted(self._rows("cases"), key=lambda row: row["opened_at"])
        told = (f"<li>{self._to_case(row)} {escape(self._subject(row))}</li>" for row in rows)
        return f"<ul>{''.join(told)}</ul>" if rows else ""

    def _to_case(self, case: Row) -> str:
        return f'<a href="#dossier-{escape(case["number"])}">{escape(case["number"])}</a>'

    def _subject(self, case: Row) -> str:
        return case["subject"] or self._names.topic(case["topic"] or "")

    def _in_order(self) -> Iterator[str]:
        all_ = [(each, self._to_case(case)) for case in self._rows("cases") for each in self._moments(case)]
        all_ += [(each, "sans dossier") for each in self._loose_moments()]
        all_ += [
            (_TimelineEntry(each["entered_at"], escape(f"{head} : {entry_told(each, self._day)}")), "sans dossier")
            for each in self._rows("register_entries")
            for head in [ENTRY_KINDS[EntryKind(each["kind"])]]
        ]
        all_.sort(key=lambda pair: pair[0].order)
        rows = [(self._when(each.at), each.way, of, each.head) for each, of in all_]
        yield table(("Quand", "Sens", "Dossier", "Quoi"), rows)
        yield '<p>Qui a consulté vos données, et quand, est dit <a href="#consultations">plus bas</a>.</p>'

    def _decisions(self) -> Iterator[str]:
        yield decisions(self._settings)

    def _rows(self, table: str) -> list[Row]:
        return list(self._contents["donnees"].get(table, {}).get("lignes", ()))

    def _when(self, value: datetime) -> str:
        return f"{value.astimezone(self._settings.zone):%d/%m/%Y à %H:%M}"

    def _day(self, value: Any) -> str:
        if isinstance(value, datetime):
            value = value.astimezone(self._settings.zone)
        return f"{value:%d/%m/%Y}" if isinstance(value, date) else ""

    def _person(self) -> Iterator[str]:
        yield from who_they_are(self._contents["personne"], self._rows, self._naming.dwelling, self._day)

    def _register(self) -> Iterator[str]:
        yield from wishes(self._rows("register_entries"), self._wishes_read(), self._day)

    def _wishes_read(self) -> Iterator[tuple[Row, str, datetime, str]]:
        numbers = {case["id"]: self._to_case(case) for case in self._rows("cases")}
        for contact in self._rows("contacts"):
            judged = self._judged.get(contact["id"])
            found = (judged["judgement"].get("understanding") if judged else None) or {}
            text = ((judged["judgement"].get("contact") if judged else None) or {}).get("new_text") or ""
            for each in found.get("wishes") or ():
                yield each, text, contact["at"] or contact["judged_at"], numbers.get(contact["case_id"], "sans dossier")

    def _cases(self) -> Iterator[str]:
        rows = sorted(self._rows("cases"), key=lambda row: row["opened_at"])
        if not rows:
            yield NOTHING
        for case in rows:
            yield from self._case(case)

    def _case(self, case: Row) -> Iterator[str]:
        subject, number = self._subject(case), escape(case["number"])
        yield f'<h3 id="dossier-{number}">Dossier {number}{" : " if subject else ""}{escape(subject)}</h3>'
        state = "encore ouvert" if case["state"] == "open" else f"clos le {self._day(case['closed_at'])}"
        home = self._naming.dwelling(case["dwelling_id"]) if case["dwelling_id"] else ""
        place = home or (self._naming.residence(case["residence_id"]) if case["residence_id"] else "")
        held = list(self._of(case, "legal_holds"))
        facts = [
            ("Ouvert", f"le {self._when(case['opened_at'])} ; {state}"),
            ("De la part de", case["who"]),
            ("Sujet", self._names.topic(case["topic"]) + self._by(case, "topic") if case["topic"] else ""),
            ("Lieu", place),
            ("Qui s’en occupe", self._names.queue(case["queue"]) + self._by(case, "queue")),
            ("Téléphone du bureau", spaced(self._names.office_phone(case["office_id"]))),
            ("Urgence", PRIORITIES[case["priority"]] + self._by(case, "priority")),
            ("Réponse prévue", due_told(case, self._when, self._now)),
            ("Danger", without_codes(self._danger(case))),
            ("En attente", f"jusqu’au {self._when(case['waiting_until'])}" if case["waiting_until"] else ""),
            ("Étiquettes", ", ".join(map(tag_label, case["tags"] or ()))),
            ("Raison de la clôture", case["done_reason"] or ""),
            ("Gelé", self._hold(case)),
            ("Sera effacé", erased_when(case, held, self._settings.retention.case_months, self._day)),
            ("Archivé", f"depuis le {self._day(case['archived_at'])}" if case["archived_at"] else ""),
        ]
        planned, happened = (self._of(case, table) for table in ("timers", "events"))
        steps = CaseSteps(case, planned, happened, self._names.queue, self._when, self._now)
        of_program = [
            ("Consignes de sécurité", told_safety(case, self._when)),
            ("Ce qui a guidé le programme", lines(guided_by(case))),
            ("Ce qui est prévu ensuite", lines(steps.upcoming())),
            ("Ce qui avait été prévu", lines(steps.over())),
        ]
        rows = [*((head, escape(told)) for head, told in facts), *of_program]
        yield table(("", ""), [(head, told) for head, told in rows if told])
        yield "<h4>Ce qui a été dit et fait</h4>"
        moments = sorted(self._moments(case), key=lambda moment: moment.order)
        yield table(("Quand", "Sens", "Quoi"), [(self._anchored(each), each.way, each.html) for each in moments])

    def _anchored(self, entry: _TimelineEntry) -> str:
        told = self._when(entry.at)
        return f'<span id="{entry.anchor}">{told}</span>' if entry.anchor else told

    def _by(self, case: Row, column: str) -> str:
        """Return who set a column of a case: an agent, where they named it or an act of theirs changed it."""
        acts = (each for each in self._of(case, "events") if each["who"] != "le système")
        changed = any(column in (each["data"].get("changed") or {}) for each in acts)
        return f" (choisi par {'un agent' if changed or column in (case['by_hand'] or ()) else 'le programme'})"

    def _hold(self, case: Row) -> str:
        return " ; ".join(
            f"depuis le {self._day(each['since'])}, par {each['par']}, pour un litige : rien n’en est effacé avant "
            f"qu’un responsable ne lève le gel, qui n’a pas de date de fin ; raison notée : « {each['why']} »"
            for each in self._of(case, "legal_holds")
        )

    def _danger(self, case: Row) -> str:
        level = AlarmLevel(case["alarm_level"])
        by = _RAISED_BY.get(case["alarm_by"], "le programme")
        said = sorted(self._of(case, "alarm_labels"), key=lambda row: row["at"])
        open_ = ", à vérifier par un agent" if level is AlarmLevel.POSSIBLE and not said else ""
        told = "" if level is AlarmLevel.NONE else f"{_LEVELS[level]}{open_} (dit par {by})"
        last = [f"le {self._day(each['at'])}, {_labelled(each)}" for each in said[-1:]] or [case["alarm_why_not"]]
        return " ; ".join(filter(None, (told, *last)))

    def _moments(self, case: Row) -> Iterator[_TimelineEntry]:
        for contact in self._rows("contacts"):
            if self._is_in(contact, case):
                yield self._contact(contact, case["opened_at"])
        for event in self._of(case, "events"):
            if told := self._event(event):
                yield _TimelineEntry(event["at"], told, anchor=f"note-{event['id']}")
        yield from map(self._mail, self._of(case, "outbox"))
        yield from self._drafts_about({case["number"]})
        for visit in self._of(case, "appointments"):
            yield _TimelineEntry(
                visit["booked_at"],
                escape(f"Noté à l’agenda du bureau pour le {self._when(visit['at'])}, au nom de : {visit['who']}"),
                anchor=f"rendez-vous-{visit['id']}",
            )
        for held in self._of(case, "legal_holds"):
            yield _TimelineEntry(held["since"], escape(f"Dossier gelé, pour un litige : {held['why']}"))
        for label in self._of(case, "alarm_labels"):
            told = _labelled(label).capitalize()
            yield _TimelineEntry(
                label["at"], escape(" : ".join(filter(None, (told, label["alarm_why_not"])))), before=True
            )
        for file in self._of(case, "files"):
            told = f"Fichier joint par un agent : {self._link('files', file['id'], file['name'])}"
            yield _TimelineEntry(file["created_at"], told)

    def _of(self, case: Row, table: str) -> Iterator[Row]:
        return (row for row in self._rows(table) if row["case_id"] == case["id"])

    def _is_in(self, contact: Row, case: Row) -> bool:
        shared = (each["contact_id"] for each in self._of(case, "shared_contacts"))
        return contact["case_id"] == case["id"] or contact["id"] in shared

    def _drafts_about(self, numbers: Collection[str]) -> Iterator[_TimelineEntry]:
        for draft in self._rows("drafts"):
            texts = [("", draft[ABSENT])] if ABSENT in draft else list(draft_words(draft["fields"]))
            if draft["about"] in numbers and texts:
                head = _DRAFTS.get(DraftKind(draft["kind"]), _DRAFT)
                told = "".join((escape(f"{label} :") if label else "") + quote(words) for label, words in texts)
                anchor = f"brouillon-{draft['id']}"
                yield _TimelineEntry(draft["saved_at"], f"<strong>{escape(head)}</strong>" + told, anchor=anchor)

    def _contact(self, contact: Row, otherwise: datetime) -> _TimelineEntry:
        judged = self._judged.get(contact["id"])
        said: Row = (judged["judgement"].get("contact") if judged else None) or {}
        parts = [f"<strong>{escape(self._came(contact, said))}</strong>"]
        if contact["channel"] == Channel.EMAIL and not contact["proven"]:
            parts.append(_UNPROVEN)
        if contact["subject"]:
            parts.append(f"Objet : {escape(contact['subject'])}")
        # What an agent noted has no signature: the place and the number that they typed stand there.
        noted = {"signature": _NOTED_BESIDE.get((said.get("stated") or {}).get("visit", ""), "")}
        for head_of_message, name in _OF_MESSAGE:
            head = noted.get(name) or head_of_message
            if said.get(name):
                parts.append((f"{head} :" if head else "") + quote(said[name]))
        forwarded = said.get("forwarded") or ()
        parts += ["Message transmis :" + quote("\n".join(map(str, each.values()))) for each in forwarded]
        came_along = [each for each in self._written if (each.table, each.id) == (ATTACHED, contact["arrival_id"])]
        named = [escape(each.get("name") or "sans nom") for each in said.get("attachments") or ()]
        if pieces := [linked(each, each.what.partition(", joint au ")[0]) for each in came_along] or named:
            parts.append(f"{'Pièces jointes' if len(pieces) > 1 else 'Pièce jointe'} : {', '.join(pieces)}")
        if link := self._link("arrivals", contact["arrival_id"], "le message tel qu’il est arrivé"):
            parts.append(f"Voir {link}")
        if judged:
            parts.append("".join(how_read(judged, self._names, self._when, self._answered(contact))))
        anchor = f"message-{contact['id']}"
        return _TimelineEntry(contact["at"] or otherwise, "<br>".join(parts), "Reçu", before=True, anchor=anchor)

    def _answered(self, contact: Row) -> str:
        case = next((each for each in self._rows("cases") if each["id"] == contact["case_id"]), None)
        mails, happened = ([*self._of(case, table)] if case else [] for table in ("outbox", "events"))
        return answered(contact, mails, happened, case)

    def _came(self, contact: Row, said: Row) -> str:
        stated: Row = said.get("stated") or {}
        if stated.get("visit") in VISITS:
            return f"{VISITS[stated['visit']]}, noté par un agent"
        call: Row = said.get("call") or {}
        address = f"<{contact['sender_address']}>" if contact["sender_name"] else contact["sender_address"]
        sender = " ".join(filter(None, (contact["sender_name"], contact["sender_address"] and address)))
        told = [Channel(contact["channel"]).label.capitalize()]
        if contact["phone_key"]:
            told.append(f"depuis le {spaced(national(contact['phone_key']))}")
        told += [f"d’{sender}" if sender[0].lower() in _VOWELS else f"de {sender}"] if sender else []
        if contact["outcome"]:
            told.append(f": {OUTCOMES[Outcome(contact['outcome'])]}")
        if call.get("ended_at") and call.get("started_at"):
            spent = datetime.fromisoformat(call["ended_at"]) - datetime.fromisoformat(call["started_at"])
            told.append(f"({round(spent.total_seconds())} secondes)")
        return " ".join(told)

    def _event(self, event: Row) -> str:
        what = event["what"]
        if what in _SILENT:
            return ""
        if what in _SAYS_ALL:
            return _TOLD[what]
        if what == "tenant":
            return self._about_whom(event["data"])
        data = dict(event["data"])
        changed = dict(data.get("changed") or {})
        by = "le programme" if event["who"] == "le système" else "un agent"
        raised = ""
        if "priority" in changed:
            before, after = (f"« {PRIORITIES[each]} »" if each else "rien" for each in changed.pop("priority"))
            raised = f"Urgence changée par {by} : de {before} à {after}"
        data["changed"] = changed
        for kept in ("confirmed", "withdrawn"):
            data[kept] = [(kind, _reached(value), who) for kind, value, who in data.get(kept, ())]
        told = event_line(what, data, self._naming, _ENGINE_NAME if event["who"] == "le système" else "")
        if what == "done":
            told = told.replace(" : raison ", " : ", 1)
        if what in _TOLD:
            head = _NOTICE_NOT_SENT if what == "not sent" and data.get("kind") == OutgoingKind.NOTICE else _TOLD[what]
            told = f"{head} :{told.partition(':')[2]}"
        if raised:
            rest = told.partition(" : ")[2] if what == "priority" else told
            told = " ; ".join(filter(None, (raised, rest)))
        return escape(told).replace("\n", "<br>")

    def _about_whom(self, data: Row) -> str:
        """Return what an agent said of whom a case is about, to whoever that may be."""
        before, after = data.get("locataire") or ("", "")
        told = _SAID_TO_CONCERN.get(after, _SAID_WHERE)
        told += " ; avant, il était à votre nom" if before == _YOU and after != _YOU else ""
        kept = [f"{_reached(value)} ajouté à votre fiche" for _kind, value, _whose in data.get("confirmed", ())]
        return escape(" ; ".join((told, *kept)))

    def _mail(self, mail: Row) -> _TimelineEntry:
        raw = self._bodies.get(mail["id"], b"")
        to_staff = mail["kind"] == OutgoingKind.NOTICE
        head = (
            to_whom(_NOTICE, mail["destinataire"]) if to_staff else f"{_LETTERS[mail['kind']]} à {mail['to_address']}"
        )
        told = [f"<strong>{escape(head)}</strong> ({SENT_STATES[mail['state']]})"]
        if not raw and mail.get(ABSENT):
            told.append(escape(mail[ABSENT].capitalize()))
        if subject := mail_subject(raw):
            told.append(f"Objet : {escape(without_codes(subject) if to_staff else subject)}")
        text = mail_text(raw)
        told.append(quote(without_codes(text) if to_staff else text))
        if link := self._link("outbox", mail["id"], "le courriel tel qu’il est parti"):
            told.append(f"Voir {link}")
        way = "Avis interne" if to_staff else "Envoyé"
        return _TimelineEntry(mail["created_at"], "<br>".join(told), way, anchor=f"courriel-{mail['id']}")

    def _loose(self) -> Iterator[str]:
        moments = sorted(self._loose_moments(), key=lambda moment: moment.order)
        yield table(("Quand", "Sens", "Quoi"), [(self._anchored(each), each.way, each.html) for each in moments])

    def _loose_moments(self) -> list[_TimelineEntry]:
        ours = {case["id"] for case in self._rows("cases")}
        numbers = {case["number"] for case in self._rows("cases")}
        contacts = (each for each in self._rows("contacts") if each["case_id"] not in ours)
        moments = [self._contact(each, each["judged_at"]) for each in contacts]
        moments += self._drafts_about({each["about"] for each in self._rows("drafts")} - numbers)
        return [*moments, *(self._mail(each) for each in self._rows("outbox") if each["case_id"] not in ours)]

    def _readings(self) -> Iterator[str]:
        yield from readings(self._rows("audit_trail"), self._settings.retention.trail_months, self._when)

    def _recipients(self) -> Iterator[str]:
        numbers = {case["id"]: self._to_case(case) for case in self._rows("cases")}
        forwards = [row for row in self._rows("events") if row["what"] == "forwarded"]
        found = disclosures(self._rows("outbox"), forwards, self._contents["personne"]["adresses"])
        yield from recipients(found, numbers, self._when, self._settings)

    def _enclosed(self) -> Iterator[str]:
        if not self._written:
            yield NOTHING
            return
        yield "<p>Un fichier .eml s’ouvre dans un logiciel de courriel.</p><ul>"
        for each in self._written:
            yield f'<li><a href="{escape(each.name)}">{escape(each.what)}</a> ({escape(each.name)})</li>'
        yield "</ul>"

    def _why(self) -> Iterator[str]:
        # Its title is that of the page.
        _title, *blocks = notice(self._settings)
        yield blocks_as_html(replace(block, level=3) if isinstance(block, Heading) else block for block in blocks)

    def _inventory(self) -> Iterator[str]:
        notices = sum(row["kind"] == OutgoingKind.NOTICE for row in self._rows("outbox"))
        came = [row for row in self._rows("arrival_bodies") if row.get("fichier") is None]
        yield from inventory(self._contents["inventaire"], notices, len(came), len(self._contents[WITHHELD]))

    def _link(self, table: str, row_id: int, told: str) -> str:
        file = self._files.get((table, row_id))
        return linked(file, told) if file else ""


_VOWELS: Final = "aàâeéèêiîoôuyhœ"


def _labelled(label: Row) -> str:
    return f"un agent a dit qu’il {'y avait' if label['danger'] else 'n’y avait pas de'} danger"


def _reached(value: str) -> str:
    return value if "@" in value else spaced(national(value))
