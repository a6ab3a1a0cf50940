"""What lies in the installation under attack? Runs with its environment, as a program of its own:

python -m tests.durability.inside prepare PREMISES     tables, premises, an API key; prints them as JSON
python -m tests.durability.inside look                 everything that the verdict needs, as JSON
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import django


def prepare(premises: int) -> dict[str, Any]:
    from keyturn.connectors import cis
    from keyturn.records import keys
    from keyturn.records.migrate import migrate
    from keyturn.records.models import Premise
    from keyturn.records.queries.premises import search_columns
    from keyturn.terms.address import Address

    migrate()
    cis.install()
    places = [Address(f"{n} Alder Street", "", "Millbrook", "OR", "97901") for n in range(1, premises + 1)]
    made = Premise.objects.bulk_create(
        Premise(ref=f"PR{n}", division="north", services=["electric", "gas"], **each.as_json(), **search_columns(each))
        for n, each in enumerate(places, start=1)
    )
    cis.adopt(
        "premises",
        [{"ref": f"PR{n}", "division": "north", "service_types": "electric;gas", **each.as_json()}
         for n, each in enumerate(places, start=1)],
    )  # fmt: skip
    scopes = ["requests:write", "requests:attest", "requests:read"]
    secret = keys.make(name="call centre", scopes=scopes, now=datetime.now(UTC))
    return {"api_key": secret, "premises": [str(each.pk) for each in made]}


def look() -> dict[str, Any]:
    from keyturn.connectors.cis import connector
    from keyturn.records import history
    from keyturn.records.models import Account, Person, Request

    reference_cis = connector()
    requests = Request.objects.all()
    return {
        "outcomes": dict(requests.values_list("reference", "outcome")),
        "stuck": dict(requests.filter(outcome="").values_list("reference", "standing")),
        "without_event": [each.reference for each in requests.filter(events=None)],
        "broken_chains": list(history.broken_chains()),
        "persons": Person.objects.count(),
        "accounts": Account.objects.count(),
        "effects": [each["request_reference"] for each in reference_cis.effects()],
        "cis": reference_cis.counts(),
        "cis_audit": reference_cis.audit(),
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(prepare(int(sys.argv[2])) if sys.argv[1] == "prepare" else look()))
