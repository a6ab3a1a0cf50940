"""What is a CIS with a plain JSON interface? One that `mapping.toml` describes: the worked example for a mapping of your own.

`simulator` is a CIS that this mapping fits. It ships, to rehearse with and to be tested against; nobody sells it.
"""

from pathlib import Path

from keyturn.connectors.cis.mapped import MappedCis
from keyturn.connectors.cis.mapped.choosing import mapping_file
from keyturn.connectors.cis.mapped.parts import CisMapping

MAPPING = Path(__file__).with_name("mapping.toml")


class RestCis(MappedCis):
    """The CIS at `url`, by the utility's own mapping file, or without one by the one that ships."""

    def __init__(self, url: str, *, timeout_seconds: float, mapping: Path | str | CisMapping | None = None) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, mapping=mapping or mapping_file(MAPPING))
