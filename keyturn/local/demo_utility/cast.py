"""Who are the people of the demo utility that stories and tests are told about?

They are in every data set, whatever its seed and size, under the same references. On file:

| who | reference | story |
|---|---|---|
| Rosalind Achterberg | `FORMER` | a former customer: paid her last bill, left three years ago, comes back |
| Marisol Quintanilla Reyes | `TWIN` | on file; her twin `TWIN_SISTER`, who is not, moves out of the same house |
| Desmond Okafor | `DEBTOR` | left two years ago with a final bill of 214.60 unpaid |
| Wilhelmina Tarrant | `OLD_DEBTOR` | the same, nine years ago: too old to be held against her (BR-54) |
| Priya Raman | `OCCUPANT` | lives at `OCCUPIED_HOUSE` and is not leaving |
| Anselm and Beatriz Holloway | `HUSBAND`, `WIFE` | share one phone and one e-mail address; live where Rosalind did |
| Walter Brannigan, Sr. and Jr. | `SENIOR`, `JUNIOR` | father and son of one name under one roof |
| Nguyễn Thùy Linh | `MOVER` | moved within the valley last year |
| Tomás Ibarra | `LEAVER` | moves out of `HOUSE_SOON_FREE` twelve days from today |
| Wulandari | `MONONYM` | has a single name |
| Agnes Pruitt | `OFFLINE` | 90 years old; no phone, no e-mail, no identifier on file |
| Åsa Lindqvist | `ABROAD` | gets her post in Malmö |
| The Blue Heron Bakery LLC | `BAKERY` | an organisation with a tax id, wants a second shop at `VACANT_SHOP` |
| Stillwater Rentals Inc. | `LANDLORD` | pays for its empty flats at 1200 Ferry Rd |

Places: `VACANT_HOUSE`, `OCCUPIED_HOUSE`, `HOUSE_SOON_FREE`, `VACANT_SHOP`, `NEW_BUILDING` (eight new flats, all empty),
`LANDLORDS_FLATS`. Addresses that are not on file: `OUTSIDE` (a neighbour serves it) and `NOT_ON_FILE` (ours, but new).
People who are not on file: `NEWCOMER`, `TWIN_SISTER`.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from keyturn.terms.rows import ACCOUNT_COLUMNS, PERSON_COLUMNS, PREMISE_COLUMNS

Row = Mapping[str, str]

FORMER, TWIN, DEBTOR, OLD_DEBTOR, OCCUPANT = "P-000001", "P-000002", "P-000003", "P-000004", "P-000005"
HUSBAND, WIFE, SENIOR, JUNIOR, MOVER = "P-000006", "P-000007", "P-000008", "P-000009", "P-000010"
LEAVER, MONONYM, OFFLINE, ABROAD = "P-000011", "P-000012", "P-000013", "P-000014"
BAKERY, LANDLORD = "P-000015", "P-000016"

VACANT_HOUSE, OCCUPIED_HOUSE, HOUSE_SOON_FREE, VACANT_SHOP = "L-000001", "L-000002", "L-000003", "L-000004"
NEW_BUILDING = ("L-000005", "L-000006", "L-000007", "L-000008", "L-000009", "L-000010", "L-000011", "L-000012")
LANDLORDS_FLATS = ("L-000013", "L-000014", "L-000015", "L-000016")  # the first is let
BAKERY_SHOP, HOLLOWAY_HOUSE, TWIN_HOUSE, BRANNIGAN_HOUSE = "L-000017", "L-000018", "L-000019", "L-000020"
MOVER_HOUSE, MOVER_FLAT_BEFORE, DEBTOR_HOUSE, OLD_DEBTOR_FLAT = "L-000021", "L-000022", "L-000023", "L-000024"
PRUITT_HOUSE, LINDQVIST_HOUSE = "L-000025", "L-000026"

_LUMEN, _HERONFORD = ("Lumen", "OR", "97890", "US", "north"), ("Heronford", "OR", "97671", "US", "river")
_ALL, _NO_GAS = "electric;gas;water", "electric;water"


def account_ref(number: int) -> str:
    """The number-th account's reference: ten digits, in no visible order, never the same twice."""
    return str(1_000_000_000 + (number * 7_368_787 + 424_243) % 9_000_000_000)


