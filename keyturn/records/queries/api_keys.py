"""Which API keys are there, and is this one good?"""

from keyturn.records.crypto import fingerprint
from keyturn.records.models import ApiKey


def by_secret(secret: str) -> ApiKey | None:
    """The key with this secret, unless it was revoked. One look-up by fingerprint, whatever the answer."""
    return ApiKey.objects.filter(fingerprint=fingerprint(secret), revoked_at=None).first()


def listed() -> list[ApiKey]:
    """Every key, oldest first, revoked ones too."""
    return list(ApiKey.objects.order_by("created_at", "pk"))
