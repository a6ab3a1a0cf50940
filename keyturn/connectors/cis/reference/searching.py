"""Who in the reference CIS may be the person that somebody describes?"""

from keyturn.connectors.cis.reference.connection import Cursor
from keyturn.connectors.cis.reference.identifiers import FOLDED
from keyturn.terms.person import PersonDetails

MOST = 50
"""A search that finds more describes nobody."""

_DIGITS = "right(regexp_replace(c.value, '[^0-9]', '', 'g'), 10)"

_QUERY = f"""
    SELECT i.person_ref FROM person_identifier i JOIN unnest(%(types)s::text[], %(values)s::text[]) AS w(id_type, value)
        ON i.id_type = w.id_type AND {FOLDED.format("i.value")} = {FOLDED.format("w.value")}
    UNION SELECT c.person_ref FROM person_contact c
        WHERE c.routing = 'email' AND lower(c.value) = ANY(%(emails)s)
        OR c.routing = 'phone' AND {_DIGITS} = ANY(%(phones)s)
    UNION SELECT p.ref FROM person p JOIN person_name n ON n.person_ref = p.ref
        WHERE lower(n.family_name) = lower(%(family)s) AND lower(n.given_name) = lower(%(given)s)
        AND n.family_name <> '' AND p.date_of_birth = %(born)s
    UNION SELECT n.person_ref FROM person_name n
        WHERE lower(n.organisation_name) = lower(%(organisation)s) AND n.organisation_name <> ''
    ORDER BY 1 LIMIT {MOST}
"""


def search(cursor: Cursor, wanted: PersonDetails) -> tuple[str, ...]:
    """References of persons with an identifier or a contact of `wanted`, or its name and birth date."""
    cursor.execute(
        _QUERY,
        {
            "types": [each.id_type for each in wanted.identifiers],
            "values": [each.value for each in wanted.identifiers],
            "emails": [each.lower() for each in wanted.emails if each],
            "phones": [tail for tail in map(_tail, wanted.phones) if tail],
            "family": wanted.family_name,
            "given": wanted.given_name,
            "born": wanted.date_of_birth,
            "organisation": wanted.organisation_name,
        },
    )
    return tuple(row["person_ref"] for row in cursor.fetchall())


def _tail(number: str) -> str:
    """The last ten digits: "(202) 555-0143" and "+12025550143" are one number."""
    return "".join(sign for sign in number if sign.isdigit())[-10:]
