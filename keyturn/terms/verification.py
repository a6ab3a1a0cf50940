"""Which details find an account, for each line of business (C.14)? They prove nothing: they are printed on a bill.

A policy has groups of fields; each group says how many of its fields must agree. All groups must be satisfied (AND),
inside a group any of its fields count (OR). In a profile:

    [verification.residential]
    groups = [
      { name = "account", fields = ["account_number"], needed = 1 },
      { name = "you", fields = ["family_name", "postal_code", "phone_last4", "id_last4"], needed = 2 },
    ]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LINES = ("residential", "commercial")

FIELDS = (
    "account_number", "given_name", "family_name", "organisation_name", "postal_code", "phone_last4", "id_last4",
    "date_of_birth",
)  # fmt: skip
"""What may be asked. `id_last4` are the last four of any identifier on file, `phone_last4` of any number."""

NAMING = "account_number"

DEFAULT: Mapping[str, Any] = {
    "residential": {
        "groups": [
            {"name": "account", "fields": [NAMING], "needed": 1},
            {"name": "you", "fields": ["family_name", "postal_code", "phone_last4", "id_last4"], "needed": 2},
        ]
    },
    "commercial": {
        "groups": [
            {"name": "account", "fields": [NAMING], "needed": 1},
            {
                "name": "business",
                "fields": ["organisation_name", "postal_code", "id_last4", "phone_last4"],
                "needed": 2,
            },
        ]
    },
}


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these fields must agree."""

    name: str
    fields: tuple[str, ...]
    needed: int


def lines(rows: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines of business for which accounts can be claimed, in our order."""
    return tuple(each for each in LINES if each in rows)


def groups(rows: Mapping[str, Any], line: str) -> tuple[Group, ...]:
    """The groups of one line; none for a line that has no policy."""
    found = rows.get(line, {}).get("groups", ())
    return tuple(Group(each["name"], tuple(each["fields"]), each["needed"]) for each in found)


def fields_of(rows: Mapping[str, Any], line: str) -> tuple[str, ...]:
    """Every field that is asked, in the policy's order."""
    return tuple(dict.fromkeys(field for group in groups(rows, line) for field in group.fields))


def amiss(rows: Any) -> str:
    """What is wrong with a policy's `verification`, as the end of "verification must be ..."; "" where nothing is."""
    if not rows or set(rows) - set(LINES):
        return f"tables for one or more of {', '.join(LINES)}"
    for line, row in rows.items():
        if not isinstance(row, Mapping) or set(row) != {"groups"} or not isinstance(row["groups"], list | tuple):
            return f'a table with a list "groups" for {line}'
        for group in row["groups"]:
            if problem := _group_amiss(group):
                return f"{problem} ({line})"
        if not any(list(group["fields"]) == [NAMING] for group in row["groups"]):
            return f'groups of which one is ["{NAMING}"] alone, for an account is found by it ({line})'
        if len(row["groups"]) < 2:
            return f"two groups at least: a number alone finds nobody ({line})"
    return ""


def _group_amiss(group: Any) -> str:
    if not isinstance(group, Mapping) or set(group) != {"name", "fields", "needed"} or not group["name"]:
        return 'groups that each have "name", "fields" and "needed"'
    fields = group["fields"]
    if not isinstance(fields, list | tuple) or not fields or set(fields) - set(FIELDS):
        return f"groups whose fields are from {', '.join(FIELDS)}"
    if len(set(fields)) != len(fields):
        return "groups that name each field once"
    needed = group["needed"]
    if not isinstance(needed, int) or isinstance(needed, bool) or not 1 <= needed <= len(fields):
        return 'groups whose "needed" is a number from 1 to the number of their fields'
    return ""
