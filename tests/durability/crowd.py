"""Who is there before the storm? Drafts that people have begun and staff who are signed in; runs in the installation's environment:

python -m tests.durability.crowd PREMISES DRAFTS STAFF      prints what `inside prepare` does, and these, as JSON
"""

import json
import sys
from datetime import timedelta
from typing import Any

import django


def draft(number: int, premise: str) -> list[str]:
    """Somebody who has come as far as their name: the draft's id, and the name of their browser."""
    from django.conf import settings
    from django.utils import timezone

    from keyturn import flow
    from keyturn.terms.request import Actor, Role

    now, policy, actor = timezone.now(), settings.KEYTURN_POLICY, Actor(Role.CUSTOMER, f"browser-{number}")
    begun = flow.begin(journey="start_service", actor=actor, channel="portal", language="en", now=now, policy=policy)
    answers = {
        "service_address": {"premise_id": premise}, "services": ["electric"], "kind": "person",
        "start_date": (now + timedelta(days=5)).date().isoformat(),
    }  # fmt: skip
    flow.answer(request_id=begun.pk, answers=answers, actor=actor, now=now, policy=policy, version=begun.version)
    return [str(begun.pk), actor.ident]


def session(number: int) -> str:
    """A supervisor who is signed in: the value of their session's cookie."""
    from django.test import Client

    from keyturn.records.models import User

    client = Client()
    client.force_login(User.objects.create_user(username=f"staff{number}", staff_role="supervisor"))
    return str(client.cookies["sessionid"].value)


def main(premises: int, drafts: int, staff: int) -> dict[str, Any]:
    from tests.durability.inside import prepare

    given = prepare(premises + 1)
    place = given["premises"].pop()
    given["drafts"] = [draft(number, place) for number in range(drafts)]
    given["sessions"] = [session(number) for number in range(staff)]
    return given


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*map(int, sys.argv[1:4]))))
