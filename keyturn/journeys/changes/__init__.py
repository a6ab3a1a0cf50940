"""How can a signed-in customer change what is on file about them? One short file for each kind of change."""

from keyturn.journeys.changes.change_contact import CHANGE_CONTACT
from keyturn.journeys.changes.change_identifier import CHANGE_IDENTIFIER
from keyturn.journeys.changes.change_mailing_address import CHANGE_MAILING_ADDRESS
from keyturn.journeys.changes.change_name import ADD_NAME, CHANGE_NAME
from keyturn.journeys.changes.change_preferences import CHANGE_PAPERLESS, CHANGE_PREFERENCES

CHANGES = (
    CHANGE_CONTACT, CHANGE_MAILING_ADDRESS, CHANGE_NAME, ADD_NAME, CHANGE_IDENTIFIER, CHANGE_PREFERENCES, CHANGE_PAPERLESS,
)  # fmt: skip
