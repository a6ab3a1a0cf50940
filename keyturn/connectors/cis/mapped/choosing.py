"""Which mapping file does this installation use?"""

from pathlib import Path

from django.conf import settings


def mapping_file(shipped: Path) -> Path:
    """KEYTURN_CIS_MAPPING; else `cis.toml` in the profile's folder; else the one that ships with the connector."""
    named = getattr(settings, "KEYTURN_CIS_MAPPING", "")
    if named:
        return Path(named)
    own = Path(settings.KEYTURN_PROFILE) / "cis.toml"
    return own if own.is_file() else shipped
