"""What does a row mean that does not say everything of an account on file?

Nothing: what it leaves open stays. A file without balances pays nobody's debt, and one without end dates opens no
account that has ended.
"""

from keyturn.records.bulk.accounts import Known
from keyturn.steps.maintain import rules
from keyturn.terms.days import day_of


def completed(row: rules.Row, *, kind: str, terms: rules.Terms) -> rules.Row:
    """The row with its status in our word, and its class where it was silent (BR-02). `kind` is the customer's."""
    policy = terms.policy
    usual = policy.customer_class_organisation if kind == "organisation" else policy.customer_class_person
    status = rules.status_of(row, terms.today).value
    return {**row, "status": status, "customer_class": row.get("customer_class") or usual}


def filled(row: rules.Row, known: Known | None) -> rules.Row:
    """The row with what is on file in the columns of which it says nothing; as it is for a new account."""
    if known is None:
        return row
    found = dict(row)
    for name, value in (("customer_class", known.customer_class), ("balance", f"{known.balance:f}")):
        found[name] = row.get(name) or value
    if not row.get("status") and not row.get("end_date"):
        found["end_date"] = _end_of(row, known)
    return found


def _end_of(row: rules.Row, known: Known) -> str:
    """The last day of the stay that is meant: the live one at that premise, else the one with the same first day (BR-43)."""
    start = day_of(row.get("start_date", ""))
    here = [each for each in known.stays if each.premise_ref == row.get("premise_ref")]
    meant = next((each for each in here if each.is_live or each.start_date == start), None)
    if start is None or meant is None or meant.end_date is None or meant.end_date < start:
        return ""
    return meant.end_date.isoformat()
