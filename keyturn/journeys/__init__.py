"""What can a customer ask for, and which questions does each ask have?"""

from keyturn.journeys.changes import CHANGES
from keyturn.journeys.claim_life_support import CLAIM_LIFE_SUPPORT
from keyturn.journeys.grant_access import GRANT_ACCESS
from keyturn.journeys.invite_delegate import END_ACCESS, INVITE_DELEGATE, NAME_DESIGNEE
from keyturn.journeys.journey import Journey, Kind, Page, Question
from keyturn.journeys.link_account import LINK_ACCOUNT
from keyturn.journeys.merge_persons import MERGE_PERSONS, MERGED_VALUES, UNMERGE_PERSONS
from keyturn.journeys.privacy_request import PRIVACY_REQUEST
from keyturn.journeys.put_right import PUT_RIGHT
from keyturn.journeys.start_service import START_SERVICE

JOURNEYS: dict[str, Journey] = {
    journey.name: journey
    for journey in (
        START_SERVICE,
        *CHANGES,
        INVITE_DELEGATE,
        NAME_DESIGNEE,
        END_ACCESS,
        LINK_ACCOUNT,
        PRIVACY_REQUEST,
        CLAIM_LIFE_SUPPORT,
        GRANT_ACCESS,
        MERGE_PERSONS,
        UNMERGE_PERSONS,
        MERGED_VALUES,
        PUT_RIGHT,
    )
}

__all__ = ["JOURNEYS", "START_SERVICE", "Journey", "Kind", "Page", "Question"]
