"""Which words do staff read of a merge, for each code and in a list?"""

from typing import Any

from django.utils.translation import gettext as _

from keyturn.console import maintained, person_words, vocabulary
from keyturn.console.told_apart import called
from keyturn.console.vocabulary import say
from keyturn.records.queries import merges
from keyturn.terms.words import gettext_noop

STATES = {
    "proposed": gettext_noop("Waits for a second pair of eyes"),
    "done": gettext_noop("Merged"),
    "refused": gettext_noop("Refused"),
    "undone": gettext_noop("Undone"),
}
TONES = {"proposed": "yellow", "done": "green", "refused": "grey", "undone": "grey"}

OBSTACLES = {
    "same_person": gettext_noop("It is one and the same file."),
    "already_merged": gettext_noop("One of the two has become part of another file already."),
    "kinds_differ": gettext_noop("One is a person, the other an organisation."),
    "erased": gettext_noop("One of the two was erased."),
    "merge_proposed": gettext_noop("A merge of one of the two is proposed already. That is decided first."),
    "said_not_same": gettext_noop("Somebody looked and said that these are two people. Take that back first."),
    "protected": gettext_noop("The address of one of the two is protected. A supervisor must do this."),
    "cis_is_being_told": gettext_noop("The CIS is just being told about one of the two. Try again in a few minutes."),
    "only_other_in_cis": gettext_noop("The CIS knows only the other file. Let that one stay."),
    "own_proposal": gettext_noop("You proposed this, so a colleague must agree."),
    "own_request": gettext_noop("One of these files is your own: a colleague must do this."),
    "changed_meanwhile": gettext_noop(
        "One of the files changed since this was proposed. Look at both again, then decide."
    ),
    "undo_later_first": gettext_noop("One of the two was merged again later. Undo that merge first."),
    "decided_already": gettext_noop("A colleague has decided this already."),
    "only_a_supervisor": gettext_noop("Only a supervisor undoes a merge. Ask one of them."),
    "not_merged": gettext_noop("This merge does not stand, so there is nothing to undo."),
    "said_already": gettext_noop("That was said already."),
    "not_said": gettext_noop("That was taken back already."),
}
"""Why something is not possible, by the code of `NotAllowed`."""

WARNINGS = {
    "deceased": gettext_noop("One of the two is recorded as deceased."),
    "flagged": gettext_noop("There is a warning on one of the two files."),
    "births_differ": gettext_noop("The birth dates are different."),
    "identifiers_differ": gettext_noop("They have different documents of one kind."),
}

CODES = {
    **vocabulary.IDENTIFIERS, **vocabulary.FIELDS, **vocabulary.PURPOSES, **vocabulary.MESSAGES, **vocabulary.CHANNELS,
    **person_words.NAMES, **person_words.ROLES, **maintained.DETAILS, **maintained.KINDS, **maintained.LEVELS,
    **maintained.CARE_STATES,
}  # fmt: skip


def refusal(code: str) -> str:
    """The sentence for a code; one that nobody has a sentence for says that it is not possible."""
    return (
        _(OBSTACLES[code])
        if code in OBSTACLES
        else _("This is not possible any more: something has changed meanwhile.")
    )


def spoken(label: str) -> str:
    """A row's few words, the codes among them as staff call them."""
    return " · ".join(say(CODES, each) for each in label.split(" · "))


def value(name: str, text: str) -> str:
    """A field's value: a language by its name, formats one by one."""
    if name in ("language", "formats"):
        return ", ".join(say(maintained.DETAILS, each) for each in text.split(", ")) if text else ""
    return text


def lines_of(found: Any, *, mine: str = "") -> list[dict[str, Any]]:
    """One line for each merge, with one query for the names of each."""
    rows = list(found)
    names = {each.pk: [name or "?" for name in merges.names_of(each)] for each in rows}
    who = called({each for row in rows for each in (row.proposed_by, row.decided_by, row.undone_by)})
    return [
        {
            "id": str(each.pk), "survivor": names[each.pk][0], "loser": names[each.pk][1],
            "at": each.proposed_at, "by": who.get(each.proposed_by, ""), "mine": each.proposed_by == mine,
            "state": say(STATES, each.state), "tone": TONES.get(each.state, ""),
        }
        for each in rows
    ]  # fmt: skip