def _premises() -> dict[str, Row]:
    rows = [
        (VACANT_HOUSE, "27 Heron Bend Rd", "", *_HERONFORD, _ALL),
        (OCCUPIED_HOUSE, "418 Lantern St", "", *_LUMEN, _ALL),
        (HOUSE_SOON_FREE, "302 Juniper Dr", "", *_LUMEN, _ALL),
        (VACANT_SHOP, "61 Foundry St", "Ste 2", *_LUMEN, _NO_GAS),
        *((ref, "900 Millrace Ave", f"Apt {n}", *_LUMEN, "electric") for n, ref in enumerate(NEW_BUILDING, start=1)),
        *(
            (ref, "1200 Ferry Rd", f"Apt {unit}", *_HERONFORD, _NO_GAS)
            for unit, ref in zip("ABCD", LANDLORDS_FLATS, strict=True)
        ),
        (BAKERY_SHOP, "15 Creamery Way", "", *_LUMEN, _ALL),
        (HOLLOWAY_HOUSE, "77 Camas Ct", "", *_LUMEN, _NO_GAS),
        (TWIN_HOUSE, "233 Obsidian Dr", "", *_HERONFORD, _ALL),
        (BRANNIGAN_HOUSE, "48 Quiet Ln", "", *_LUMEN, _ALL),
        (MOVER_HOUSE, "610 Signal Ave", "", *_HERONFORD, _NO_GAS),
        (MOVER_FLAT_BEFORE, "1130 Granary St", "Apt 2", *_HERONFORD, "electric"),
        (DEBTOR_HOUSE, "5 Sturgeon Ln", "", *_HERONFORD, _NO_GAS),
        (OLD_DEBTOR_FLAT, "1130 Granary St", "Apt 5", *_HERONFORD, "electric"),
        (PRUITT_HOUSE, "9 Harvest Moon Pl", "", *_LUMEN, _ALL),
        (LINDQVIST_HOUSE, "1450 Rimrock Rd", "", *_LUMEN, "electric"),
    ]
    return {row[0]: dict(zip(PREMISE_COLUMNS, row, strict=True)) for row in rows}


PREMISES = _premises()


def _at(premise: str) -> tuple[str, ...]:
    return tuple(PREMISES[premise][name] for name in ("line1", "line2", "city", "state", "postal_code", "country"))


def _person(ref: str, name: str, born: str, email: str, phone: str, identifier: str, mailing: tuple[str, ...]) -> Row:
    """`name` is given|middle|family|suffix, `identifier` is type:value."""
    id_type, _, id_value = identifier.partition(":")
    values = (ref, "person", *name.split("|"), "", born, email, phone, id_type, id_value, *mailing)
    return dict(zip(PERSON_COLUMNS, values, strict=True))


def _organisation(ref: str, name: str, email: str, phone: str, tax_id: str, mailing: tuple[str, ...]) -> Row:
    values = (ref, "organisation", "", "", "", "", name, "", email, phone, "tax_id", tax_id, *mailing)
    return dict(zip(PERSON_COLUMNS, values, strict=True))


def _persons() -> dict[str, Row]:
    rows = [
        _person(FORMER, "Rosalind|M.|Achterberg|", "1984-03-17", "rosalind.achterberg@example.com", "(541) 555-0114",
                "driver_licence:7301846", ("2218 Larch St", "Apt 6", "Boise", "ID", "83702", "US")),
        _person(TWIN, "Marisol||Quintanilla Reyes|", "1997-08-09", "marisol.quintanilla@example.com", "541-555-0127",
                "driver_licence:8115520", _at(TWIN_HOUSE)),
        _person(DEBTOR, "Desmond|Chidi|Okafor|", "1979-11-30", "desmond.okafor@example.net", "(458) 555-0131",
                "driver_licence:6620914", ("704 Depot St", "", "Spokane", "WA", "99201", "US")),
        _person(OLD_DEBTOR, "Wilhelmina|J.|Tarrant|", "1958-02-05", "", "(541) 555-0109", "ssn_last4:4471",
                ("PO Box 318", "", "Heronford", "OR", "97671", "US")),
        _person(OCCUPANT, "Priya|S.|Raman|", "1990-06-21", "priya.raman@example.com", "(541) 555-0152",
                "passport:C41877320", _at(OCCUPIED_HOUSE)),
        _person(HUSBAND, "Anselm|Peter|Holloway|", "1971-01-12", "holloways@example.org", "541-555-0166",
                "driver_licence:5518230", _at(HOLLOWAY_HOUSE)),
        _person(WIFE, "Beatriz|Inés|Holloway|", "1973-10-02", "holloways@example.org", "541-555-0166",
                "driver_licence:5518977", _at(HOLLOWAY_HOUSE)),
        _person(SENIOR, "Walter|James|Brannigan|Sr.", "1949-05-28", "", "(541) 555-0170", "", _at(BRANNIGAN_HOUSE)),
        _person(JUNIOR, "Walter|James|Brannigan|Jr.", "1976-05-30", "walt.brannigan@example.com", "(541) 555-0170",
                "driver_licence:7044381", _at(BRANNIGAN_HOUSE)),
        _person(MOVER, "Thùy Linh||Nguyễn|", "1993-12-25", "linh.nguyen@example.com", "(971) 555-0118",
                "state_id:I604218", _at(MOVER_HOUSE)),
        _person(LEAVER, "Tomás||Ibarra|", "1988-09-14", "tomas.ibarra@example.com", "(541) 555-0181",
                "driver_licence:7760152", _at(HOUSE_SOON_FREE)),
        _person(MONONYM, "Wulandari|||", "1986-04-04", "wulandari@example.net", "(503) 555-0193", "passport:E20931746",
                _at(LANDLORDS_FLATS[0])),
        _person(OFFLINE, "Agnes|R.|Pruitt|", "1936-07-19", "", "", "", _at(PRUITT_HOUSE)),
        _person(ABROAD, "Åsa|Kristina|Lindqvist|", "1969-02-27", "asa.lindqvist@example.org", "(541) 555-0147",
                "ssn_last4:0382", ("Storgatan 9", "", "Malmö", "", "211 20", "SE")),
        _organisation(BAKERY, "The Blue Heron Bakery LLC", "office@example.org", "(541) 555-0160", "93-5550160",
                      _at(BAKERY_SHOP)),
        _organisation(LANDLORD, "Stillwater Rentals Inc.", "stillwater@example.com", "(541) 555-0188", "93-5550188",
                      ("PO Box 40", "", "Heronford", "OR", "97671", "US")),
    ]  # fmt: skip
    return {row["ref"]: row for row in rows}


