"""How does somebody fetch the copy of everything that we hold about them?"""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from keyturn import flow
from keyturn.look import files
from keyturn.portal.account.door import Visit, signed_in
from keyturn.portal.dates import shown
from keyturn.records.queries import requests
from keyturn.signin.proof import prove_again, recently_proved
from keyturn.terms.errors import NotAllowed


@require_safe
@signed_in
def copy(visit: Visit, reference: str) -> HttpResponse:
    """The zip, for whoever asked for it and has proved just now that it is they: an open session is not enough."""
    found = requests.by_reference(reference)
    if found is None or found.user_id != visit.user.pk:
        raise Http404
    if not recently_proved(visit.request):
        return prove_again(visit.request, visit.request.path)
    try:
        got = flow.privacy_copy(request_id=found.pk, user=visit.user, now=visit.now)
    except NotAllowed:
        raise Http404 from None
    return files.answer(got.name, got.media_type, got.content, inline=False)


def stayed(found: Any) -> list[dict[str, Any]]:
    """What an erasure left: for each reason its sentence, until when, and what it is."""
    return [
        {"why": gettext(each.why), "until": shown(each.until) if each.until else "", "labels": [gettext(label) for label in each.labels]}
        for each in flow.what_stayed(request=found)
    ]  # fmt: skip
