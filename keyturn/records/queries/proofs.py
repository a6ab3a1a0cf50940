"""Which proofs does a request have, and what have outside parties said about it?"""

from keyturn.records.models import Evidence, OutsideCheck, Request
from keyturn.records.prepared import Asked, Prepared

_evidence = Prepared(lambda request: Evidence.objects.filter(request=request).order_by("at", "id"))
_checks = Prepared(lambda request: OutsideCheck.objects.filter(request=request).order_by("asked_at", "id"))


def asked_for(request_id: object) -> tuple[Asked[list[Evidence]], Asked[list[OutsideCheck]]]:
    """To be asked together with the request; whoever asks gives the answers to it as `proofs`, where several steps look
    at them and none adds any."""
    return _evidence.asked(request=request_id), _checks.asked(request=request_id)


def of(request: Request) -> list[Evidence]:
    """Its evidence; of a request that is still to be written, what will be written with it."""
    if request._state.adding:
        return [each for each in (request.held.rows if request.held else ()) if isinstance(each, Evidence)]
    return request.proofs[0] if request.proofs else _evidence(request=request.pk)


def checks_of(request: Request, kind: str) -> list[OutsideCheck]:
    """What outside parties were asked about it, and said."""
    if request._state.adding:
        return []
    checks = request.proofs[1] if request.proofs else _checks(request=request.pk)
    return [each for each in checks if each.kind == kind]
