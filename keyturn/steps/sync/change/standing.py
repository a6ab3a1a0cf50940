"""What of a change that the CIS hears late does still stand?

Staff may look for days at what the CIS has refused, and the same person's next change goes out meanwhile: it is the younger
word, and the older one must not be told over it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keyturn.records.models import Request
from keyturn.terms.slots import Wish


def still_said(request: Request) -> Iterator[Wish]:
    """The wishes as the CIS is to hear them: without those that were changed again since. Of a contact that was, only that
    the one before it is gone."""
    later = _later(request)
    for wish in wishes_of(request):
        if not any(_replaces(each, wish) for each in later):
            yield wish
        elif wish.slot.startswith("contact.") and request.seen.get(wish.slot):
            yield Wish(wish.slot, None, kind=wish.family)


def wishes_of(request: Request) -> list[Wish]:
    """What was written, slot by slot; nothing of a request that writes no slots."""
    return [Wish(**each) for each in request.written if "slot" in each]


def _later(request: Request) -> list[Request]:
    """The same person's requests that were written down after this one, and that the CIS has heard before it. One that
    still waits comes after it, as ever."""
    rows = Request.objects.filter(person=request.person, established_at__gt=request.established_at)
    return list(rows.filter(delivery__state="done"))


def _replaces(later: Request, wish: Wish) -> bool:
    """A contact is named by what it is: who changed it again saw it as it was written."""
    if not wish.slot.startswith("contact."):
        return any(each.slot == wish.slot for each in wishes_of(later))
    seen = [later.seen.get(each.slot) for each in wishes_of(later) if each.slot.startswith("contact.")]
    return any(_is_same(each, wish.value) for each in seen)


def _is_same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    return one is not None and other is not None and all(one[part] == other[part] for part in ("channel", "value"))
