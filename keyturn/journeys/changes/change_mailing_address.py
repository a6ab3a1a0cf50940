"""What do we ask somebody whose letters and bills should go elsewhere (C.5, BR-22)?

Three things that other portals leave open: for which accounts, from when, and whether it comes back each year.
"""

from keyturn.journeys.changes.change_contact import PATH
from keyturn.journeys.journey import Answers, Ask, Choice, Journey, Kind, Page, Question
from keyturn.terms.levels import Level
from keyturn.terms.slots import ALL, Slots, Wish
from keyturn.terms.words import gettext_noop as _


def goes_elsewhere(answers: Answers) -> bool:
    return answers.get("mail_elsewhere") is not False


def from_a_day(answers: Answers) -> bool:
    return answers.get("when") == "day"


def each_year(answers: Answers) -> bool:
    return answers.get("when") == "season"


ACCOUNTS = Page(
    "accounts",
    _("For which accounts?"),
    (
        Question("accounts", Ask.CHOICES, _("Accounts"), required=True, choices=(Choice(ALL, _("All my accounts")),),
                 hint=_("Choose all that should get their letters and bills there.")),
    ),
    section=_("Mailing address"),
)  # fmt: skip

ADDRESS = Page(
    "address",
    _("Where should we send letters?"),
    (
        Question("mail_elsewhere", Ask.YES_NO, _("Send letters to another address than the service address?"), required=True),
        Question("mailing_address", Ask.ADDRESS, _("Mailing address"), asked_if=goes_elsewhere),
    ),
    section=_("Mailing address"),
)  # fmt: skip

WHEN = Page(
    "when",
    _("From when?"),
    (
        Question(
            "when", Ask.CHOICE, _("From when should letters go there?"), required=True,
            choices=(
                Choice("now", _("From now on")),
                Choice("day", _("From a later day")),
                Choice("season", _("Each year between two days"), _("For example every winter. Outside of it, your usual address holds.")),
            ),
        ),
        Question("from_day", Ask.DATE, _("First day"), asked_if=from_a_day, required=True),
        Question("to_day", Ask.DATE, _("Last day (optional)"), asked_if=from_a_day,
                 hint=_("Afterwards the address that we have now holds again. Leave it empty to keep the new one.")),
        Question("season_from", Ask.DAY_OF_YEAR, _("Each year from"), asked_if=each_year, required=True,
                 hint=_("For example 11 1 for the 1st of November")),
        Question("season_to", Ask.DAY_OF_YEAR, _("Each year until"), asked_if=each_year, required=True),
    ),
    section=_("Mailing address"),
)  # fmt: skip


def wishes(answers: Answers, seen: Slots) -> tuple[Wish, ...]:
    """One address for each account that was chosen, or one for all."""
    chosen = [str(each) for each in answers.get("accounts") or ()]
    address = answers.get("mailing_address") if goes_elsewhere(answers) else None
    if not chosen or (goes_elsewhere(answers) and not address):
        return ()
    scopes = [ALL] if ALL in chosen else chosen
    if each_year(answers):
        ends = f"{_month_day(answers, 'season_from')}-{_month_day(answers, 'season_to')}"
        found = [Wish(f"season.{scope}.{ends}", address) for scope in scopes]
    else:
        first = str(answers.get("from_day") or "") if from_a_day(answers) else ""
        last = str(answers.get("to_day") or "") if from_a_day(answers) else ""
        found = [Wish(f"mailing.{scope}", address, first, last) for scope in scopes]
    return tuple(each for each in found if each.from_day or seen.get(each.slot) != each.value)


def _month_day(answers: Answers, name: str) -> str:
    return str(answers.get(name) or "").replace("-", "")


CHANGE_MAILING_ADDRESS = Journey(
    "change_mailing_address",
    _("Change your mailing address"),
    _("For one account or all, now, from a day on, or for a season each year."),
    (ACCOUNTS, ADDRESS, WHEN),
    PATH,
    kind=Kind.CHANGE,
    about="person",
    needs=Level.MANAGE,
    wishes=wishes,
)
