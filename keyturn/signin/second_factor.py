"""How are passkeys, authenticator apps and recovery codes kept and shown?"""

import base64
import os
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from keyturn.signin import words

PURPOSE = b"signin second factor"


class MfaAdapter(DefaultMFAAdapter):
    """Secrets are sealed at rest with the first of KEYTURN_FIELD_KEYS, like personal data."""

    error_messages = {**DefaultMFAAdapter.error_messages, **words.MFA_ERRORS}

    def _get_site_name(self) -> str:
        return str(settings.KEYTURN_BRAND.get("name", "")) or "Keyturn"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)s") % {"number": number}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """What the browser shows in its list of passkeys: the e-mail, not our opaque name."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "display_name": entity["name"]}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep one second factor at least where the utility asks for one."""
        user = authenticator.user
        if not (user.staff_role and settings.KEYTURN_POLICY.staff_second_factor):
            return True
        others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()

    def encrypt(self, text: str) -> str:
        ident, key = next(iter(settings.KEYTURN_FIELD_KEYS.items()))
        nonce = os.urandom(12)
        sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), PURPOSE)
        return f"{ident}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        ident, _colon, encoded = encrypted_text.partition(":")
        sealed = base64.b64decode(encoded)
        return AESGCM(settings.KEYTURN_FIELD_KEYS[ident]).decrypt(sealed[:12], sealed[12:], PURPOSE).decode()


def has_second_factor(user: Any) -> bool:
    """A passkey or an authenticator app."""
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
