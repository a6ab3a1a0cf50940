"""How is the simulated CC&B started as a program?"""

import argparse
import csv
import os

from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.connectors.cis.ccb.simulator.store import Store
from keyturn.connectors.cis.simulating import Asked, SimulatedServer, Told, plan_of, serve


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m keyturn.connectors.cis.ccb.simulator",
        description="An Oracle CC&B to rehearse with, on this machine only. It keeps its tables in a schema of the"
        " PostgreSQL that DATABASE_URL names, and wants the password that CCB_PASSWORD names (without one: rehearsal).",
    )
    parser.add_argument("--port", type=int, default=8095, help="0: any free one")
    parser.add_argument("--plan", default="", help="a JSON file that says what goes wrong (docs/howto/rehearse.md)")
    parser.add_argument("--schema", default="ccb_simulator")
    parser.add_argument("--user", default="KEYTURN")
    parser.add_argument(
        "--premises", default="", help="a premises.csv of an import, taken over where it is not there yet"
    )
    said = parser.parse_args()
    store = Store(os.environ["DATABASE_URL"], schema=said.schema)
    store.install()
    if said.premises:
        with open(said.premises, newline="", encoding="utf-8") as file:
            store.adopt_premises(csv.DictReader(file))
    serve(server(store, port=said.port, plan=said.plan, user=said.user, password=os.environ.get("CCB_PASSWORD", "")))
    store.close()


def server(
    store: Store, *, port: int = 0, plan: str = "", user: str = "KEYTURN", password: str = ""
) -> SimulatedServer:
    """Both wires on one port."""
    who = {"user": user, "password": password or "rehearsal"}

    def answer(asked: Asked) -> Told:
        return (soap if asked.path == soap.PATH else rest).answer(store, asked, **who)

    def call(asked: Asked) -> str:
        return (soap if asked.path == soap.PATH else rest).operation_of(asked)

    return SimulatedServer(answer, plan=plan_of(plan), port=port, call=call)


if __name__ == "__main__":
    main()
