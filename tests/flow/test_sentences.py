"""Does what is missing say what to do, field by field?"""

import pytest

from keyturn.flow.sentences import sentence
from keyturn.terms.finding import Finding


@pytest.mark.rule("G-05")
@pytest.mark.parametrize(
    "field", ["phone", "line_of_business", "delegate_name", "delegate_email", "service_address", "services", "email"]
)
def test_a_field_that_must_not_stay_empty_says_what_to_enter(field: str) -> None:
    assert sentence(Finding("G-05", field)).startswith(("Enter ", "Choose "))
