"""Is this installation well, and if not, what should its operator look at?"""

import os
import time
from collections.abc import Callable, Mapping

import click

from keyturn.commands import use_settings
from keyturn.terms.errors import InDoubt, Rejected, Unavailable

CLOCK_SECONDS = 2.0  # codes, holds and schedules compare this machine's clock with what others wrote
SUPPORTED = range(150000, 190000)  # server_version_num
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class Ill(Exception):
    """One thing that is not well, in a sentence."""


def settings() -> str:
    use_settings(or_those_of_the_demo=True)
    from django.conf import settings as ours
    from django.core import checks

    from keyturn.connectors import letter, sms
    from keyturn.connectors.choice import chosen
    from keyturn.connectors.identity_check import identity_check

    identity_check()
    chosen("KEYTURN_SMS", ours.KEYTURN_SMS, sms.KNOWN)
    chosen("KEYTURN_LETTERS", ours.KEYTURN_LETTERS, letter.KNOWN)
    found = [each for each in checks.run_checks() if each.is_serious()]
    if found:
        raise Ill("; ".join(str(each.msg) for each in found))
    return f"profile {ours.KEYTURN_PROFILE.name}, time zone {ours.TIME_ZONE}"


def address() -> str:
    """Where the links in mails lead."""
    from urllib.parse import urlsplit

    from django.conf import settings as ours
    from django.http.request import validate_host

    host = urlsplit(ours.KEYTURN_BASE_URL).hostname or ""
    if not validate_host(host, ours.ALLOWED_HOSTS):
        raise Ill(
            f"KEYTURN_ALLOWED_HOSTS does not name {host}, where KEYTURN_BASE_URL leads: who comes there is turned away"
        )
    return str(ours.KEYTURN_BASE_URL)


