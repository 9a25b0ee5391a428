"""Each fault that is planted is found by the check that is there for it, told with its cause, without a secret."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.backup import backups_in, replay, take_journal_as_lost
from dtm_contact.backup.kept import mark_verified
from dtm_contact.doctor import CHECKS, CheckState, examine, links, machine
from dtm_contact.journal import Journal
from dtm_contact.model import IMPORTED, Limits, Outgoing, OutgoingKind, Priority
from dtm_contact.settings import LmtpSettings, Settings, SmtpSettings
from dtm_contact.settings.common import shipped
from dtm_contact.settings.loading import load
from dtm_contact.store import Store
from dtm_contact.store.imports import ImportedMail
from dtm_contact.store.outbox import OutgoingBatch
from dtm_contact.store.restores import mark_restored
from dtm_contact.store.rule_versions import pack
from dtm_contact.store.system_schema import daemons
from tests import certificates
from tests.doctor.scene import ADDRESS, ROOT, Scene, mounted
from tests.doctor.servers import free_port, graph, listening, mail_server, mailbox, names, page
from tests.ingest.mailbox.fake_graph import CLIENT, USER, FakeGraph, Fault
from tests.ingest.mailbox.fake_graph import SECRET as GRAPH_SECRET
from tests.ingest.mailbox.fake_server import REFUSAL
from tests.store.postgresql import Server, programs
from tests.store.samples import NOW, arrival, claim, daemon, judgement
from tests.unprivileged import unprivileged

SECRET = "Sesame-1234"
ENDED = "20210101000000Z"
POSTFIX = (
    f"relay_domains = bailleur.example\ntransport_maps = inline:{{ {ADDRESS}=smtp:[127.0.0.1]:18025 }}\n"
    "recipient_delimiter = +\nmessage_size_limit = 37748736"
)

Plant = Callable[[Scene], None]


def misspelt_key(scene: Scene) -> None:
    scene.write("[smpt]", "port = 25")


def wrong_type(scene: Scene) -> None:
    scene.set(smtp={"port": "twenty-five"})


def no_toml(scene: Scene) -> None:
    scene.write("name = daemon")


def anybody_may_change_the_settings(scene: Scene) -> None:
    scene.write(mode=0o666)


def misspelt_variable(scene: Scene) -> None:
    scene.patch.setenv("DTM_OUTBOUND_HSOT", "relay.example")


def no_such_channel(scene: Scene) -> None:
    scene.set(channels=["smtp", "fax"])


def no_folder_for_the_store(scene: Scene) -> None:
    scene.set(store={"url": f"sqlite:///{scene.folder}/nowhere/store.db"})


def folder_that_cannot_be_written(scene: Scene) -> None:
    folder = scene.folder / "danger"
    folder.mkdir(mode=0o555)
    if os.geteuid() == 0 and not mounted(folder, scene.running, "ro,size=64k"):
        pytest.skip("root may write everywhere here, and mount nothing")
    scene.set(danger={"folder": str(folder)})


def rules_not_there(scene: Scene) -> None:
    scene.set(rules={"dir": str(scene.folder / "rulez")})


def rules_that_cannot_be_entered(scene: Scene) -> None:
    scene.running.callback((scene.folder / "rules").chmod, 0o755)
    (scene.folder / "rules").chmod(0)


def backups_that_cannot_be_written(scene: Scene) -> None:
    (scene.folder / "backups").mkdir(mode=0o500)
    scene.set(backup={"dir": str(scene.folder / "backups")})


def socket_with_a_long_name(scene: Scene) -> None:
    scene.set(desk={"socket": f"{scene.folder}/{'x' * 120}"})


def store_that_all_can_read(scene: Scene) -> None:
    (scene.folder / "data").chmod(0o755)
    (scene.folder / "data" / "store.db").chmod(0o644)


def seen_as_root(scene: Scene) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root looks with other rights than the daemon's")
    os.chown(scene.folder / "data" / "store.db", 12345, 12345)


def password_that_all_can_read(scene: Scene) -> None:
    scene.set(outbound={"password_file": str(scene.file("password", SECRET, 0o644))})


def password_that_is_empty(scene: Scene) -> None:
    scene.set(imap={"password_file": str(scene.file("password", f"\n{SECRET}"))})


def password_that_is_not_there(scene: Scene) -> None:
    scene.set(outbound={"password_file": str(scene.folder / "nowhere")})


def password_in_a_settings_file_that_all_can_read(scene: Scene) -> None:
    scene.set(store={"url": f"postgresql://dtm:{SECRET}@127.0.0.1:{free_port()}/dtm"})
    scene.write(mode=0o644)


def one_port_twice(scene: Scene) -> None:
    scene.set(desk={"port": 18025})


def address_of_another_machine(scene: Scene) -> None:
    scene.set(smtp={"host": "192.0.2.7"})


def taking_in(scene: Scene, **tokens: str) -> None:
    """Open the ways in for requests and files, with tokens by their source and a folder."""
    scene.set(channels=["smtp", "http", "folder"], http={"port": 18028})
    sources = {name: {"tokens": str(scene.file(f"{name}.token", token))} for name, token in tokens.items()}
    scene.patch.setenv("DTM_HTTP_SOURCES", json.dumps(sources or {"agence": {"tokens": "credential:agence"}}))
    (scene.folder / "drop").mkdir()
    scene.patch.setenv("DTM_FOLDER_SOURCES", json.dumps({"scans": {"path": str(scene.folder / "drop")}}))


def token_that_is_short(scene: Scene) -> None:
    taking_in(scene, agence=SECRET)


def token_of_two_sources(scene: Scene) -> None:
    taking_in(scene, agence=SECRET * 4, portail=SECRET * 4)


def token_that_all_can_read(scene: Scene) -> None:
    taking_in(scene, agence=SECRET * 4)
    (scene.folder / "agence.token").chmod(0o644)


def tokens_that_are_none(scene: Scene) -> None:
    taking_in(scene, agence="\n")


def form_page_behind_a_proxy_that_is_not_named(scene: Scene) -> None:
    scene.set(channels=["http"], http={"form_source": "site"})


def drop_folder_that_is_away(scene: Scene) -> None:
    taking_in(scene)
    (scene.folder / "drop").rmdir()


def drop_folder_with_a_file_in_place_of_a_folder(scene: Scene) -> None:
    taking_in(scene)
    (scene.folder / "drop" / "done").write_text("x")


def drop_folder_with_refused_files(scene: Scene) -> None:
    taking_in(scene)
    (scene.folder / "drop" / "refused").mkdir()
    for name in ("a.pdf", "a.pdf.reason.txt"):
        (scene.folder / "drop" / "refused" / name).write_text("x")


def port_of_requests_twice(scene: Scene) -> None:
    taking_in(scene)
    scene.set(http={"port": 18025})


def cookies_without_tls(scene: Scene) -> None:
    scene.set(desk={"hosts": ["contact.bailleur.example"], "proxies": ["127.0.0.1"]})


def desk_under_another_name_than_its_links(scene: Scene) -> None:
    hosts = {"hosts": ["bureau.bailleur.example"], "proxies": ["127.0.0.1"], "secure_cookies": True}
    scene.set(desk={**hosts, "url": "https://contact.bailleur.example"})


def everybody_may_hand_over_mail(scene: Scene) -> None:
    scene.set(smtp={"networks": ["0.0.0.0/0"]})


def certificate_that_has_ended(scene: Scene) -> None:
    scene.set(smtp={"certificate": str(certificates.made(scene.folder / "tls", until=ENDED))})


def certificate_with_the_key_of_another(scene: Scene) -> None:
    one, other = (certificates.made(scene.folder / name) for name in ("one", "other"))
    scene.set(smtp={"certificate": str(one), "key": str(other)})


def certificate_that_ends_soon(scene: Scene) -> None:
    soon = f"{datetime.now(UTC) + timedelta(days=9):%Y%m%d%H%M%SZ}"
    scene.set(smtp={"certificate": str(certificates.made(scene.folder / "tls", until=soon))})


def nobody_hears_alarms(scene: Scene) -> None:
    scene.set(alarm={"command": []})


def no_such_program_for_alarms(scene: Scene) -> None:
    scene.set(alarm={"command": ["/nowhere/ring"]})


def no_mail_server_for_alarms(scene: Scene) -> None:
    scene.set(alarm={"recipients": ["it@bailleur.example"], "port": free_port()})


def disk_that_is_full(scene: Scene) -> None:
    scene.set(store={"reserve": 10**18})


def backups_that_are_none(scene: Scene) -> None:
    (scene.folder / "backups").mkdir()
    scene.set(backup={"dir": str(scene.folder / "backups")})


def backups_that_are_old(scene: Scene) -> None:
    backups_that_are_none(scene)
    scene.file("backups/dtm-contact-20260101T024000Z.tar", "")


def backups_that_nobody_has_verified(scene: Scene) -> None:
    backups_that_are_none(scene)
    for age in (1, 2):
        made = datetime.now(UTC) - timedelta(hours=age)
        scene.file(f"backups/dtm-contact-{made:%Y%m%dT%H%M%SZ}.tar", "backup")


def backups_of_which_an_old_one_alone_was_verified(scene: Scene) -> None:
    backups_that_nobody_has_verified(scene)
    mark_verified(scene.file("backups/dtm-contact-20260101T024000Z.tar", "backup"))


def backup_that_has_changed_since(scene: Scene) -> None:
    backups_that_nobody_has_verified(scene)
    newest = backups_in(scene.folder / "backups")[-1]
    mark_verified(newest)
    newest.write_text("back")


def password_that_is_a_credential(scene: Scene) -> None:
    scene.set(outbound={"host": "localhost", "user": "us", "password_file": "credential:smtp.password"})


def language_of_letters_that_is_not_there(scene: Scene) -> None:
    scene.set(recognition={"languages": "fra+tlh"})


def page_on_the_disk_of_the_store(scene: Scene) -> None:
    (scene.folder / "danger").mkdir()
    scene.set(danger={"folder": str(scene.folder / "danger")})


def no_page_where_those_on_call_are_notified(scene: Scene) -> None:
    scene.set(rules={"observe": False})


def disk_without_inodes(scene: Scene) -> None:
    folder = scene.folder / "danger"
    folder.mkdir()
    if not mounted(folder, scene.running, "nr_inodes=40,size=1m"):
        pytest.skip("a disk can be mounted by root alone")
    for number in range(39):
        (folder / str(number)).touch()
    scene.set(danger={"folder": str(folder)})


def judges_beyond_the_memory(scene: Scene) -> None:
    scene.set(judge={"processes": 64})
    proc = scene.folder / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal:        8000000 kB\n")
    scene.patch.setattr(machine, "PROC", proc)


def bound_of_the_service_too_low(scene: Scene) -> None:
    proc, groups = scene.folder / "proc", scene.folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal:        8000000 kB\n")
    (proc / "self" / "cgroup").write_text("0::/system.slice/dtm-contact.service\n")
    (groups / "system.slice" / "dtm-contact.service").mkdir(parents=True)
    (groups / "system.slice" / "memory.max").write_text(f"{400 * 1024 * 1024}\n")
    scene.patch.setattr(machine, "PROC", proc)
    scene.patch.setattr(machine, "CGROUPS", groups)


def too_few_open_files(scene: Scene) -> None:
    scene.set(smtp={"connections": 10**10})


def another_program_on_the_port(scene: Scene) -> None:
    scene.set(monitor={"port": scene.running.enter_context(page(200, b"<html>"))})


def another_daemon_on_the_port(scene: Scene) -> None:
    body = b'{"well": true, "checks": {"store": "well"}, "told": {}, "process": 4711}'
    scene.set(monitor={"port": scene.running.enter_context(page(200, body))})


def daemon_that_does_not_run(scene: Scene) -> None:
    scene.set(monitor={"port": free_port()})


def daemon_that_is_unwell(scene: Scene) -> None:
    body = b'{"well": false, "checks": {"store": "well", "relay": "connection refused"}, "told": {}}'
    scene.set(monitor={"port": scene.running.enter_context(page(503, body))})


def no_database_at_all(scene: Scene) -> None:
    (scene.folder / "data" / "store.db").write_bytes(b"no database, but a file" * 1000)


def tables_of_a_later_version(scene: Scene) -> None:
    _in_sqlite(scene, "UPDATE alembic_version SET version_num = '9999'")


def tables_of_an_earlier_version(scene: Scene) -> None:
    _in_sqlite(scene, "UPDATE alembic_version SET version_num = '0003'")


def journal_of_another_kind(scene: Scene) -> None:
    _in_sqlite(scene, "PRAGMA journal_mode = DELETE")


def postgresql_that_is_away(scene: Scene) -> None:
    scene.set(store={"url": f"postgresql://dtm:{SECRET}@127.0.0.1:{free_port()}/dtm"})


def _in_sqlite(scene: Scene, statement: str) -> None:
    with closing(sqlite3.connect(scene.folder / "data" / "store.db")) as connection:
        connection.execute(statement)
        connection.commit()


def clock_that_was_set_back(scene: Scene) -> None:
    scene.store().arrivals.accept([arrival(received_at=datetime.now(UTC) + timedelta(hours=2))])


RECIPIENT = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"


def encrypted(scene: Scene, **opened: object) -> None:
    """Have backups encrypted; `opened`: one was, as the note beside them says."""
    folder = scene.folder / "backups"
    folder.mkdir()
    scene.set(backup={"dir": str(folder), "age_recipient": RECIPIENT})
    if opened:
        now = datetime.now(UTC).isoformat()
        told = {"opened_at": now, "backup": "b.tar.age", "encrypted_for": RECIPIENT, "identity": "/gone", **opened}
        (folder / "opened-with-the-key.json").write_text(json.dumps(told))


def backup_that_nobody_has_opened(scene: Scene) -> None:
    encrypted(scene)


def backup_that_was_opened_long_ago(scene: Scene) -> None:
    encrypted(scene, opened_at=(datetime.now(UTC) - timedelta(days=201)).isoformat())


def backup_that_was_opened_with_another_key(scene: Scene) -> None:
    encrypted(scene, encrypted_for="age1another")


def key_that_was_left_on_the_machine(scene: Scene) -> None:
    encrypted(scene, identity=str(scene.file("key.txt", "AGE-SECRET-KEY-1")))


def key_that_the_settings_name_on_the_machine(scene: Scene) -> None:
    encrypted(scene, identity="/gone")
    scene.set(backup={"age_identity": str(scene.file("key.txt", "AGE-SECRET-KEY-1"))})


def backup_of_tomorrow(scene: Scene) -> None:
    folder = scene.folder / "backups"
    folder.mkdir()
    (folder / f"dtm-contact-{datetime.now(UTC) + timedelta(hours=24, minutes=1):%Y%m%dT%H%M%SZ}.tar").touch()
    scene.set(backup={"dir": str(folder)})


def journal_of_tomorrow(scene: Scene) -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=24, minutes=1)
    Journal(scene.folder / "journal", 14, lambda: tomorrow).append_numbers({2026: 1})
    scene.set(journal={"dir": str(scene.folder / "journal")})


def clock_that_nothing_keeps(scene: Scene) -> None:
    scene.patch.setattr("dtm_contact.doctor.database.is_kept", lambda: False)


def arrival_held_by_the_dead(scene: Scene) -> None:
    store = scene.store()
    store.leases.register(daemon("d1"), 600)
    store.arrivals.accept([arrival()])
    assert store.arrivals.claim("d1", NOW) is not None
    past = datetime.now(UTC) - timedelta(minutes=1)
    with store.database.writing() as connection:
        connection.execute(sa.update(daemons).values(until=past, renewed_at=past))


def mail_held_since_a_restore(scene: Scene) -> None:
    store = scene.store()
    letter = Outgoing(OutgoingKind.ANSWER, "answer", "nadia@free.example", "us@x", "1@us", b"x")
    mail = OutgoingBatch(lambda _number: [letter], Limits(9, 9))
    store.cases.record(claim(store), judgement(), {}, NOW, mail=mail)
    with store.database.writing() as connection:
        mark_restored(connection, NOW, NOW, 0)


def journalled(scene: Scene, *names: str) -> Store:
    """Keep an intake journal that holds these arrivals; return the store."""
    Journal(scene.folder / "journal", 14, lambda: NOW).append_arrivals(map(arrival, names))
    scene.set(journal={"dir": str(scene.folder / "journal")})
    return scene.store()


def journal_that_was_not_taken_in(scene: Scene) -> None:
    journalled(scene, "one", "two", "three").arrivals.accept([arrival("two")])


def journal_whose_folder_is_away(scene: Scene) -> None:
    journalled(scene, "one")
    (scene.folder / "journal").rename(scene.folder / "moved")


def journal_of_which_a_restore_knows_nothing(scene: Scene) -> None:
    store = journalled(scene, "one")
    store.arrivals.accept([arrival("one")])
    with store.database.writing() as connection:
        mark_restored(connection, NOW, NOW, 0)


def journal_that_burnt_too(scene: Scene) -> None:
    store = scene.store()
    with store.database.writing() as connection:
        mark_restored(connection, NOW, NOW, 0)


def arrivals_that_nobody_judges(scene: Scene) -> None:
    scene.store().arrivals.accept([arrival("one"), arrival("two")])


def import_broken_off(scene: Scene) -> None:
    scene.store().imports.begin("imap agence@ancien.example", "paul", NOW)


def import_with_mail_that_waits(scene: Scene) -> None:
    imports = scene.store().imports
    begun = imports.begin("mbox /tmp/agence.mbox", "paul", NOW)
    imports.accept(begun.id, [ImportedMail(replace(arrival("old"), channel=IMPORTED), NOW)])


def import_with_a_danger_that_nobody_has_confirmed(scene: Scene) -> None:
    import_with_mail_that_waits(scene)
    store = scene.store()
    claimed = store.arrivals.claim("d1", NOW)
    assert claimed is not None
    store.cases.record(claimed, judgement(priority=Priority.P1), {"alarm": {"level": "certain"}}, NOW)


def nobody_may_come_in(scene: Scene) -> None:
    store = scene.store()
    for account in store.accounts.all():
        store.accounts.disable(account.id, datetime.now(UTC))


def second_factor_in_the_open(scene: Scene) -> None:
    store = scene.store()
    account = store.accounts.all()[0]
    store.second_factors.propose(account.id, "JBSWY3DPEHPK3PXP")
    pending = store.second_factors.of(account.id).pending or ""
    assert store.second_factors.confirm(account.id, pending, 1, ["digest"], datetime.now(UTC))


def key_of_second_factors_that_is_not_there(scene: Scene) -> None:
    second_factor_in_the_open(scene)
    scene.set(access={"key_file": str(scene.folder / "nowhere")})


def trial_left_on(scene: Scene) -> None:
    scene.set(outbound={"host": "relay.bailleur.example"})


def sending(scene: Scene, port: int, **values: object) -> None:
    scene.set(rules={"observe": False}, outbound={"host": "localhost", "port": port, **values})


def nothing_is_sent(scene: Scene) -> None:
    scene.set(rules={"observe": False})


def no_mail_server(scene: Scene) -> None:
    sending(scene, free_port())


def mail_server_without_starttls(scene: Scene) -> None:
    sending(scene, scene.running.enter_context(mail_server()))


def mail_server_with_a_certificate_that_has_ended(scene: Scene) -> None:
    made = certificates.made(scene.folder / "tls", until=ENDED)
    sending(scene, scene.running.enter_context(mail_server(certificates.served(made))), authority=str(made))


def mail_server_with_a_wrong_name(scene: Scene) -> None:
    made = certificates.made(scene.folder / "tls", name="other.example")
    sending(scene, scene.running.enter_context(mail_server(certificates.served(made))), authority=str(made))


def mail_server_that_refuses_the_password(scene: Scene) -> None:
    port = scene.running.enter_context(mail_server())
    sending(scene, port, security="none", user="us", password_file=str(scene.file("password", SECRET)))


def mail_server_that_takes_only_small_letters(scene: Scene) -> None:
    sending(scene, scene.running.enter_context(mail_server(size=10_240_000)), security="none")


def mail_server_that_refuses_our_sender(scene: Scene) -> None:
    refusal = "553 5.7.1 <metropole@bailleur.example>: Sender address rejected: not owned"
    sending(scene, scene.running.enter_context(mail_server(to_senders=refusal)), security="none")


def mail_server_that_refuses_every_client(scene: Scene) -> None:
    # Postfix refuses a client and a sender at RCPT only (smtpd_delay_reject).
    refusal = "554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied"
    sending(scene, scene.running.enter_context(mail_server(to_recipients=refusal)), security="none")


def mail_server_that_puts_recipients_off(scene: Scene) -> None:
    sending(scene, scene.running.enter_context(mail_server(to_recipients="450 4.2.0 Greylisted")), security="none")


def on_call_at_an_example(scene: Scene) -> None:
    sending(scene, free_port())


def on_call_at_an_example_in_the_rules_that_judge(scene: Scene) -> None:
    """Plant a folder whose addresses are real, and which was refused, so that the shipped rules judge on."""
    sending(scene, free_port())
    store, rules = scene.store(), scene.folder / "rules"
    store.rule_versions.put_in_force("dtm-contact", "old", pack(rules), datetime.now(UTC))
    store.rule_versions.refuse("dtm-contact", "new", (), datetime.now(UTC))
    queues = rules / "queues.yaml"
    queues.write_text(queues.read_text("utf-8").replace("parishabitat.example", "lilas.fr"), "utf-8")


def more_on_call_than_steps(scene: Scene) -> None:
    file = scene.folder / "rules" / "queues.yaml"
    text, last = file.read_text(encoding="utf-8"), "cadre-astreinte.dtm@parishabitat.example]"
    assert last in text
    file.write_text(text.replace(last, f"third@bailleur.example, fourth@bailleur.example, {last}"), encoding="utf-8")


def sender_that_is_none_of_ours(scene: Scene) -> None:
    sending(scene, free_port(), sender="autre@bailleur.fr")


def reading(scene: Scene, port: int, **values: object) -> None:
    password = str(scene.file("password", SECRET))
    scene.set(channels=["imap"], imap={"host": "localhost", "port": port, "password_file": password, **values})


def mailbox_with_a_certificate_that_has_ended(scene: Scene) -> None:
    made = certificates.made(scene.folder / "tls", until=ENDED)
    reading(scene, scene.running.enter_context(mailbox(certificates.served(made))), authority=str(made))


def mailbox_with_an_unknown_authority(scene: Scene) -> None:
    made = certificates.made(scene.folder / "tls")
    reading(scene, scene.running.enter_context(mailbox(certificates.served(made))))


def mailbox_that_refuses_the_password(scene: Scene) -> None:
    reading(scene, scene.running.enter_context(mailbox(LOGIN=REFUSAL)), tls=False)


def mailbox_without_the_folder(scene: Scene) -> None:
    reading(scene, scene.running.enter_context(mailbox(SELECT=REFUSAL)), tls=False)


def mailbox_that_is_away(scene: Scene) -> None:
    reading(scene, free_port(), tls=False)


def reading_by_graph(scene: Scene, faults: dict[str, list[Fault]], **values: object) -> None:
    served = scene.running.enter_context(graph(FakeGraph(faults=faults)))
    secret = str(scene.file("oauth.secret", GRAPH_SECRET))
    oauth = {"token_url": served.token_url, "client_id": CLIENT, "secret_file": secret, "seconds": 60.0}
    scene.set(channels=["graph", "graph_sent"], graph={"url": served.url, "user": USER, **values}, oauth=oauth)


def graph_without_a_token(scene: Scene) -> None:
    reading_by_graph(scene, {"token": [Fault(401, body={"error": "invalid_client"})]})


def graph_without_the_permission(scene: Scene) -> None:
    reading_by_graph(scene, {"mailFolders": [Fault(403, body={"error": {"code": "ErrorAccessDenied"}})]})


def graph_without_the_folder(scene: Scene) -> None:
    reading_by_graph(scene, {}, folder="Ailleurs")


def graph_in_trouble(scene: Scene) -> None:
    reading_by_graph(scene, {"mailFolders": [Fault(503)]})


def secret_of_tokens_that_others_read(scene: Scene) -> None:
    reading_by_graph(scene, {})
    scene.file("oauth.secret", GRAPH_SECRET, 0o644)


def name_that_does_not_resolve(scene: Scene) -> None:
    scene.set(outbound={"host": "relay.invalid"})


def domain_that_is_none(scene: Scene) -> None:
    asked_at(scene, scene.running.enter_context(names(1)))
    scene.set(outbound={"sender": f"us@{'x' * 70}.example"})


def domain_without_a_mail_server(scene: Scene) -> None:
    asked_at(scene, scene.running.enter_context(names(0)))


def asked_at(scene: Scene, port: int) -> None:
    scene.patch.setattr(links, "RESOLVERS", scene.file("resolv.conf", "nameserver 127.0.0.1\n"))
    scene.patch.setattr(links, "DNS_PORT", port)


def postfix_that_takes_no_mail_for_us(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("relay_domains", "#relay_domains"))


def postfix_that_looks_for_a_local_user(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("relay_domains", "mydestination") + "\nlocal_recipient_maps = inline:{ root=root }")


def postfix_with_the_domain_in_mydestination_too(scene: Scene) -> None:
    """Plant what Debian sets up for an "Internet Site" whose mail name is our domain, with our lines below it."""
    scene.postfix(f"mydestination = $myhostname, bailleur.example, localhost\nmyhostname = mx.interne\n{POSTFIX}")


def postfix_that_knows_others_alone(scene: Scene) -> None:
    scene.postfix(f"{POSTFIX}\nrelay_recipient_maps = inline:{{ autre@bailleur.example=ours }}")


def postfix_without_an_alias(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("relay_domains", "virtual_alias_domains"))


def postfix_without_a_transport(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("transport_maps", "#transport_maps"))


def postfix_that_leads_elsewhere(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("18025", "18026"))


def postfix_that_sees_no_socket(scene: Scene) -> None:
    socket = scene.folder / "data" / "lmtp.sock"
    scene.set(channels=["lmtp"], lmtp={"socket": str(socket), "recipients": [ADDRESS]})
    main = POSTFIX.replace("smtp:[127.0.0.1]:18025", f"lmtp:unix:{socket}")
    scene.postfix(main, "lmtp unix - - y - - lmtp")


def postfix_without_the_daemon(scene: Scene) -> None:
    port = free_port()
    scene.set(smtp={"port": port})
    scene.postfix(POSTFIX.replace("18025", str(port)))


def postfix_that_takes_larger_messages(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("37748736", "90000000"))


def postfix_that_keeps_no_plus(scene: Scene) -> None:
    scene.postfix(POSTFIX.replace("recipient_delimiter", "#recipient_delimiter"))


def no_directory(scene: Scene) -> None:
    _in_sqlite(scene, "DELETE FROM directory_contents")
    _in_sqlite(scene, "DELETE FROM directory_versions")


def directory_that_is_old(scene: Scene) -> None:
    _in_sqlite(scene, "UPDATE directory_versions SET imported_at = '2026-01-01 00:00:00', exported_at = NULL")


def rules_with_an_error(scene: Scene) -> None:
    (scene.folder / "rules" / "routing.yaml").write_text("rules: [")


def model_that_is_none(scene: Scene) -> None:
    scene.set(model=str(scene.file("model.npz", "no model")))


def calls(scene: Scene, **values: object) -> None:
    logs = ROOT / "fixtures" / "calls"
    named = {"records": str(logs / "Master.csv"), "queue_log": str(logs / "queue_log"), **values}
    scene.set(channels=["smtp", "asterisk_cdr"], switchboard=named)


def switchboard_in_another_time_zone(scene: Scene) -> None:
    calls(scene, timezone="America/New_York")


def switchboard_without_a_log(scene: Scene) -> None:
    calls(scene, records=str(scene.folder / "Master.csv"))


def switchboard_with_other_columns(scene: Scene) -> None:
    calls(scene, records=str(scene.file("Master.csv", "some;thing;else\n" * 5)))


ENDED_OF = "certificate has expired (checked against {folder}/tls/both.pem)"
FAULTS: list[tuple[Plant, str, CheckState, str]] = [
    (key_of_second_factors_that_is_not_there, "codes", CheckState.FAULT, "DTM_ACCESS_KEY_FILE: No such file"),
    (another_daemon_on_the_port, "daemon", CheckState.FAULT, "another daemon answers at 127.0.0.1:"),
    (desk_under_another_name_than_its_links, "addresses", CheckState.WARNING, "name in desk.url, contact.bailleur.ex"),
    (trial_left_on, "addressees", CheckState.WARNING, "rules.observe is true, though outbound.host is set"),
    (second_factor_in_the_open, "codes", CheckState.WARNING, "the second factors of 1 accounts lie open in the store"),
    (misspelt_key, "settings", CheckState.FAULT, "smpt: there is no such setting; did you mean smtp?"),
    (wrong_type, "settings", CheckState.FAULT, "dtm-contact.toml:10: smtp.port: Input should be a valid integer"),
    (no_toml, "settings", CheckState.FAULT, "no TOML: Invalid value; write a text in quotation marks"),
    (anybody_may_change_the_settings, "settings", CheckState.FAULT, "anybody may change it"),
    (misspelt_variable, "settings", CheckState.WARNING, "did you mean DTM_OUTBOUND_HOST?"),
    (no_such_channel, "settings", CheckState.FAULT, "there is no channel fax"),
    (no_folder_for_the_store, "rights", CheckState.FAULT, "nowhere does not exist"),
    (folder_that_cannot_be_written, "rights", CheckState.FAULT, "danger cannot be written"),
    (rules_not_there, "rights", CheckState.FAULT, "No such file or directory: {folder}/rulez"),
    (rules_that_cannot_be_entered, "rights", CheckState.FAULT, "rules.dir: {folder}/rules cannot be entered by "),
    (rules_that_cannot_be_entered, "rules", CheckState.FAULT, "rules.dir: {folder}/rules cannot be entered by "),
    (backups_that_cannot_be_written, "rights", CheckState.FAULT, "backup.dir: {folder}/backups cannot be written"),
    (socket_with_a_long_name, "rights", CheckState.FAULT, "longer than the 107 octets"),
    (store_that_all_can_read, "rights", CheckState.FAULT, "every user can read {folder}/data/store.db"),
    (seen_as_root, "rights", CheckState.WARNING, "this runs as root, and the store is 12345's"),
    (password_that_all_can_read, "secrets", CheckState.FAULT, "{folder}/password (mode 0644)"),
    (password_that_is_empty, "secrets", CheckState.FAULT, "its first line is empty: {folder}/password"),
    (password_that_is_not_there, "secrets", CheckState.FAULT, "No such file or directory: {folder}/nowhere"),
    (
        password_in_a_settings_file_that_all_can_read,
        "secrets",
        CheckState.FAULT,
        "dtm-contact.toml:3: store.url: a secret",
    ),
    (token_that_all_can_read, "secrets", CheckState.FAULT, "{folder}/agence.token (mode 0644)"),
    (token_that_is_short, "intake", CheckState.FAULT, "fewer than 32 characters can be guessed"),
    (token_of_two_sources, "intake", CheckState.FAULT, "agence has the same token, and can pass for portail"),
    (tokens_that_are_none, "intake", CheckState.FAULT, "agence.token holds 0 tokens"),
    (form_page_behind_a_proxy_that_is_not_named, "intake", CheckState.WARNING, "http.proxies: none is named"),
    (drop_folder_that_is_away, "intake", CheckState.FAULT, "{folder}/drop does not exist"),
    (drop_folder_with_a_file_in_place_of_a_folder, "intake", CheckState.FAULT, "{folder}/drop/done is no folder"),
    (drop_folder_with_refused_files, "intake", CheckState.WARNING, "1 files lie in refused"),
    (port_of_requests_twice, "addresses", CheckState.FAULT, "127.0.0.1:18025 is that of smtp, too"),
    (one_port_twice, "addresses", CheckState.FAULT, "127.0.0.1:18025 is that of smtp, too"),
    (address_of_another_machine, "addresses", CheckState.FAULT, "192.0.2.7: Cannot assign requested address"),
    (cookies_without_tls, "addresses", CheckState.FAULT, "without TLS"),
    (everybody_may_hand_over_mail, "addresses", CheckState.FAULT, "whoever reaches it may hand over mail"),
    (
        certificate_that_has_ended,
        "certificate",
        CheckState.FAULT,
        "its certificate is refused: certificate has expired",
    ),
    (certificate_with_the_key_of_another, "certificate", CheckState.FAULT, "{folder}/one/both.pem: TLS fails: "),
    (certificate_that_ends_soon, "certificate", CheckState.WARNING, "ends in 9 days"),
    (nobody_hears_alarms, "alarms", CheckState.WARNING, "nobody is told"),
    (no_such_program_for_alarms, "alarms", CheckState.FAULT, "there is no program /nowhere/ring"),
    (no_mail_server_for_alarms, "alarms", CheckState.FAULT, "Connection refused"),
    (disk_that_is_full, "disk", CheckState.FAULT, "so no mail is taken in"),
    (backups_that_are_none, "backup", CheckState.WARNING, "{folder}/backups holds no backup"),
    (backups_that_are_old, "backup", CheckState.WARNING, "DTM_BACKUP_MAX_AGE_HOURS allows 30"),
    (password_that_is_a_credential, "secrets", CheckState.SKIPPED, "handed to the daemon's unit alone"),
    (password_that_is_a_credential, "relay", CheckState.SKIPPED, "the password of outbound is a systemd credential"),
    (language_of_letters_that_is_not_there, "recognition", CheckState.WARNING, "letters go to the reception unread"),
    (disk_without_inodes, "disk", CheckState.FAULT, "files (inodes) left"),
    (judges_beyond_the_memory, "memory", CheckState.FAULT, "12,480 MiB at rest"),
    (bound_of_the_service_too_low, "memory", CheckState.FAULT, "system.slice allows 400"),
    (too_few_open_files, "files", CheckState.WARNING, "the connections may need 10,000,000,256"),
    (another_program_on_the_port, "daemon", CheckState.FAULT, "another program answers at 127.0.0.1:"),
    (daemon_that_is_unwell, "daemon", CheckState.FAULT, "relay: connection refused"),
    (daemon_that_does_not_run, "daemon", CheckState.WARNING, "no daemon runs on this machine"),
    (no_database_at_all, "database", CheckState.FAULT, "SQLITE_NOTADB: {folder}/data/store.db"),
    (tables_of_a_later_version, "database", CheckState.FAULT, "of version 9999"),
    (tables_of_an_earlier_version, "database", CheckState.WARNING, "of version 0003"),
    (journal_of_another_kind, "database", CheckState.FAULT, "journal_mode is delete"),
    (postgresql_that_is_away, "database", CheckState.FAULT, "(connection refused): PostgreSQL at 127.0.0.1:"),
    (clock_that_was_set_back, "clock", CheckState.WARNING, "minutes from now: the clock was set back"),
    (backup_of_tomorrow, "clock", CheckState.WARNING, "the newest backup was made 24 hours from now"),
    (journal_of_tomorrow, "clock", CheckState.WARNING, "the intake journal was begun 24 hours from now"),
    (backup_that_nobody_has_opened, "key", CheckState.WARNING, "no backup was ever opened with the secret key"),
    (backup_that_was_opened_long_ago, "key", CheckState.WARNING, "201 days ago; backup.key_max_age_days"),
    (backup_that_was_opened_with_another_key, "key", CheckState.WARNING, "b.tar.age was opened last, and the"),
    (key_that_was_left_on_the_machine, "key", CheckState.WARNING, "where it burns with it: {folder}/key.txt"),
    (key_that_the_settings_name_on_the_machine, "key", CheckState.WARNING, "burns with it: {folder}/key.txt"),
    (clock_that_nothing_keeps, "clock", CheckState.WARNING, "nothing keeps this machine's clock"),
    (arrival_held_by_the_dead, "leases", CheckState.FAULT, "held beyond a lease: 1 arrivals, by d1 "),
    (mail_held_since_a_restore, "held", CheckState.WARNING, "1 e-mails are held since a restore; 0 of them tell of"),
    (journal_that_was_not_taken_in, "journal", CheckState.FAULT, "2 arrivals of the intake journal are not in the st"),
    (journal_whose_folder_is_away, "journal", CheckState.FAULT, "is not written, what comes in is in the store alone"),
    (journal_of_which_a_restore_knows_nothing, "journal", CheckState.WARNING, "was not taken in since"),
    (journal_that_burnt_too, "journal", CheckState.WARNING, "may be missing, dangers too"),
    (arrivals_that_nobody_judges, "waiting", CheckState.WARNING, "no daemon runs, and 2 arrivals wait to be judged"),
    (import_broken_off, "imports", CheckState.WARNING, "begun 2026-11-24 09:30 UTC, is not ended: it was"),
    (import_with_mail_that_waits, "imports", CheckState.WARNING, "1 messages wait to be judged"),
    (import_with_a_danger_that_nobody_has_confirmed, "imports", CheckState.WARNING, "1 recent dangers wait for"),
    (nobody_may_come_in, "desk", CheckState.FAULT, "there is no account"),
    (nothing_is_sent, "relay", CheckState.WARNING, "nobody is told of danger"),
    (no_mail_server, "relay", CheckState.FAULT, "(starttls): Connection refused"),
    (mail_server_without_starttls, "relay", CheckState.FAULT, "STARTTLS extension not supported"),
    (mail_server_with_a_certificate_that_has_ended, "relay", CheckState.FAULT, ENDED_OF),
    (mail_server_with_a_wrong_name, "relay", CheckState.FAULT, "certificate is not valid for 'localhost'"),
    (mail_server_that_refuses_the_password, "relay", CheckState.FAULT, "credentials refused (535)"),
    (mail_server_that_takes_only_small_letters, "relay", CheckState.WARNING, "it takes letters of 10,240,000 octets"),
    (mail_server_that_refuses_our_sender, "relay", CheckState.FAULT, f"the sender {ADDRESS}: 553 5.7.1 "),
    (mail_server_that_refuses_every_client, "relay", CheckState.FAULT, f"mail for {ADDRESS}: 554 5.7.1 <unknown"),
    (mail_server_that_puts_recipients_off, "relay", CheckState.WARNING, "450 4.2.0 Greylisted (it may later)"),
    (on_call_at_an_example, "addressees", CheckState.FAULT, "queues.yaml: permanence.dtm@parishabitat.example, ast"),
    (on_call_at_an_example_in_the_rules_that_judge, "addressees", CheckState.FAULT, "on_call in the rules in force"),
    (sender_that_is_none_of_ours, "addressees", CheckState.WARNING, "autre@bailleur.fr is none of smtp.recipients"),
    (mailbox_with_a_certificate_that_has_ended, "mailbox", CheckState.FAULT, ENDED_OF),
    (
        mailbox_with_an_unknown_authority,
        "mailbox",
        CheckState.FAULT,
        "its certificate is refused: self-signed certificate",
    ),
    (mailbox_that_refuses_the_password, "mailbox", CheckState.FAULT, "refuses our name, password or token"),
    (mailbox_without_the_folder, "mailbox", CheckState.FAULT, "the folder INBOX cannot be opened"),
    (mailbox_that_is_away, "mailbox", CheckState.FAULT, ": Connection refused"),
    (graph_without_a_token, "graph", CheckState.FAULT, "invalid_client; the secret has run out"),
    (graph_without_the_permission, "graph", CheckState.FAULT, "status 403 ErrorAccessDenied; let its administrator"),
    (graph_without_the_folder, "graph", CheckState.FAULT, "there is no folder Ailleurs"),
    (graph_in_trouble, "graph", CheckState.FAULT, "status 503"),
    (secret_of_tokens_that_others_read, "secrets", CheckState.FAULT, "oauth.secret_file: every user can read"),
    (name_that_does_not_resolve, "dns", CheckState.FAULT, "outbound.host: relay.invalid: "),
    (domain_that_is_none, "dns", CheckState.FAULT, "is no name that the DNS can have"),
    (domain_without_a_mail_server, "dns", CheckState.WARNING, "bailleur.example has no MX"),
    (postfix_that_takes_no_mail_for_us, "postfix", CheckState.FAULT, "Relay access denied"),
    (postfix_that_looks_for_a_local_user, "postfix", CheckState.FAULT, "User unknown in local recipient table"),
    (postfix_with_the_domain_in_mydestination_too, "postfix", CheckState.FAULT, f"where {ADDRESS} is unknown (User"),
    (postfix_that_knows_others_alone, "postfix", CheckState.FAULT, "(User unknown in relay recipient table)"),
    (postfix_without_an_alias, "postfix", CheckState.FAULT, "(User unknown in virtual alias table)"),
    (postfix_without_a_transport, "postfix", CheckState.FAULT, f"no transport leads {ADDRESS} to us"),
    (postfix_that_leads_elsewhere, "postfix", CheckState.FAULT, "smtp:[127.0.0.1]:18026, where we do not listen"),
    (postfix_that_sees_no_socket, "postfix", CheckState.FAULT, "lmtp client is in a chroot, where it does not see"),
    (postfix_without_the_daemon, "postfix", CheckState.FAULT, "where nobody takes it: Connection refused"),
    (postfix_that_takes_larger_messages, "postfix", CheckState.WARNING, "message_size_limit is 90000000"),
    (postfix_that_keeps_no_plus, "postfix", CheckState.FAULT, "recipient_delimiter has no +"),
    (more_on_call_than_steps, "addressees", CheckState.WARNING, "the last 1 are never notified: escalation has 2"),
    (backups_that_nobody_has_verified, "backup", CheckState.WARNING, "none of the 2 backups in {folder}/backups"),
    (backups_of_which_an_old_one_alone_was_verified, "backup", CheckState.WARNING, "and 2 made since were not"),
    (backup_that_has_changed_since, "backup", CheckState.WARNING, "has changed since it was verified, and counts"),
    (page_on_the_disk_of_the_store, "apart", CheckState.WARNING, "danger.folder: on the disk of the store"),
    (no_page_where_those_on_call_are_notified, "apart", CheckState.WARNING, "danger.folder is not set"),
    (no_directory, "directory", CheckState.FAULT, "no directory has been imported"),
    (directory_that_is_old, "directory", CheckState.WARNING, "(2026-01-01)"),
    (rules_with_an_error, "rules", CheckState.FAULT, "{folder}/rules/routing.yaml:"),
    (model_that_is_none, "rules", CheckState.WARNING, "{folder}/model.npz: error: "),
    (switchboard_in_another_time_zone, "switchboard", CheckState.FAULT, "read as America/New_York"),
    (switchboard_without_a_log, "switchboard", CheckState.FAULT, "Master.csv does not exist"),
    (switchboard_with_other_columns, "switchboard", CheckState.FAULT, "are no call records"),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "check", "state", "told"), FAULTS, ids=[plant.__name__ for plant, *_ in FAULTS])
def test_a_fault_is_found_by_its_check(scene: Scene, plant: Plant, check: str, state: CheckState, told: str) -> None:
    plant(scene)
    bound = plant in {rules_that_cannot_be_entered, backups_that_cannot_be_written}
    found = unprivileged(lambda: scene.found(check)) if bound else scene.found(check)
    matching = [each for each in found if each.state is state and told.format(folder=scene.folder) in each.message]
    assert matching, found
    assert all(each.remedy for each in found if each.state in {CheckState.WARNING, CheckState.FAULT})
    assert SECRET not in str(found)


def test_each_check_has_a_fault_that_it_finds() -> None:
    assert {check for _plant, check, _state, _told in FAULTS} == set(CHECKS)


def test_nothing_is_found_where_nothing_is_wrong(scene: Scene) -> None:
    made = certificates.made(scene.folder / "tls")
    made.chmod(0o600)
    sending(
        scene,
        scene.running.enter_context(mail_server(certificates.served(made))),
        user="us",
        password_file=str(scene.file("relay.password", "right")),
        authority=str(made),
    )
    reading(scene, scene.running.enter_context(mailbox(certificates.served(made))), authority=str(made))
    calls(scene)
    taking_in(scene, agence=SECRET * 4)
    reading_by_graph(scene, {})
    every = ["smtp", "imap", "imap_sent", "graph", "graph_sent", "asterisk_cdr", "http", "folder"]
    scene.set(channels=every, smtp={"certificate": str(made)})
    asked_at(scene, scene.running.enter_context(names(1)))
    taking = scene.running.enter_context(listening())
    scene.set(smtp={"port": taking})
    scene.postfix(POSTFIX.replace("18025", str(taking)))
    (scene.folder / "proc" / "self").mkdir(parents=True)
    (scene.folder / "proc" / "meminfo").write_text("MemTotal:        8000000 kB\n")
    (scene.folder / "proc" / "self" / "limits").write_text("Max open files            1024     unlimited     files\n")
    scene.patch.setattr(machine, "PROC", scene.folder / "proc")
    scene.write()
    found = list(examine(scene.config))
    # No daemon runs, no folder of backups, of a journal or of the page of open P1 is set, the directory of the tests
    # has no office that the rules name, and all its addresses are examples.
    others = {
        "apart": CheckState.WARNING,
        "backup": CheckState.SKIPPED,
        "key": CheckState.SKIPPED,
        "daemon": CheckState.WARNING,
        "journal": CheckState.SKIPPED,
        "rules": CheckState.WARNING,
        "addressees": CheckState.FAULT,
    }
    assert {each.check: each.state for each in found if each.state is not CheckState.OK} == others
    assert {each.check for each in found} == set(CHECKS)
    assert SECRET not in str(found)


def test_the_way_out_of_mydestination_is_told_as_it_is_typed(scene: Scene) -> None:
    postfix_with_the_domain_in_mydestination_too(scene)
    [found] = (each for each in scene.found("postfix") if "mydestination" in each.message)
    assert found.remedy.startswith("postconf -e 'mydestination = mx.interne, localhost', then: postfix reload")


def test_an_alias_makes_an_address_known_wherever_its_domain_stands(scene: Scene) -> None:
    taking = scene.running.enter_context(listening())
    scene.set(smtp={"port": taking})
    main = POSTFIX.replace("relay_domains", "mydestination").replace("18025", str(taking))
    scene.postfix(f"{main}\nalias_maps = inline:{{ metropole=root }}")
    assert [each.state for each in scene.found("postfix")] == [CheckState.OK]


def test_each_domain_that_notices_go_to_is_tried_once(scene: Scene) -> None:
    refusal = "554 5.7.1 Relay access denied"
    sending(scene, scene.running.enter_context(mail_server(to_recipients=refusal)), security="none")
    queues = scene.folder / "rules" / "queues.yaml"
    queues.write_text(queues.read_text("utf-8").replace("parishabitat.example", "lilas.fr"), "utf-8")
    tried = [each.message.partition("mail for ")[2].partition(":")[0] for each in scene.found("relay")]
    assert tried == ["permanence.dtm@lilas.fr"]


def test_no_mail_server_is_asked_for_of_a_sender_that_nobody_has_set(scene: Scene) -> None:
    asked_at(scene, scene.running.enter_context(names(0)))
    del scene.values["outbound"]["sender"]
    assert [each.message.partition(" ")[0] for each in scene.found("dns")] == ["bailleur.example"]


def test_a_socket_is_among_what_the_daemon_listens_on(scene: Scene) -> None:
    scene.set(channels=["lmtp"], lmtp={"socket": str(scene.folder / "lmtp.sock"), "recipients": [ADDRESS]})
    (found,) = scene.found("addresses")
    assert f"lmtp on {scene.folder}/lmtp.sock" in found.message


def test_settings_behind_a_closed_folder_name_it(scene: Scene) -> None:
    scene.write()
    scene.running.callback(scene.folder.chmod, 0o700)
    scene.folder.chmod(0)
    [told, *_] = unprivileged(lambda: list(examine(scene.config, only=["settings"])))
    assert re.search(rf"toml: {scene.folder} cannot be entered by \S+; let this user read it", told.message)


def test_the_lines_for_postfix_that_we_give_let_mail_through(scene: Scene) -> None:
    lines = (shipped("deploy") / "postfix-main.cf").read_text(encoding="utf-8")
    smtp = load(shipped("deploy") / "dtm-contact.toml", {}).settings.smtp
    assert f"[{smtp.host}]:{smtp.port}" in lines
    taking = scene.running.enter_context(listening())
    scene.postfix(lines.replace(str(smtp.port), str(taking)))
    scene.set(smtp={"port": taking, "recipients": list(smtp.recipients)})
    (found,) = scene.found("postfix")
    told = f"mail for metropole@parishabitat.fr is handed to us at 127.0.0.1:{taking}"
    assert (found.state, found.message) == (CheckState.OK, told)


def test_the_lines_for_postfix_beside_an_old_process_let_the_copy_through(scene: Scene) -> None:
    lines = (shipped("deploy") / "postfix-main.cf").read_text(encoding="utf-8")
    _instead, beside = lines.split("# B.")
    taking = scene.running.enter_context(listening())
    scene.postfix(
        re.sub(r"^#(?=\w+ = )", "", beside.partition("\n")[2], flags=re.MULTILINE).replace("8025", str(taking))
    )
    scene.set(smtp={"port": taking, "recipients": ["metropole@dtm.parishabitat.fr"]})
    assert [each.state for each in scene.found("postfix")] == [CheckState.OK]


def test_what_agents_may_attach_fits_through_postfix_and_to_us_with_the_lines_that_we_give() -> None:
    lines = (shipped("deploy") / "postfix-main.cf").read_text(encoding="utf-8")
    given = Settings.defaults()
    assert f"message_size_limit = {given.smtp.size_limit}\n" in lines
    assert given.attachments.largest_letter <= given.smtp.size_limit == given.lmtp.size_limit
    most = given.attachments.megabytes
    assert given.attachments.megabytes_within(given.attachments.largest_letter) == most
    assert given.attachments.megabytes_within(given.attachments.largest_letter - 1) == most - 1


def test_what_postfix_takes_for_others_is_not_lowered(scene: Scene) -> None:
    postfix_that_takes_larger_messages(scene)
    (found,) = (each for each in scene.found("postfix") if "message_size_limit" in each.message)
    assert found.remedy.startswith("smtp.size_limit = 90000000")


def test_real_addresses_are_well_and_examples_are_told_before_anything_is_sent(scene: Scene) -> None:
    on_call = ", ".join(f"{each}.dtm@parishabitat.example" for each in ("permanence", "astreinte", "cadre-astreinte"))
    before = scene.found("addressees", offline=True)
    assert [(each.state, each.message.partition("once it is: ")[2].partition(" nobody")[0]) for each in before] == [
        (
            CheckState.WARNING,
            f"on_call in queues.yaml: {on_call}:",
        ),
        (CheckState.WARNING, "outbound.sender: metropole@bailleur.example:"),
        (CheckState.WARNING, "outbound.host is empty, so nothing can be sent"),
    ]
    scene.config.unlink()
    sending(scene, free_port(), sender="contact@lilas.fr")
    scene.set(smtp={"recipients": ["contact@lilas.fr"]})
    queues = scene.folder / "rules" / "queues.yaml"
    queues.write_text(queues.read_text("utf-8").replace("parishabitat.example", "lilas.fr"), "utf-8")
    assert [each.state for each in scene.found("addressees", offline=True)] == [CheckState.OK]
    scene.config.unlink()
    scene.set(rules={"observe": True})
    left_on, ready = scene.found("addressees", offline=True)
    assert (left_on.state, ready.state) == (CheckState.WARNING, CheckState.SKIPPED)
    assert "nothing will be missing" in ready.message
    scene.config.unlink()
    scene.set(rules={"observe": False})
    offices = [each.message for each in scene.found("addressees")]
    assert len(offices) == 1
    assert offices[0].startswith("offices of the directory: ")


def test_both_ways_in_take_mail_for_the_same_addresses_unless_lmtp_names_its_own() -> None:
    own = SmtpSettings(recipients=("accueil@lilas.fr",))
    assert Settings(smtp=own).mail_servers["lmtp"].recipients == ("accueil@lilas.fr",)
    other = Settings(smtp=own, lmtp=LmtpSettings(recipients=("copie@lilas.fr",)))
    assert other.mail_servers["lmtp"].recipients == ("copie@lilas.fr",)
    assert other.mail_servers["smtp"].recipients == ("accueil@lilas.fr",)


def test_a_key_that_opened_a_backup_lately_and_was_taken_away_is_well(scene: Scene) -> None:
    encrypted(scene, identity="/gone")
    (found,) = scene.found("key")
    assert (found.state, found.message[:40]) == (CheckState.OK, "b.tar.age was opened with the secret key")


def test_backups_are_told_with_their_age_and_the_newest_that_was_verified(scene: Scene) -> None:
    backups_that_nobody_has_verified(scene)
    older, newest = backups_in(scene.folder / "backups")
    mark_verified(older)
    (found,) = scene.found("backup")
    said = (
        f"2 in {scene.folder}/backups, 1 of them verified; the newest is 1 hours old, the oldest 2 hours; {older.name}"
    )
    assert (found.state, found.message) == (CheckState.OK, f"{said}, 2 hours old, is the newest that was verified")
    mark_verified(newest)
    (found,) = scene.found("backup")
    assert found.message.endswith(
        "2 of them verified; the newest is 1 hours old, the oldest 2 hours; it is the newest that was verified"
    )


def test_all_packages_of_recognition_are_named_where_none_is_there(scene: Scene) -> None:
    scene.patch.setenv("PATH", str(scene.folder))
    (found,) = scene.found("recognition")
    assert found.remedy.startswith("apt install tesseract-ocr poppler-utils tesseract-ocr-fra")


def test_postgresql_that_loses_what_it_was_told_is_found(scene: Scene, postgresql_url: str) -> None:
    scene.set(store={"url": postgresql_url})
    found = scene.found("database")
    assert [each.message.split(" ")[0] for each in found] == ["fsync", "full_page_writes"]
    assert [each.state for each in scene.found("clock")] == [CheckState.OK]
    late = timedelta(seconds=90)
    scene.patch.setattr("dtm_contact.store.inspecting.database_time", lambda _: datetime.now(UTC) - late)
    [off] = scene.found("clock")
    assert (off.state, off.message) == (CheckState.FAULT, "this machine's clock is 90 s ahead of the database's")


def test_a_standby_is_found_where_the_primary_is_wanted(
    scene: Scene, postgresql_server: Server, postgresql_url: str
) -> None:
    found = programs()
    assert found is not None
    bin_folder = (found / "pg_ctl").resolve().parent
    with tempfile.TemporaryDirectory(prefix="dtm-pg-") as name:
        folder = Path(name)
        owner: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if owner:
            shutil.chown(folder, "postgres", "postgres")

        def run(program: str, *arguments: str) -> None:
            command = [str(bin_folder / program), "-D", f"{folder}/data", *arguments]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **owner)

        run("pg_basebackup", "-h", str(postgresql_server.folder), "-U", "postgres", "-R", "-c", "fast", "--no-sync")
        # A standby allows no fewer connections than its primary, or does not start.
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            scene.set(store={"url": postgresql_url.replace(str(postgresql_server.folder), str(folder))})
            told = [each.message for each in scene.found("database")]
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    assert "it is a standby: nothing can be written" in told


def test_a_folder_that_systemd_makes_with_the_start_is_not_missed_before(scene: Scene) -> None:
    scene.set(desk={"socket": "/run/dtm-contact-of-tests/desk.sock"})
    assert [each.state for each in scene.found("rights")] == [CheckState.OK]


def test_a_check_that_fails_itself_stops_no_other(scene: Scene) -> None:
    def broken(_site: object) -> object:
        raise RuntimeError(SECRET)

    scene.patch.setattr("dtm_contact.doctor.machine.free_octets", broken)
    scene.write()
    found = {each.check: each for each in examine(scene.config, only=["disk", "database"])}
    assert (found["disk"].state, found["disk"].message) == (CheckState.WARNING, "the check itself failed: RuntimeError")
    assert found["database"].state is CheckState.OK


def test_without_a_connection_nothing_is_connected_to(scene: Scene) -> None:
    no_mail_server_for_alarms(scene)
    scene.write()
    found = list(examine(scene.config, offline=True))
    assert {each.check for each in found} == {each.name for each in CHECKS.values() if each.offline}
    assert [each.state for each in found if each.check == "alarms"] == [CheckState.OK]


def test_settings_that_do_not_hold_leave_the_rest_unlooked_at(scene: Scene, tmp_path: Path) -> None:
    misspelt_key(scene)
    found = list(examine(scene.config))
    assert {each.state for each in found if each.check != "settings"} == {CheckState.SKIPPED}
    assert [each.message for each in examine(tmp_path / "none.toml") if each.check == "settings"] == [
        f"{tmp_path}/none.toml: No such file or directory; dtm-contact init lays one out"
    ]


def test_a_journal_that_is_lost_is_asked_for_until_somebody_says_so(scene: Scene) -> None:
    journal_that_burnt_too(scene)
    assert [each.state for each in scene.found("journal")] == [CheckState.WARNING]
    assert take_journal_as_lost(scene.store()) is not None
    assert [each.state for each in scene.found("journal")] == [CheckState.SKIPPED]
    assert take_journal_as_lost(scene.store()) is None


def test_a_journal_that_was_taken_in_is_well(scene: Scene) -> None:
    store = journalled(scene, "one", "two")
    with store.database.writing() as connection:
        mark_restored(connection, NOW, NOW, 0)
    replay(store, scene.folder / "journal", NOW)
    assert [each.state for each in scene.found("journal")] == [CheckState.OK]
    assert (store.arrivals.waiting(), store.leases.listing()) == (2, [])


def test_what_waits_is_no_matter_while_a_daemon_works(scene: Scene) -> None:
    arrivals_that_nobody_judges(scene)
    scene.store().leases.register(daemon("d1"), 600)
    assert [each.state for each in scene.found("waiting")] == [CheckState.SKIPPED]
