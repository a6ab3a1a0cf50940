"""How long ago was that, for a gauge?"""

from datetime import datetime


def seconds_since(moment: datetime | None, now: datetime) -> float:
    """Never negative, for clocks differ; 0 where there was none."""
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
