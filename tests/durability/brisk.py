"""How does a worker run whose death is noticed after seconds? `python -m tests.durability.brisk worker`, for `make test`.

It is `keyturn worker` but for four numbers: it beats every second, and who is silent for four is taken for dead, which is
looked at every two. The battery runs the worker as it ships, of whose jobs others hear after 15 to 25 seconds.
"""

from functools import partial

import attr

from keyturn.cli import main
from keyturn.commands import use_settings

BEAT_SECONDS, STALLED_AFTER_SECONDS, LOOK = 1.0, 4.0, "* * * * * */2"


def hurry() -> None:
    use_settings()
    from procrastinate.contrib.django import app

    from keyturn.work import worker

    worker.BEAT_SECONDS, worker.STALLED_AFTER_SECONDS = BEAT_SECONDS, STALLED_AFTER_SECONDS
    worker.run = partial(worker.run, stalled_after=STALLED_AFTER_SECONDS)
    registered = app.periodic_registry.periodic_tasks
    for named, each in registered.items():
        if each.task is worker.rescue_stalled_job:
            registered[named] = attr.evolve(each, cron=LOOK)


if __name__ == "__main__":
    hurry()
    main()
