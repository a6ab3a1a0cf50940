"""What does the simulated CC&B show of a premise (C.9)?"""

from typing import Any

from keyturn.connectors.cis.ccb.simulator import agreements
from keyturn.connectors.cis.ccb.simulator.messages import Refused
from keyturn.connectors.cis.reference.connection import Cursor


def read(cursor: Cursor, prem_id: str) -> dict[str, Any]:
    """Address, service points and agreements. Raises Refused("premise_not_found")."""
    cursor.execute("SELECT * FROM prem WHERE prem_id = %s", (prem_id,))
    row = cursor.fetchone()
    if row is None:
        raise Refused("premise_not_found", prem_id[:10])
    cursor.execute("SELECT * FROM sp WHERE prem_id = %s ORDER BY svc_type", (prem_id,))
    return {
        "premiseId": prem_id,
        "cisDivision": row["cis_division"],
        "address": row["address"],
        "servicePoints": [
            {"spId": each["sp_id"], "serviceType": each["svc_type"], "badgeNumber": each["badge"]}
            for each in cursor.fetchall()
        ],
        "serviceAgreements": agreements.of(cursor, "p.prem_id", prem_id),
    }
