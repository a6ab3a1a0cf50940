"""The stories of `flow` and the whole registry happen in the same town."""

from tests.flow.conftest import cis_installed, town

__all__ = ["cis_installed", "town"]
