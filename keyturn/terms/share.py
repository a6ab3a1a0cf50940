"""How is something spread, so that a replay from the same keys is exact?"""

import hashlib


def share(text: str) -> float:
    """Between 0 and 1, always the same for the same text."""
    return hashlib.sha256(text.encode()).digest()[0] / 255


def jitter(text: str) -> float:
    """What a wait is multiplied by: between 0.75 and 1.25."""
    return share(text) * 0.5 + 0.75
