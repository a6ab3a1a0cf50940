"""Do the registry and the CIS hold the same, and what is done about what differs?"""

from keyturn.connectors.cis import cis

__all__ = ["cis"]
