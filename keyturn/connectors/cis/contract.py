"""What must every CIS connector do? The tests that each one has to pass.

Make a test class of `CisContract` and give it two fixtures: `cis`, your connector, and `town`, a `Town` in your CIS's
own test system (docs/howto/connect-a-cis.md has both, to begin with):

    class TestOurCis(CisContract):
        @pytest.fixture
        def cis(self): return OurCis("https://test.example", timeout_seconds=5)

        @pytest.fixture
        def town(self): return OurTown()
"""

import sys
from collections.abc import Callable, Mapping

import pytest

for _part in ("asking", "changes", "establish", "merge", "update"):
    _name = f"keyturn.connectors.cis.contract_{_part}"
    if _name not in sys.modules:  # so that a test that fails shows what it compared
        pytest.register_assert_rewrite(_name)

from keyturn.connectors.cis.contract_asking import AskingContract  # noqa: E402
from keyturn.connectors.cis.contract_changes import ChangesContract  # noqa: E402
from keyturn.connectors.cis.contract_establish import EstablishContract  # noqa: E402
from keyturn.connectors.cis.contract_kit import Town  # noqa: E402
from keyturn.connectors.cis.contract_merge import MergeContract  # noqa: E402
from keyturn.connectors.cis.contract_update import UpdateContract  # noqa: E402
from keyturn.terms.cis import Cis  # noqa: E402


class CisContract(EstablishContract, AskingContract, ChangesContract, UpdateContract, MergeContract):
    """The tests, of `contract_establish`, `_asking`, `_changes`, `_update` and `_merge`. Subclass it and provide
    `cis` and `town`."""

    @pytest.fixture
    def cis(self) -> Cis:
        raise NotImplementedError

    @pytest.fixture
    def town(self) -> Town:
        raise NotImplementedError

    @pytest.fixture
    def increase(self, town: Town) -> Callable[[], Mapping[str, int]]:
        """How much more the CIS holds than when the test began, or than when this was last asked."""
        seen = dict(town.totals())

        def since() -> Mapping[str, int]:
            before, now = dict(seen), town.totals()
            seen.update(now)
            return {name: count - before[name] for name, count in now.items()}

        return since
