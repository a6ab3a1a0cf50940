"""What was asked of the database, but for what a session only prepares once (`records/planned.py`)."""

from typing import Any

from django.test.utils import CaptureQueriesContext


class Trips(CaptureQueriesContext):
    """`with Trips(connection) as counted: ...`, then `len(counted)`; BEGIN and COMMIT are counted, too."""

    @property
    def captured_queries(self) -> list[dict[str, Any]]:
        every = super().captured_queries
        return [each for each in every if not each["sql"].startswith(("PREPARE", "DO "))]
