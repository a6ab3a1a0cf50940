"""A CIS that is asked whether it would serve somebody, with a mind of its own."""

from typing import Any

from keyturn import flow
from keyturn.connectors.cis.guard import GuardedCis
from keyturn.records.models import OutsideCheck, Premise
from keyturn.terms.cis import EstablishService
from keyturn.terms.request import Actor, Role
from tests.flow.case import Case
from tests.flow.town import Town

NOTHING = {"persons": 0, "accounts": 0, "agreements": 0}
SARA = Actor(Role.STAFF, "5")


class Opinion:
    """The CIS, with a mind of its own about whom it would serve: codes, or an error."""

    def __init__(self, inner: Any, *answers: Any) -> None:
        self._inner, self._answers = inner, list(answers)
        self.name, self.offers = inner.name, inner.offers
        self.asked: list[EstablishService] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def check(self, command: EstablishService) -> tuple[str, ...]:
        self.asked.append(command)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]


def thinks(town: Town, *answers: Any) -> Opinion:
    """From now on the CIS says these to whoever asks, the last of them for ever."""
    opinion = Opinion(town.faulty, *answers)
    town.guarded = GuardedCis(opinion)
    return opinion


def somebody_lives_in(town: Town, house: Premise) -> None:
    """In the CIS; we know nothing of it."""
    town.cis.adopt("persons", [{"ref": "STAFF-1", "kind": "person", "given_name": "Carl", "family_name": "Winter"}])
    account = {"ref": "STAFF-A1", "person_ref": "STAFF-1", "premise_ref": house.ref, "status": "active"}
    town.cis.adopt("accounts", [account | {"customer_class": "residential", "start_date": "2020-01-01"}])


def calls_of(town: Town) -> list[str]:
    """Every call that the CIS gets from now on, by name."""
    heard: list[str] = []
    strike = town.faulty._strike

    def noted(call: str) -> Any:
        heard.append(call)
        return strike(call)

    town.faulty._strike = noted  # type: ignore[method-assign]
    return heard


def looks_again(case: Case) -> None:
    flow.look_again(request_id=case.id, actor=SARA, now=case.town.now)
    case.town.works()


def the_check() -> OutsideCheck:
    return OutsideCheck.objects.get(kind="eligibility")
