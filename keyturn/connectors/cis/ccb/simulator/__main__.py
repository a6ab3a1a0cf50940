"""How is the simulated CC&B started as a program?"""

import argparse
import csv
import os

from keyturn.connectors.cis.ccb.simulator import rest, soap
from keyturn.connectors.cis.ccb.simulator.store import Store
from keyturn.connectors.cis.ccb.simulator.who import Known
from keyturn.connectors.cis.simulating import Asked, SimulatedServer, Told, plan_of, serve
from keyturn.connectors.cis.simulating_tokens import PATH as TOKENS
from keyturn.connectors.cis.simulating_tokens import TokenDesk


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m keyturn.connectors.cis.ccb.simulator",
        description="An Oracle CC&B to rehearse with, on this machine only. It keeps its tables in a schema of the"
        " PostgreSQL that DATABASE_URL names, and wants the password that CCB_PASSWORD names (without one: rehearsal)."
        " Over REST a token does as well, which its /oauth2/v1/token gives to CCB_CLIENT_ID (keyturn) with"
        " CCB_CLIENT_SECRET (rehearsal).",
    )
    parser.add_argument("--port", type=int, default=8095, help="0: any free one")
    parser.add_argument("--plan", default="", help="a JSON file that says what goes wrong (docs/howto/rehearse.md)")
    parser.add_argument("--schema", default="ccb_simulator")
    parser.add_argument("--user", default="KEYTURN")
    parser.add_argument("--token-seconds", type=float, default=3600.0, help="how long a token holds that it gives")
    parser.add_argument(
        "--premises", default="", help="a premises.csv of an import, taken over where it is not there yet"
    )
    said = parser.parse_args()
    store = Store(os.environ["DATABASE_URL"], schema=said.schema)
    store.install()
    if said.premises:
        with open(said.premises, newline="", encoding="utf-8") as file:
            store.adopt_premises(csv.DictReader(file))
    named = ("CCB_CLIENT_ID", "keyturn"), ("CCB_CLIENT_SECRET", "rehearsal")
    desk = TokenDesk(*(os.environ.get(name) or usual for name, usual in named), seconds=said.token_seconds)
    password = os.environ.get("CCB_PASSWORD", "")
    serve(server(store, port=said.port, plan=said.plan, user=said.user, password=password, desk=desk))
    store.close()


def server(
    store: Store,
    *,
    port: int = 0,
    plan: str = "",
    user: str = "KEYTURN",
    password: str = "",
    desk: TokenDesk | None = None,
) -> SimulatedServer:
    """Both wires on one port, and where tokens are given."""
    gives = desk or TokenDesk("keyturn", "rehearsal")
    who = Known(user, password or "rehearsal", gives)

    def answer(asked: Asked) -> Told:
        if asked.path == TOKENS:
            return gives.answer(asked)
        return (soap if asked.path == soap.PATH else rest).answer(store, asked, who)

    def call(asked: Asked) -> str:
        if asked.path == TOKENS:
            return f"{asked.method} {TOKENS}"
        return (soap if asked.path == soap.PATH else rest).operation_of(asked)

    return SimulatedServer(answer, plan=plan_of(plan), port=port, call=call)


if __name__ == "__main__":
    main()