def database() -> str:
    number, version = _row("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
    if number not in SUPPORTED:
        raise Ill(f"PostgreSQL {version} is not one of 15 to 18")
    if _row("SELECT current_setting('transaction_read_only')") == ("on",):
        raise Ill(
            "it cannot be written: a standby, or default_transaction_read_only is on; DATABASE_URL must lead to the first"
        )
    off = [each for each in DURABLE if _row(f"SELECT current_setting('{each}')") == ("off",)]
    if off:
        raise Ill(f"{', '.join(off)} off: a crash or a power cut would lose requests that were confirmed")
    return f"PostgreSQL {version}"


def migrations() -> str:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Ill(f"{len(missing)} not applied: run `keyturn migrate`")
    return f"all {len(executor.loader.applied_migrations)} applied"


def queue() -> str:
    due, gave_up = _row(
        "SELECT count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()),"
        " count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs"
    )
    workers = _row("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'")[0]
    if gave_up:
        raise Ill(f"{gave_up} jobs gave up; {due} are due")
    if due and not workers:
        raise Ill(f"{due} jobs are due and no worker runs: start `keyturn worker`")
    return f"{due} jobs due, {workers} workers"


def cis() -> str:
    from datetime import UTC, datetime

    from django.conf import settings as ours

    from keyturn.connectors.cis import cis as configured
    from keyturn.connectors.cis import connector

    asked = configured()
    started = time.perf_counter()
    try:
        asked.ping()
    except Unavailable as problem:
        if problem.code == "cis_not_installed":  # the reference CIS
            raise Ill(f"{asked.name} has no tables yet: run `keyturn migrate`") from None
        if problem.code == "no_token":
            raise Ill(
                f"{asked.name}: its identity provider gives no token ({problem}): `keyturn cis connection`"
            ) from None
        raise Ill(f"{asked.name} cannot be reached: is KEYTURN_CIS_URL right? ({problem})") from None
    except (InDoubt, Rejected) as problem:
        raise Ill(f"{asked.name} answers, and says no ({problem})") from None
    bare = connector()
    for outdated in bare.outdated(datetime.now(UTC)) if hasattr(bare, "outdated") else ():
        raise Ill(outdated)
    took = f"{asked.name} answers in {(time.perf_counter() - started) * 1000:.0f} ms"
    if ours.KEYTURN_POLICY.cis_eligibility and "check" not in asked.offers:
        return f"{took}; it cannot say whether it would serve somebody, so `cis_eligibility` changes nothing"
    return took


def mail() -> str:
    from django.conf import settings as ours
    from django.core.mail import get_connection

    if ours.KEYTURN_MAILBOX:
        if not os.path.isdir(ours.KEYTURN_MAILBOX):
            raise Ill(f"KEYTURN_MAILBOX: there is no folder {ours.KEYTURN_MAILBOX}")
        if not os.access(ours.KEYTURN_MAILBOX, os.W_OK):
            raise Ill(f"KEYTURN_MAILBOX: the folder {ours.KEYTURN_MAILBOX} cannot be written")
        return f"a file each in {ours.KEYTURN_MAILBOX}: nothing is sent"
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except OSError as problem:
        said = getattr(problem, "strerror", None) or type(problem).__name__
        raise Ill(
            f"{ours.EMAIL_HOST}:{ours.EMAIL_PORT} does not take mail: {said} (KEYTURN_SMTP_HOST, KEYTURN_SMTP_PORT)"
        ) from None
    return f"{ours.EMAIL_HOST}:{ours.EMAIL_PORT} takes mail"


def scanner() -> str:
    from django.conf import settings as ours

    from keyturn.connectors.virus_check import virus_check

    asked, needed = virus_check(), ours.KEYTURN_POLICY.documents_need_scan
    if asked is None:
        if needed:
            raise Ill("documents_need_scan is set, and KEYTURN_CLAMD names no scanner: no document is taken")
        return "none: documents are kept as not scanned"
    try:
        asked.is_there()
    except Unavailable:
        what = "no document is taken" if needed else "documents are kept as not scanned"
        raise Ill(f"{ours.KEYTURN_CLAMD} does not answer: {what}") from None
    return f"{asked.name} at {ours.KEYTURN_CLAMD} answers"


def providers() -> str:
    """The OpenID providers through which people may sign in."""
    import httpx
    from django.conf import settings as ours

    apps = ours.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    for app in apps:
        where = app["settings"]["server_url"] + "/.well-known/openid-configuration"
        try:
            said = httpx.get(where, timeout=10, follow_redirects=True).raise_for_status().json()
            issuer = said["issuer"]
        except (httpx.HTTPError, ValueError, KeyError) as problem:
            raise Ill(f"{app['name']} does not answer as an OpenID provider does ({type(problem).__name__})") from None
        if issuer.rstrip("/") != app["settings"]["server_url"]:
            raise Ill(f"{app['name']} calls itself {issuer}: KEYTURN_OIDC_ISSUER must be the same")
    return f"{', '.join(app['name'] for app in apps)} answers" if apps else "none: people sign in here only"


def keys() -> str:
    from cryptography.exceptions import InvalidTag
    from django.conf import settings as ours

    from keyturn.matching.identifiers import normal_identifier
    from keyturn.records import crypto
    from keyturn.records.models import PersonIdentifier

    rows = PersonIdentifier.objects.order_by("pk")
    for each in filter(None, (rows.first(), rows.last())):
        try:
            value = each.value
        except (InvalidTag, crypto.UnknownKey):
            raise Ill("KEYTURN_FIELD_KEYS does not open what the database holds: add the key that sealed it") from None
        if crypto.digest(each.id_type, normal_identifier(value)) != each.digest:
            raise Ill("KEYTURN_INDEX_KEY is not the one that the database was filled with: nobody can be found by it")
    return f"{len(ours.KEYTURN_FIELD_KEYS)} in KEYTURN_FIELD_KEYS, the first one seals"


def filing() -> str:
    """Whether everybody is filed under the keys by which this version searches (docs/howto/matching.md)."""
    from django.conf import settings as ours

    from keyturn.matching.keys import KEYS_VERSION
    from keyturn.matching.model import load
    from keyturn.records.queries import learning

    others = learning.other_versions(str(KEYS_VERSION))
    if others:
        raise Ill(
            f"persons are filed under keys of version {' and '.join(others)}, and are not found by those of version"
            f" {KEYS_VERSION}: run `keyturn matching rekey`"
        )
    return f"under keys of version {KEYS_VERSION}; model {load(ours.KEYTURN_POLICY.match_profile).version}"


def links() -> str:
    """Whether the machine links requests to persons (docs/howto/links.md)."""
    from datetime import UTC, datetime

    from django.conf import settings as ours

    from keyturn.records.queries import linking

    policy = ours.KEYTURN_POLICY
    now = linking.switch(policy)
    if now.by == "machine" and not now.on:
        raise Ill(
            f"off since {now.at:%Y-%m-%d}: {now.wrong} of {now.sampled} that were looked at again were wrong; a supervisor"
            " turns them on again in the console"
        )
    if not now.on:
        return "off, by the policy" if now.by == "policy" else f"off, by hand, since {now.at:%Y-%m-%d}"
    found = linking.precision(at=datetime.now(UTC), days=policy.link_precision_window_days)
    told = f"{found.counted.wrong} of {found.counted.sampled} looked at again were wrong, {found.waiting} wait"
    return f"on; in {policy.link_precision_window_days} days {told}"


def clock() -> str:
    before = time.time()
    there = float(_row("SELECT extract(epoch FROM clock_timestamp())")[0])
    apart = abs(there - (before + time.time()) / 2)
    if apart > CLOCK_SECONDS:
        raise Ill(f"{apart:.0f} s apart from the database's: set both by NTP")
    return f"{apart * 1000:.0f} ms apart from the database's"


CHECKS: tuple[Callable[[], str], ...] = (
    settings,
    address,
    database,
    migrations,
    queue,
    cis,
    mail,
    scanner,
    providers,
    keys,
    filing,
    links,
    clock,
)
NEED_A_DATABASE = (migrations, queue, keys, filing, links, clock)
NEED_TABLES = (queue, keys, filing, links)


@click.command()
def command() -> None:
    """Check settings, address, database, migrations, queue, CIS, mail, virus scanner, OpenID providers, keys, filing of persons, automatic links and clock: a line each; exit 1 if one fails.

    \b
    Example:
      keyturn doctor
    """
    ill: dict[Callable[[], str], Exception] = {}
    for check in CHECKS:
        try:
            told = _looked_at(check, ill)
            mark = click.style("ok", fg="green") + "   "
        except Exception as problem:
            ill[check] = problem
            told, mark = _sentence(problem), click.style("FAILS", fg="red")
        click.echo(f"{mark} {check.__name__:<11} {told}")
        if settings in ill:
            break  # nothing else can be looked at
    if ill:
        raise click.exceptions.Exit(1)


def _looked_at(check: Callable[[], str], ill: Mapping[Callable[[], str], Exception]) -> str:
    """What the check found. One that could only repeat what is known to be wrong says that it was left out."""
    if check in NEED_A_DATABASE and not isinstance(ill.get(database, Ill()), Ill):
        raise Ill("not looked at: the database does not answer")
    if check in NEED_TABLES and migrations in ill:
        raise Ill("not looked at before `keyturn migrate`")
    return check()


def _row(query: str) -> tuple:  # type: ignore[type-arg]
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        found: tuple = cursor.fetchone()  # type: ignore[type-arg]
        return found


def _sentence(problem: Exception) -> str:
    from keyturn.cli import sentence_for

    if isinstance(problem, Ill):
        return str(problem)
    if isinstance(problem, click.ClickException):
        return problem.message
    return sentence_for(problem) or f"a bug of Keyturn's ({type(problem).__name__})"
