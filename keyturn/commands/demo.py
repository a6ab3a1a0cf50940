"""How does somebody see Keyturn run, whole, with one command?"""

import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.commands import PROJECT

if TYPE_CHECKING:
    from keyturn.local.demo_access import Access

SAME_LINE = "\r\x1b[K"


@click.command()
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Where the portal answers, on 127.0.0.1.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that everything lies in. [default: var/demo of the project]",
)
@click.option("--fresh", is_flag=True, help="Forget what is there and start over.")
@click.option(
    "--persons",
    default=20000,
    show_default=True,
    type=click.IntRange(100, 1000000),
    help="How many persons the demo utility has on file.",
)
@click.option("--timings", is_flag=True, help="Say how long each phase of the start took.")
@click.option(
    "--with-parent", type=int, metavar="PID", hidden=True, help="End when the `make` that started this one is to end."
)
def command(port: int, data: Path | None, fresh: bool, persons: int, timings: bool, with_parent: int | None) -> None:
    """Run everything on this machine: PostgreSQL, web, worker, and a demo utility with persons, premises and accounts.

    It prints where to go and as whom, then `ready`, and DATA/demo.json says the same to programs. Ctrl-C ends all of
    it; the next start finds the data again. With DATABASE_URL set it uses that server and starts none.

    \b
    Examples:
      keyturn demo
      keyturn demo --port 8080 --fresh --persons 5000
    """
    from keyturn.local.demo import Demo, default_folder
    from keyturn.local.leash import Make, tie_to_parent
    from keyturn.local.processes import Crew

    make = None
    if with_parent:
        make = Make(with_parent)
        tie_to_parent(signal.SIGTERM)
        if make.gone():  # before we asked to be told
            sys.exit(1)
    crew = Crew(say=_say)
    crew.listen(make=make)
    demo = Demo(
        (data or default_folder(PROJECT)).absolute(),
        port=port,
        persons=persons,
        say=_say,
        crew=crew,
        progress=_progress,
    )
    try:
        given = demo.start(fresh=fresh)
        if timings:
            for phase, seconds in demo.seconds.items():
                _say(f"{seconds:6.2f} s  {phase}")
            _say(f"{sum(demo.seconds.values()):6.2f} s  together")
        _welcome(demo.url, demo.folder, given)
        crew.keep_up()
    except KeyboardInterrupt:
        pass
    finally:
        crew.stop()
    _say("Stopped: nothing is left running. The data is kept.")


def _welcome(url: str, folder: Path, given: "Access") -> None:
    place = _short(folder)
    _say(SAME_LINE if sys.stdout.isatty() else "")
    for name, where in (("Portal", f"{url}/"), ("Console", f"{url}/console"), ("API", f"{url}/api/docs")):
        _say(f"  {name:<9} {where}")
    _say("")
    _say("  Staff of the console")
    for each in given.staff:
        _say(f"    {each['username']:<8} {each['password']:<21} {each['role']}")
    _say("")
    if given.customers:
        _say(f"  Customers of the portal, at {url}/account")
    for each in given.customers:
        _say(f"    {each['email']:<31} {each['password']}")
    if given.customers:
        _say("")
    _say(f"  Messages  {place}/mailbox/   each mail, text and letter is a file")
    _say(f"  Details   {place}/demo.json  the same for programs, with an API key")
    _say(f"  Logs      {place}/log/       Ctrl-C ends everything")
    _say("")
    _say(f"ready {url}")


def _short(folder: Path) -> str:
    """Relative to where the user is, when that is shorter."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)


def _progress(kind: str, done: int, total: int) -> None:
    """On a terminal, a line that changes and then goes; elsewhere nothing, for a log is no place for it."""
    if sys.stdout.isatty():
        click.echo(f"{SAME_LINE}  {kind} {done:,} of {total:,}", nl=False)


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal is gone; what matters goes on
        click.echo(text)
