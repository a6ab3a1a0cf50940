"""Which pages of the documentation are made from the code, and how? `make docs` writes them; a test compares.

docs/rulebook.md          every rule: number, sentence, what it carries out, where it stands, its tests
docs/process.md           process 3.3.1 as Keyturn walks it, every box linking to its folder
docs/privacy.md           what is held in every column, why, how long, and what an erasure does, from the data map
docs/images/process.svg   the same as swimlanes, drawn from the journey's path and the life cycle's table
"""

import inspect
import os
import sys
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


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


# The picture ----------------------------------------------------------------------------------------------------

LANES = ("customer", "machine", "outside", "staff", "engineer")
LANE_NAMES = {
    "customer": "Customer",
    "machine": "Keyturn",
    "staff": "Staff",
    "engineer": "Engineers",
    "outside": "Outside",
}
COLUMN, LANE, LEFT, TOP, BOX_W, BOX_H = 150, 122, 112, 12, 116, 54
MAIN_LANE = {"identify": "customer", "gather": "customer", "review": "staff"}
EXTRA = {
    ("verify", "customer"): "prove e-mail",
    ("review", "customer"): "answer question",
    ("sync", "staff"): "CIS said no",
    ("establish", "engineer"): "stuck",
}
OUTSIDE = {
    "verify": ("identity check", "connectors/identity_check"),
    "sync": ("CIS", "connectors/cis"),
    "confirm": ("mail, SMS, letter", "connectors/mail"),
}


def picture() -> str:
    """docs/images/process.svg: columns are the path's steps, lanes are who must act."""
    from keyturn.journeys import START_SERVICE

    path = [str(step) for step in START_SERVICE.path]
    width, height = LEFT + COLUMN * len(path) + 24, TOP + LANE * len(LANES) + 20
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif">',
            "<title>Process 3.3.1 as Keyturn walks it</title>",
            _STYLE,
            f'<rect width="{width}" height="{height}" class="paper"/>',
            *_lanes(width),
            *_transaction(path),
            *_arrows(path),
            *_boxes(path),
            "</svg>",
            "",
        ]
    )


_STYLE = """<style>
.paper{fill:#fff}.lane{fill:#f2f6f4}.name{font-size:14px;font-weight:600;fill:#0b5d5a}.step rect{fill:#0b5d5a}
.step text{fill:#fff;font-size:14px;font-weight:600}.place rect{fill:#fff;stroke:#0b5d5a;stroke-width:1.5}.place text{fill:#16302f;font-size:12.5px}
.outside rect{fill:#fbe9c6;stroke:#a86f00}.outside text{fill:#4d3300;font-size:12.5px}.flow{fill:none;stroke:#3c5a58;stroke-width:1.6;marker-end:url(#tip)}
.side{stroke-dasharray:5 4}.label{font-size:11.5px;fill:#3c5a58}.together{fill:none;stroke:#f2b441;stroke-width:2.5;stroke-dasharray:2 4;stroke-linecap:round}
.note{font-size:11.5px;fill:#7a5600}a:hover rect{stroke:#f2b441;stroke-width:3}
</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="#3c5a58"/></marker></defs>"""


def _lanes(width: int) -> list[str]:
    found = []
    for row, lane in enumerate(LANES):
        top = TOP + row * LANE
        if row % 2 == 0:
            found.append(f'<rect x="0" y="{top}" width="{width}" height="{LANE}" class="lane"/>')
        found.append(f'<text x="18" y="{top + LANE // 2 + 5}" class="name">{LANE_NAMES[lane]}</text>')
    return found


def _centre(path: list[str], step: str, lane: str) -> tuple[int, int]:
    return LEFT + path.index(step) * COLUMN + COLUMN // 2, TOP + LANES.index(lane) * LANE + LANE // 2


def _main(step: str) -> str:
    return MAIN_LANE.get(step, "machine")


def _boxes(path: list[str]) -> list[str]:
    found = [_box(*_centre(path, step, _main(step)), step, f"steps/{step}", "step") for step in path]
    for (step, lane), label in EXTRA.items():
        if step in path:
            found.append(_box(*_centre(path, step, lane), label, f"steps/{step}", "place"))
    for step, (label, folder) in OUTSIDE.items():
        found.append(_box(*_centre(path, step, "outside"), label, folder, "outside"))
    return found


