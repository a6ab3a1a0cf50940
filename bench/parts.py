"""What part of our CPU time is parsing, rules, matching, writing down, asking the database, the queue?

Each sample of `bench.flame` counts for the innermost function in it that belongs to one of the parts: what JSON costs inside
a view is the view's, what psycopg costs inside a rule is the database's.
"""

from collections import Counter

from bench.flame import Stack

PARTS: dict[str, tuple[str, ...]] = {
    "asking PostgreSQL (psycopg, Django's ORM)": ("psycopg/", "django/db/", "django/contrib/postgres/"),
    "the queue (Procrastinate)": ("procrastinate/", "keyturn/work/"),
    "matching": ("keyturn/matching/", "keyturn/records/person_index"),
    "rules and steps": ("keyturn/steps/", "keyturn/terms/", "keyturn/journeys/"),
    "moves: which step comes next, what is told to whom": ("keyturn/flow/",),
    "what is written down: rows, chains, seals": ("keyturn/records/",),
    "the CIS's connector, the reference CIS included": ("keyturn/connectors/cis/",),
    "mail: texts and sending": ("django/core/mail/", "django/template/", "keyturn/connectors/", "keyturn/look/"),
    "parsing and the web (Django, our API)": ("django/", "keyturn/api/", "keyturn/site/"),
}
OTHER = "anything else"


def shares(stacks: Counter[Stack]) -> dict[str, float]:
    """Of all samples, in the order of `PARTS`.

    >>> shares(Counter({("keyturn/api/x view", "json loads"): 1, ("keyturn/api/x view", "psycopg/y execute"): 3}))
    {"asking PostgreSQL (psycopg, Django's ORM)": 0.75, 'parsing and the web (Django, our API)': 0.25}
    """
    found: Counter[str] = Counter()
    for stack, samples in stacks.items():
        found[_part(stack)] += samples
    total = sum(found.values()) or 1
    return {part: found[part] / total for part in (*PARTS, OTHER) if found[part]}


def _part(stack: Stack) -> str:
    for name in reversed(stack):
        for part, beginnings in PARTS.items():
            if name.startswith(beginnings):
                return part
    return OTHER


def table(stacks: Counter[Stack]) -> str:
    """As Markdown."""
    rows = [f"| {part} | {share:.0%} |" for part, share in shares(stacks).items()]
    return "\n".join(["| part | of our CPU time |", "|---|---|", *rows])
