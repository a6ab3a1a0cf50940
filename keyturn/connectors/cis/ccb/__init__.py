"""How is Oracle CC&B / Customer Cloud Service reached: two mapping files for the engine in `mapped`, and a simulator?

`docs/howto/connect-ccb.md` says what a utility's own CC&B must have for them, and what was tested against what.
"""

from pathlib import Path

from keyturn.connectors.cis.mapped import MappedCis

SOAP = Path(__file__).parent / "soap.toml"
REST = Path(__file__).parent / "rest.toml"


class CcbOverSoap(MappedCis):
    """By the inbound web services that a utility defined. `url`: where the WSDL and they are."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, mapping=SOAP)


class CcbOverRest(MappedCis):
    """By the documented REST resources. `url`: what stands before "/v-model"."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        super().__init__(url, timeout_seconds=timeout_seconds, mapping=REST)
