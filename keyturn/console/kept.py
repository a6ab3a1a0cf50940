"""What had staff typed about a request when their session ended, or when their page had grown too old to be sent?

Only a form that came from a page of ours gets here.
"""

from collections.abc import Mapping

from django.http import HttpRequest

from keyturn.records import kept

SLOT = "console_kept"
FIELDS = ("decision", "reason", "template_ask", "template_refuse", "person_id")
LONGEST = 4000


def keep(request: HttpRequest, reference: str) -> bool:
    """Keep the decision that was being typed about the request, in place of any that was kept before. False: there is none."""
    typed = {name: request.POST[name][:LONGEST] for name in FIELDS if request.POST.get(name)}
    return kept.keep(request.session, SLOT, reference, typed)


def take_back(request: HttpRequest, reference: str) -> Mapping[str, str]:
    """What was kept about this request, once; empty where there is nothing."""
    return kept.take_back(request.session, SLOT, reference)
