"""Which columns has a row of persons, premises or accounts that comes in or goes out as a file?

The formats are public (import, export, match): their names and order stay.
"""

PERSON_COLUMNS = (
    "ref", "kind", "given_name", "middle_name", "family_name", "suffix", "organisation_name", "date_of_birth", "email",
    "phone", "id_type", "id_value", "line1", "line2", "city", "state", "postal_code", "country",
)  # fmt: skip

PREMISE_COLUMNS = (
    "ref", "line1", "line2", "city", "state", "postal_code", "country", "division", "service_types",
)  # fmt: skip

ACCOUNT_COLUMNS = (
    "ref", "person_ref", "premise_ref", "customer_class", "status", "start_date", "end_date", "balance",
)  # fmt: skip

COLUMNS = {"persons": PERSON_COLUMNS, "premises": PREMISE_COLUMNS, "accounts": ACCOUNT_COLUMNS}