PERSONS = _persons()


def accounts(today: date) -> list[Row]:
    """The cast's accounts, with dates counted from `today`."""
    rows: list[tuple[str, str, str, str, int, int | None, str]] = [
        (FORMER, HOLLOWAY_HOUSE, "residential", "stopped", -3300, -1100, "0.00"),
        (TWIN, TWIN_HOUSE, "residential", "active", -800, None, "48.12"),
        (DEBTOR, DEBTOR_HOUSE, "residential", "stopped", -1900, -730, "214.60"),
        (OLD_DEBTOR, OLD_DEBTOR_FLAT, "residential", "stopped", -4400, -3300, "187.35"),
        (OCCUPANT, OCCUPIED_HOUSE, "residential", "active", -1500, None, "0.00"),
        (HUSBAND, HOLLOWAY_HOUSE, "residential", "active", -1090, None, "131.77"),
        (SENIOR, BRANNIGAN_HOUSE, "residential", "active", -11000, None, "0.00"),
        (MOVER, MOVER_FLAT_BEFORE, "residential", "stopped", -1400, -362, "0.00"),
        (MOVER, MOVER_HOUSE, "residential", "active", -365, None, "64.20"),
        (LEAVER, HOUSE_SOON_FREE, "residential", "pending_stop", -640, 12, "22.05"),
        (MONONYM, LANDLORDS_FLATS[0], "residential", "active", -210, None, "0.00"),
        (OFFLINE, PRUITT_HOUSE, "residential", "active", -15000, None, "0.00"),
        (ABROAD, LINDQVIST_HOUSE, "residential", "active", -2600, None, "0.00"),
        (BAKERY, BAKERY_SHOP, "commercial", "active", -2900, None, "412.90"),
        *(
            (LANDLORD, ref, "landlord", "active", -60 * n, None, "0.00")
            for n, ref in enumerate(LANDLORDS_FLATS[1:], start=1)
        ),
    ]
    found: list[Row] = []
    for number, (person, premise, customer_class, status, start, end, balance) in enumerate(rows, start=1):
        ended = "" if end is None else (today + timedelta(days=end)).isoformat()
        begun = (today + timedelta(days=start)).isoformat()
        values = (account_ref(number), person, premise, customer_class, status, begun, ended, balance)
        found.append(dict(zip(ACCOUNT_COLUMNS, values, strict=True)))
    return found


NEWCOMER: Row = {
    "kind": "person", "given_name": "Imogen", "middle_name": "Rae", "family_name": "Castellane", "suffix": "",
    "date_of_birth": "1995-04-23", "id_type": "driver_licence", "id_value": "9042175",
    "email": "imogen.castellane@example.com", "phone": "(541) 555-0136",
}  # fmt: skip
"""Moves to the valley for the first time."""

TWIN_SISTER: Row = {
    "kind": "person", "given_name": "Maribel", "middle_name": "", "family_name": "Quintanilla Reyes", "suffix": "",
    "date_of_birth": "1997-08-09", "id_type": "driver_licence", "id_value": "8115521",
    "email": "maribel.quintanilla@example.com", "phone": "541-555-0127",
}  # fmt: skip
"""Marisol's twin: same family name, birthday, address and phone, and another person."""

OUTSIDE: Row = {
    "line1": "88 Basalt Rd", "line2": "", "city": "Cinder Butte", "state": "OR", "postal_code": "97681",
    "country": "US",
}  # fmt: skip
"""An address that a neighbouring utility serves (`neighbours` in the demo profile's policy)."""

NOT_ON_FILE: Row = {
    "line1": "31 Threshold Way", "line2": "", "city": "Lumen", "state": "OR", "postal_code": "97890", "country": "US",
}  # fmt: skip
"""A new house in the territory that the premise file does not know yet."""
