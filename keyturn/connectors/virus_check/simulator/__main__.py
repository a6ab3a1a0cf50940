"""How is the simulator started as a program?"""

import argparse

from keyturn.connectors.virus_check.simulator import SimulatorServer


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m keyturn.connectors.virus_check.simulator", description="A virus scanner to rehearse with."
    )
    parser.add_argument("--port", type=int, default=3310, help="0: any free one")
    with SimulatorServer(parser.parse_args().port) as server:
        print(f"ready {server.place}", flush=True)  # noqa: T201  whoever starts it waits for this line
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
