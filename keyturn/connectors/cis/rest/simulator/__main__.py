"""How is the simulated CIS started as a program?"""

import argparse
import csv
import os
from pathlib import Path

from keyturn.connectors.cis.rest.simulator.answering import Simulator
from keyturn.connectors.cis.rest.simulator.store import Store
from keyturn.connectors.cis.simulating import SimulatedServer, plan_of, serve
from keyturn.connectors.cis.simulating_tokens import TokenDesk

KINDS = ("premises", "persons", "accounts")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m keyturn.connectors.cis.rest.simulator",
        description="A CIS with a plain JSON interface to rehearse with, on this machine only. It keeps its tables in a"
        " schema of the PostgreSQL that DATABASE_URL names, and wants the bearer token that KEYTURN_CIS_TOKEN holds"
        " (without one: rehearsal), or one that its /oauth2/v1/token gave to KEYTURN_CIS_CLIENT_ID (keyturn) with"
        " KEYTURN_CIS_CLIENT_SECRET (rehearsal).",
    )
    parser.add_argument("--port", type=int, default=8096, help="0: any free one")
    parser.add_argument("--plan", default="", help="a JSON file that says what goes wrong (docs/howto/rehearse.md)")
    parser.add_argument("--schema", default="rest_simulator")
    parser.add_argument("--token-seconds", type=float, default=3600.0, help="how long a token holds that it gives")
    for kind in KINDS:
        parser.add_argument(
            f"--{kind}", type=Path, help=f"a CSV file of {kind} to take over first (docs/howto/import.md)"
        )
    said = parser.parse_args()
    store = Store(os.environ["DATABASE_URL"], schema=said.schema)
    store.install()
    for kind in KINDS:
        if vars(said)[kind]:
            with vars(said)[kind].open(encoding="utf-8-sig", newline="") as file:
                store.adopt(kind, csv.DictReader(file))
    named = ("KEYTURN_CIS_CLIENT_ID", "keyturn"), ("KEYTURN_CIS_CLIENT_SECRET", "rehearsal")
    desk = TokenDesk(*(os.environ.get(name) or usual for name, usual in named), seconds=said.token_seconds)
    serve(server(store, port=said.port, plan=said.plan, token=os.environ.get("KEYTURN_CIS_TOKEN", ""), desk=desk))
    store.close()


def server(
    store: Store, *, port: int = 0, plan: str = "", token: str = "", desk: TokenDesk | None = None
) -> SimulatedServer:
    simulator = Simulator(store, token=token or "rehearsal", desk=desk or TokenDesk("keyturn", "rehearsal"))
    return SimulatedServer(simulator.answer, plan=plan_of(plan), port=port, call=simulator.name_of)


if __name__ == "__main__":
    main()