def _box(x: int, y: int, label: str, folder: str, kind: str) -> str:
    return (
        f'<a href="../../keyturn/{folder}/" class="{kind}"><rect x="{x - BOX_W // 2}" y="{y - BOX_H // 2}" width="{BOX_W}"'
        f' height="{BOX_H}" rx="9"/><text x="{x}" y="{y + 5}" text-anchor="middle">{label}</text></a>'
    )


def _transaction(path: list[str]) -> list[str]:
    """The frame around the steps that are one transaction: from match to sync's intent."""
    left = _centre(path, "match", "machine")[0] - BOX_W // 2 - 12
    right = _centre(path, "sync", "machine")[0] + BOX_W // 2 + 12
    top = TOP + LANE * LANES.index("machine") + 18
    return [
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{LANE - 36}" rx="14" class="together"/>',
        f'<text x="{right - 8}" y="{top - 6}" text-anchor="end" class="note">one transaction, under the identity\'s locks</text>',
    ]


def _arrows(path: list[str]) -> list[str]:
    """The main path, then the side moves that leave or rejoin it."""
    found = []
    inline = [step for step in path if step != "review"]
    for one, two in pairwise(inline):
        found.append(_arrow(_centre(path, one, _main(one)), _centre(path, two, _main(two))))
    for what, source, target, shift in _side_moves(path):
        found.append(_arrow(source, target, what, shift))
    return found


def _side_moves(path: list[str]) -> list[tuple[str, tuple[int, int], tuple[int, int], int]]:
    """Moves of the life cycle between boxes that are drawn, each with a shift that keeps two arrows apart."""
    from keyturn.flow.lifecycle import MOVES

    wanted = {
        "asked": (("verify", "machine"), ("verify", "customer"), 0),
        "check_asked": (("verify", "machine"), ("verify", "outside"), 0),
        "referred": (("decide", "machine"), ("review", "staff"), 0),
        "reviewed": (("review", "staff"), ("match", "machine"), 26),
        "replied": (("review", "customer"), ("review", "staff"), 30),
        "cis_rejected": (("sync", "outside"), ("sync", "staff"), 0),
        "gave_up": (("sync", "outside"), ("establish", "engineer"), 0),
    }
    found = [
        (what.replace("_", " "), _centre(path, *source), _centre(path, *target), shift)
        for what, (source, target, shift) in wanted.items()
        if what in MOVES
    ]
    found.append(("question", _centre(path, "review", "staff"), _centre(path, "review", "customer"), -30))
    found.append(("news", _centre(path, "confirm", "machine"), _centre(path, "confirm", "outside"), 0))
    found.append(("once, by key", _centre(path, "sync", "machine"), _centre(path, "sync", "outside"), 0))
    return found


def _arrow(source: tuple[int, int], target: tuple[int, int], label: str = "", shift: int = 0) -> str:
    (x1, y1), (x2, y2) = source, target
    half_w, half_h = BOX_W // 2, BOX_H // 2
    if y1 == y2:
        line, at = f"M{x1 + half_w} {y1} H{x2 - half_w - 2}", ((x1 + x2) // 2, y1 - 6)
    elif x1 == x2:
        down = 1 if y2 > y1 else -1
        line = f"M{x1 + shift} {y1 + down * half_h} V{y2 - down * (half_h + 2)}"
        far = abs(y2 - y1) > LANE
        at = (x1 + shift + 5, y1 + down * (half_h + 26) if far else (y1 + y2) // 2 + 10)
    elif x2 > x1:
        line, at = (
            f"M{x1 + half_w // 2} {y1 + (half_h if y2 > y1 else -half_h)} V{y2} H{x2 - half_w - 2}",
            (x1 + half_w // 2 + 6, (y1 + y2) // 2 + 4),
        )
        if not label:
            line = f"M{x1 + half_w} {y1} H{x2} V{y2 - half_h - 2 if y2 > y1 else y2 + half_h + 2}"
    else:
        end = y2 + half_h + 2 if y2 < y1 else y2 - half_h - 2
        line, at = f"M{x1 - half_w} {y1 + shift // 2} H{x2} V{end}", (x2 + 8, y1 + shift // 2 - 6)
    side = " side" if label else ""
    text = f'<text x="{at[0]}" y="{at[1]}" class="label">{label}</text>' if label else ""
    return f'<path d="{line}" class="flow{side}"/>{text}'


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
