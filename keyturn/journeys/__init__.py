"""What can a customer ask for, and which questions does each ask have?"""

from keyturn.journeys.changes import CHANGES
from keyturn.journeys.journey import Journey, Kind, Page, Question
from keyturn.journeys.link_account import LINK_ACCOUNT
from keyturn.journeys.privacy_request import PRIVACY_REQUEST
from keyturn.journeys.start_service import START_SERVICE

JOURNEYS: dict[str, Journey] = {journey.name: journey for journey in (START_SERVICE, *CHANGES, LINK_ACCOUNT, PRIVACY_REQUEST)}

__all__ = ["JOURNEYS", "START_SERVICE", "Journey", "Kind", "Page", "Question"]
