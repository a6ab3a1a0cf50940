"""How is Oracle CC&B / Customer Cloud Service reached: two mapping files for the engine in `mapped`, and a simulator?

`docs/howto/connect-ccb.md` says what a utility's own CC&B must have for them, and what was tested against what.
"""

from pathlib import Path

from keyturn.connectors.cis.mapped import MappedCis
from keyturn.connectors.cis.mapped.choosing import mapping_file
from keyturn.connectors.cis.mapped.parts import CisMapping

SOAP = Path(__file__).with_name("soap.toml")
REST = Path(__file__).with_name("rest.toml")


class CcbOverSoap(MappedCis):
    """By the inbound web services that a utility defined, described by its own mapping file or by the one that ships.

    `url`: where the WSDL and they are.
    """

    def __init__(self, url: str, *, timeout_seconds: float, mapping: Path | str | CisMapping | None = None) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, mapping=mapping or mapping_file(SOAP))


class CcbOverRest(MappedCis):
    """By the documented REST resources. `url`: what stands before "/v-model"."""

    def __init__(self, url: str, *, timeout_seconds: float, mapping: Path | str | CisMapping | None = None) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, mapping=mapping or mapping_file(REST))
