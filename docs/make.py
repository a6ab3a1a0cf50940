"""Which pages of the documentation are made from the code, and how? `make docs` writes them; a test compares.

docs/rulebook.md          every rule: number, sentence, what it carries out, where it stands, its tests
docs/process.md           process 3.3.1 as Keyturn walks it, every box linking to its folder
docs/privacy.md           what is held in every column, why, how long, and what an erasure does, from the data map
docs/images/process.svg   the same as swimlanes, drawn from the journey's path and the life cycle's table
"""

import inspect
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs.swimlanes import picture  # noqa: E402


def _settings() -> None:
    """The life cycle imports Django; drawing needs none of its secrets, so any will do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keyturn.site.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    os.environ.setdefault("KEYTURN_SECRET_KEY", "only to draw")
    for name in ("KEYTURN_INDEX_KEY", "KEYTURN_FIELD_KEYS"):
        os.environ.setdefault(name, ("k:" if "FIELD" in name else "") + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    import django

    django.setup()


def rulebook() -> str:
    """docs/rulebook.md."""
    from keyturn.steps import STEPS
    from keyturn.steps import rulebook as rules

    lines = [
        "# The rulebook",
        "",
        "Made from the code by `make docs`: change the rule, not this page. `keyturn rule V-03` prints one of them.",
        "BR- and ER-numbers are those of the domain's business rules and error cases. A number is never used again.",
    ]
    for folder, letter in STEPS.items():
        own = [rule for number, rule in rules().items() if number[0] == letter]
        lines += ["", f"## {letter}: {_first_line(f'keyturn.steps.{folder}.rules')}", ""]
        lines += [
            f"[keyturn/steps/{folder}](../keyturn/steps/{folder}/)",
            "",
            "| rule | says | carries out | code |",
            "|---|---|---|---|",
        ]
        for rule in own:
            path = Path(inspect.getsourcefile(rule.function) or "").resolve().relative_to(ROOT)
            code = f"[{rule.function.__name__}](../{path})"
            lines.append(f"| {rule.number} | {rule.sentence}. | {', '.join(rule.implements) or '-'} | {code} |")
    return "\n".join(lines) + "\n"


def _first_line(module: str) -> str:
    return (inspect.getdoc(sys.modules[module]) or "").partition("\n")[0]


def process() -> str:
    """docs/process.md."""
    from keyturn.flow.lifecycle import MOVES
    from keyturn.journeys import START_SERVICE

    lines = [
        "# The process",
        "",
        "Process 3.3.1, *Gather and Maintain Customer Information*, as Keyturn walks it, drawn from the code by `make docs`: the",
        "boxes are the path of the journey [start_service](../keyturn/journeys/start_service.py), the arrows the life cycle's",
        "table in [lifecycle.py](../keyturn/flow/lifecycle.py), which every move must pass. It ends where 3.3.2, *Manage Service",
        "Agreement*, begins: with agreements pending in the CIS.",
        "",
        "[![Swimlanes: customer, Keyturn, staff, engineers and the outside world](images/process.svg)](images/process.svg)",
        "",
        "Everything between *match* and *establish* is one transaction under the locks of the identity in question, so that two",
        "requests of one new person cannot both find nobody ([decision 3](decisions/0003-one-transaction-decides.md)).",
        "",
        "## The boxes",
        "",
        "| step | asks | code | rules |",
        "|---|---|---|---|",
    ]
    for step in START_SERVICE.path:
        asks = _first_line(f"keyturn.steps.{step}")
        lines.append(
            f"| {step} | {asks.partition(': ')[2]} | [keyturn/steps/{step}](../keyturn/steps/{step}/)"
            f" | [rules.py](../keyturn/steps/{step}/rules.py) |"
        )
    lines += [
        "",
        "## The moves",
        "",
        "Who may make each move, from where and to where. A place is a step and who must act next; nothing else can happen.",
        "",
        "| move | by | from | to |",
        "|---|---|---|---|",
    ]
    for what, move in MOVES.items():
        sources = ", ".join(dict.fromkeys(map(_place, move.sources))) or "nothing"
        targets = ", ".join(dict.fromkeys(map(_place, move.targets))) or "the same"
        lines.append(f"| {what.replace('_', ' ')} | {', '.join(move.by)} | {sources} | {targets} |")
    lines += [
        "",
        "Every standing has somebody who moves it on (I8): *customer* by the customer or by expiry, *machine* by the worker and its",
        "rescue, *staff* by the console's queue, *engineer* by the console's list of what is stuck.",
        "",
        "## Asked before anything is written",
        "",
        "Where the utility wants it (`cis_eligibility`) and its CIS can tell, *verify* asks the CIS whether it would serve this",
        "person, there, from that day: by a job of its own, with no lock held, under the breaker and within the calls at once that",
        "deliveries have ([flow/eligibility.py](../keyturn/flow/eligibility.py),",
        "[rules](../keyturn/steps/verify/eligibility/rules.py)). A no goes to staff with its codes, and nothing was written; the",
        "customer reads one sentence for every cause. A CIS that does not answer keeps nobody waiting for ever",
        "([settings](howto/operate.md), [decision 21](decisions/0021-asked-first-undone-by-what-holds.md)).",
        "",
        "## When it comes to nothing",
        "",
        "A request that was written down and then is refused, discarded or expires is undone: here in the same transaction, in the",
        "CIS by a job that looks for a late effect of it ([flow/taking_back.py](../keyturn/flow/taking_back.py)). The CIS is told what",
        "holds *now*, so that it does no harm to undo twice, or late.",
        "",
        "| kind | here | in the CIS | what nothing undoes is listed |",
        "|---|---|---|---|",
        "| service | link undone, agreements cancelled | pending agreements cancelled | person, account and consents stay; what runs already |",
        "| change | put back | turned back | what was added beside, what somebody changed since |",
        "| delegate, designee, access by staff | ended; what had given way to it holds again | taken off the account | whom the CIS's own staff have taken over |",
        "| claim of an account | access ended, and of whom it let in | no longer used on the web | - |",
        "| life support | begun: ended; ended: holds again | told what holds | a certificate that staff have read stays, and protects |",
        "| end of access | stays ended | taken off, if it was not | where the CIS was not told |",
        "| own data | stays | - | where the CIS was not told |",
        "| merge | undone | unmerged | where the CIS cannot |",
        "",
        "The request's page in the console says what was undone and what stays, and why; what somebody must do in the CIS stands on",
        "the page of operations as well, until they have said that it is done.",
        "",
        "## The other direction",
        "",
        "What the CIS's own staff change is no request. It is heard by a cursor or a signed word from outside, read there, and merged",
        "field by field ([flow/inbound.py](../keyturn/flow/inbound.py), [rules](../keyturn/steps/maintain/inbound/rules.py)); what both",
        "sides changed staff settle, and every night everything is compared ([how](howto/reconcile.md),",
        "[decision 19](decisions/0019-who-owns-what.md)).",
    ]
    return "\n".join(lines) + "\n"


def _place(place: object) -> str:
    outcome = getattr(place, "outcome", "")
    return f"{outcome}" if outcome else f"{place.step}·{place.standing}"  # type: ignore[attr-defined]


def cast() -> str:
    """docs/cast.md."""
    from keyturn.local.demo_utility import cast as demo

    persons = [demo.NEWCOMER, demo.TWIN_SISTER, *demo.PERSONS.values()]
    places = [*demo.PREMISES.items(), ("outside", demo.OUTSIDE), ("not on file", demo.NOT_ON_FILE)]
    lines = [
        "# The cast of the demo utility",
        "",
        "People and places of Lumen Valley Utilities that stories and tests are told about. All invented; made from",
        "[the code](../keyturn/local/demo_utility/cast.py) by `make docs`. Type what stands here into the portal and see what happens.",
        "",
        "## Stories",
        "",
        *(inspect.getdoc(demo) or "").partition("On file:\n")[2].strip().splitlines(),
        "",
        "## People",
        "",
        "The first two are not on file.",
        "",
        "| reference | name | born | document | e-mail | phone |",
        "|---|---|---|---|---|---|",
    ]
    for row in persons:
        name = row.get("organisation_name") or " ".join(
            filter(None, (row["given_name"], row["middle_name"], row["family_name"], row["suffix"]))
        )
        document = f"{row['id_type']} {row['id_value']}" if row["id_type"] else "-"
        cells = (
            row.get("ref", "-"),
            name,
            row["date_of_birth"] or "-",
            document,
            row["email"] or "-",
            row["phone"] or "-",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Places", "", "| reference | address | services |", "|---|---|---|"]
    for ref, row in places:
        address = ", ".join(
            filter(None, (row["line1"], row["line2"], row["city"], f"{row['state']} {row['postal_code']}"))
        )
        lines.append(f"| {ref} | {address} | {row.get('service_types', '-').replace(';', ', ')} |")
    return "\n".join(lines) + "\n"


def privacy() -> str:
    """docs/privacy.md."""
    from keyturn.records.data_map import CIS, TABLES

    lines = [
        "# What is held, why, and for how long",
        "",
        "Every column of every table of an installation, made from [the data map](../keyturn/records/data_map/) by `make docs`. A copy",
        "of somebody's data and an erasure are made from the same map; a column that is not in it fails",
        "[a test](../tests/shape/test_data_map.py). How staff work with it: [privacy requests](howto/privacy-requests.md).",
        "",
        "An erasure *deletes* a row, *empties* it (what is crossed out here goes, the rest stays), or *keeps* it and says why. While",
        "somebody is served, owes something or has a request open, what that needs stays; while an account must be kept for the books,",
        "its customer's name and billing address stay with it. `#`: a secret that checks what somebody types; a copy only says that",
        "it is there.",
    ]
    for title, tables in (("Ours", TABLES), ("What the reference CIS holds", CIS)):
        lines += ["", f"## {title}", ""]
        for table in tables.values():
            lines += _held(table)
    return "\n".join(lines) + "\n"


def _held(table: object) -> list[str]:
    erases = {"delete": "deletes", "blank": "empties", "keep": "keeps"}[table.erasure]  # type: ignore[attr-defined]
    whose = ", ".join(dict.fromkeys(link.of.replace("~email", "a proved e-mail address") for link in table.whose))  # type: ignore[attr-defined]
    lines = [f"### {table.name}", "", f"{table.label}. "]  # type: ignore[attr-defined]
    lines[-1] += f"Leads to somebody over {whose}. An erasure {erases} it." if whose else ""
    if table.because:  # type: ignore[attr-defined]
        lines[-1] = f"{lines[-1].rstrip()} {table.because}"  # type: ignore[attr-defined]
    lines += ["", "| columns | category | why, by what right | how long |", "|---|---|---|---|"]
    for each in table.columns:  # type: ignore[attr-defined]
        goes = table.erasure == "blank" and not each.stays  # type: ignore[attr-defined]
        names = ", ".join(
            f"{'~~' if goes else ''}{name}{'~~' if goes else ''}{' `#`' if each.secret else ''}" for name in each.names
        )
        use = each.use
        lines.append(f"| {names} | {use.category} | {use.purpose} {use.ground} | {use.kept} |")
    return [*lines, ""]


PAGES = {
    "docs/rulebook.md": rulebook,
    "docs/process.md": process,
    "docs/cast.md": cast,
    "docs/privacy.md": privacy,
    "docs/images/process.svg": picture,
}


def main() -> None:
    """Write every page, saying which ones changed."""
    _settings()
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        path.write_text(text, encoding="utf-8")
        print(f"{'written' if changed else 'as it was'}: {name}")


if __name__ == "__main__":
    main()
