"""Of which parts is made what callers send?"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Word = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A short text without control characters."""


class Asked(BaseModel):
    """What callers send: nothing but what is named."""

    model_config = ConfigDict(extra="forbid")
