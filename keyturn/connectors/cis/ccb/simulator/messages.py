"""With which words and numbers does the simulated CC&B refuse?

Categories and numbers are this simulator's own: those of a real installation go into the mapping file (`[errors]`).
"""

from typing import Final

CATEGORY: Final = 11
INPUT_CATEGORY: Final = 3

_TEXTS: Final = {
    "person_not_found": (CATEGORY, 20101, "Person %1 does not exist."),
    "account_not_found": (CATEGORY, 20102, "Account %1 does not exist."),
    "premise_not_found": (CATEGORY, 20103, "Premise %1 does not exist."),
    "task_not_found": (CATEGORY, 20104, "Self-service task %1 does not exist."),
    "web_user_not_found": (CATEGORY, 20105, "Web user %1 does not exist."),
    "not_on_account": (CATEGORY, 20201, "The person is not financially responsible on account %1."),
    "no_service_point": (CATEGORY, 20301, "The premise has no service point of type %1."),
    "occupied": (CATEGORY, 20302, "Service point %1 has an active or pending service agreement."),
    "already_served": (CATEGORY, 20303, "The person has an active or pending service agreement at service point %1."),
    "no_services": (CATEGORY, 20304, "No service was selected."),
    "nothing_pending": (CATEGORY, 20305, "The request made no pending start on account %1."),
    "already_active": (CATEGORY, 20306, "Service agreement %1 is no longer pending."),
    "task_not_pending": (CATEGORY, 20307, "Self-service task %1 is not pending."),
    "identifier_in_use": (CATEGORY, 20401, "Another person has an identifier of type %1 with this value."),
    "account_number_in_use": (CATEGORY, 20402, "Another account has this account number of type %1."),
    "reference_in_use": (CATEGORY, 20403, "The external reference has been used."),
    "reference_of_another": (CATEGORY, 20404, "The external reference has been used for another request."),
    "client_id_in_use": (CATEGORY, 20405, "Another web user has this client web user id."),
    "main_customer": (CATEGORY, 20501, "An account must have exactly one main customer."),
    "main_pays": (CATEGORY, 20502, "The main customer is financially responsible and no guarantor."),
    "primary_name": (CATEGORY, 20503, "A person must have exactly one primary name."),
    "overlapping_season": (CATEGORY, 20504, "Two seasonal addresses would hold on one day."),
    "not_portal_owned": (CATEGORY, 20505, "The account person row is not owned by self-service."),
    "no_changes": (CATEGORY, 20506, "No change was given."),
    "no_person": (CATEGORY, 20507, "Neither a person nor the data of a new one was given."),
    "already_merged": (CATEGORY, 20508, "Person %1 has been merged."),
    "not_merged": (CATEGORY, 20509, "Person %1 has not been merged by that request."),
    "stale": (CATEGORY, 20601, "The record has been changed by another user."),
    "required": (INPUT_CATEGORY, 253, "Field %1 is required."),
    "too_long": (INPUT_CATEGORY, 254, "Field %1 is too long."),
    "unknown_field": (INPUT_CATEGORY, 255, "Field %1 is not known."),
    "invalid_value": (INPUT_CATEGORY, 256, "Field %1 has an invalid value."),
    "against_the_rules": (INPUT_CATEGORY, 257, "The record breaks rule %1."),
    "unknown_operation": (INPUT_CATEGORY, 258, "There is no such operation."),
    "unreadable": (INPUT_CATEGORY, 259, "The message cannot be read."),
    "not_authenticated": (INPUT_CATEGORY, 401, "User or password is wrong."),
    "broken": (INPUT_CATEGORY, 500, "System error."),
}

_BY_CONSTRAINT: Final = {
    "task_ext_ref_key": "reference_in_use",
    "cust_contact_ext_ref_key": "reference_in_use",
    "acct_nbr_pkey": "account_number_in_use",
    "id_only_once": "identifier_in_use",
    "one_main_customer": "main_customer",
    "main_pays": "main_pays",
    "one_primary_name": "primary_name",
    "merged_once": "already_merged",
    "web_user_client_id_key": "client_id_in_use",
}


class Refused(Exception):
    """The simulated CC&B says no. `text` never holds what was sent but a reference or the name of a field."""

    def __init__(self, what: str, about: str = "", *, status: int = 400) -> None:
        super().__init__(what)
        self.what, self.about = what, about
        self.category, self.number, text = _TEXTS[what]
        self.text = text.replace("%1", about)
        self.status = 404 if what.endswith("_not_found") else status


def by_constraint(name: str) -> Refused:
    """What a constraint of the tables means."""
    return Refused(_BY_CONSTRAINT.get(name, "against_the_rules"), name)
