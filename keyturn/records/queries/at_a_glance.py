"""How much waits for staff, of every kind? Counted in one trip: each page of the queue shows it."""

from datetime import date, datetime

from keyturn.records.models import CisDifference, DuplicatePair, MedicalCertification, RedFlag
from keyturn.records.prepared import Counted, at_once
from keyturn.records.queries import blind, care, proposals
from keyturn.records.queries.console import RECENTLY, TABS, of_tab

_TABS = {tab: Counted(lambda since, tab=tab: of_tab(tab, since=since)) for tab in TABS}
_OVERDUE = Counted(lambda now: of_tab("review", since=now).filter(promised_at__lt=now))
_LATE_CARE = Counted(lambda now, today: MedicalCertification.objects.filter(care.late(now, today), ended_at=None))
_OPEN = {
    name: Counted(lambda state, table=table: table.objects.filter(state=state))
    for name, table in {"open_cases": RedFlag, "pairs": DuplicatePair, "differences": CisDifference}.items()
}
_SAID = Counted(proposals.waiting)
_BLIND = Counted(blind.untouched)


def counts(staff: str, *, now: datetime, today: date) -> dict[str, int]:
    """How many requests each tab has, and how many promises are broken ("overdue"); and of what only who decides sees:
    certificates that are late ("late_care"), open cases, pairs, differences, open proposals ("said"), and links to look at again ("blind")."""
    asked = {tab: each.asked(since=now - RECENTLY) for tab, each in _TABS.items()}
    asked |= {name: each.asked(state="open") for name, each in _OPEN.items()}
    asked["overdue"] = _OVERDUE.asked(now=now)
    asked["late_care"] = _LATE_CARE.asked(now=now, today=today)
    asked["said"] = _SAID.asked()
    asked["blind"] = _BLIND.asked(staff=staff, by=f"staff:{staff}"[:80])
    return {name: sum(found) for name, found in zip(asked, at_once(*asked.values()), strict=True)}
