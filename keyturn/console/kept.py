"""What had staff typed on a page when their session ended, or when the page had grown too old to be sent?

Only a form that came from a page of ours gets here.
"""

from collections.abc import Mapping

from django.http import HttpRequest

from keyturn.records import kept

SLOT = "console_kept"
FIELDS = ("decision", "reason", "template_ask", "template_refuse", "person_id", "review")
LONGEST = 4000
CHOICE = "take_"
"""How the names of choices begin: which of two values stays."""
MOST = 200


def keep(request: HttpRequest, reference: str) -> bool:
    """Keep the decision that was being typed about the request, in place of any that was kept before. False: there is none."""
    names = [*FIELDS, *(name for name in request.POST if name.startswith(CHOICE))][:MOST]
    typed = {name: request.POST[name][:LONGEST] for name in names if request.POST.get(name)}
    return kept.keep(request.session, SLOT, reference, typed)


def place(page: str, *where: object) -> str:
    """What a page besides a request's is called here."""
    return "/".join((page, *map(str, where)))


def take_back(request: HttpRequest, reference: str) -> Mapping[str, str]:
    """What was kept about this request, once; empty where there is nothing."""
    return kept.take_back(request.session, SLOT, reference)
