"""How is the simulator started as a program?"""

import argparse

from keyturn.connectors.identity_check.simulator.server import SimulatorServer


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m keyturn.connectors.identity_check.simulator", description="An identity check to rehearse with."
    )
    parser.add_argument("--port", type=int, default=8090, help="0: any free one")
    with SimulatorServer(parser.parse_args().port) as server:
        print(f"ready {server.url}", flush=True)  # noqa: T201  whoever starts it waits for this line
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
