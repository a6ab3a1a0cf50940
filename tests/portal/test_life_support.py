"""Can somebody say in the portal that life depends on service, and is it protected at once?"""

from keyturn.records.models import MedicalCertification
from tests.flow.at_home import Customer
from tests.flow.town import Town
from tests.portal.signed_in import SignedIn


def test_somebody_who_depends_on_service_says_so_and_is_protected_at_once(town: Town) -> None:
    ana = Customer(town)
    page = SignedIn(town, ana.user)
    page.opens(f"/account/accounts/{ana.account.pk}").changes("claim_life_support").is_on("who")
    page.sends(patient="Eva Zelenko", medical_kind="life_support", device="Ventilator", phone="503 555 0142")
    page.is_on("certificate").sends()
    page.is_on("check").sees("Eva Zelenko", "Ventilator")
    page.sends_it()
    held = MedicalCertification.objects.get(account=ana.account)
    assert (held.state, held.details["patient"], held.details["phone"]) == ("temporary", "Eva Zelenko", "503 555 0142")
