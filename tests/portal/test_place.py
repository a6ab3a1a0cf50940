"""Does the portal find the place that somebody means, and say what it cannot do there?"""

from dataclasses import replace

from tests import factories
from tests.portal.visitor import Visitor


class TestTheSearch:
    def test_tolerates_how_people_write_addresses(self, visitor: Visitor) -> None:
        factories.a_premise(line1="140 Harbor Road")
        visitor.begins().sends(q="140 harbour rd.").is_at("/start/choose").sees(
            "Is this the address?", "140 Harbor Road"
        )

    def test_asks_for_the_unit_of_a_building(self, visitor: Visitor) -> None:
        units = [factories.a_premise(line1="7 Mill Lane", line2=f"Apt {number}") for number in (1, 2, 3)]
        visitor.begins().sends(q="7 Mill Lane").sees("Which unit is yours?", "Apt 1", "Apt 3")
        visitor.sends(service_address=str(units[1].pk)).is_at("/start/services").sees("Apt 2")

    def test_offers_every_unit_of_a_large_building(self, visitor: Visitor) -> None:
        units = [factories.a_premise(line1="7 Mill Lane", line2=f"Apt {number}") for number in range(1, 48)]
        visitor.begins().sends(q="7 Mill Lane").sees("Which unit is yours?", "Apt 47")
        visitor.sends().sees("Choose your unit, or say that it is not in the list.")
        visitor.sends(service_address=str(units[-1].pk)).is_at("/start/services").sees("Apt 47")

    def test_does_not_say_that_it_found_nothing_where_it_found_another_unit(self, visitor: Visitor) -> None:
        factories.a_premise(line1="9 Oak Avenue")
        visitor.begins().sends(q="9 Oak Ave").sends(service_address="none").is_at("/start/unlisted")
        visitor.sees("House number and street").does_not_see("We did not find")
        visitor.opens("/start/where").sends(q="77 Nowhere Street").is_at("/start/unlisted").sees("We did not find")

    def test_asks_which_of_two_towns_is_meant(self, visitor: Visitor) -> None:
        factories.a_premise(line1="9 Oak Avenue", city="Millbrook")
        factories.a_premise(line1="9 Oak Avenue", city="Alder Falls", postal_code="97955")
        visitor.begins().sends(q="9 oak ave").sees("Which of these addresses is it?", "Millbrook", "Alder Falls")

    def test_says_what_to_do_when_nothing_was_typed_or_chosen(self, visitor: Visitor) -> None:
        factories.a_premise(line1="9 Oak Avenue")
        visitor.begins().sends().sees("Enter the address where you need service.")
        visitor.sends(q="9 oak ave").sends().sees("Choose the address, or say that it is not in the list.")

    def test_keeps_what_was_searched_out_of_every_address(self, visitor: Visitor) -> None:
        factories.a_premise(line1="9 Oak Avenue")
        visitor.begins().sends(q="9 oak ave")
        assert "oak" not in visitor.path

    def test_takes_only_a_premise_that_it_has_offered(self, visitor: Visitor) -> None:
        other = factories.a_premise(line1="1 Elsewhere Road")
        factories.a_premise(line1="9 Oak Avenue")
        visitor.begins().sends(q="9 oak ave").sends(service_address=str(other.pk)).is_at("/start/choose")
        assert visitor.status == 422


class TestAnAddressThatIsNotOnFile:
    def described(self, visitor: Visitor, **changes: str) -> Visitor:
        address = {
            "line1": "3 New Street",
            "line2": "",
            "city": "Millbrook",
            "state": "OR",
            "postal_code": "97901",
            **changes,
        }
        visitor.begins().sends(q="3 New Street").is_at("/start/unlisted")
        return visitor.sends(**{f"service_address-{part}": value for part, value in address.items()})

    def test_inside_the_territory_goes_on_as_an_exception_for_staff(self, visitor: Visitor) -> None:
        factories.a_premise()
        self.described(visitor).is_at("/start/services").sees("3 New Street")
        assert visitor.request.answers["service_address"]["line1"] == "3 New Street"

    def test_outside_the_territory_is_told_who_serves_it_and_ends(self, visitor: Visitor) -> None:
        visitor.town.policy_says(neighbours={"98": "Cascade Power"})
        factories.a_premise()
        self.described(visitor, postal_code="98101").sees(
            "We do not serve this address", "Cascade Power", "Nothing has been sent"
        )
        visitor.opens("/start/services").is_at("/start/where")

    def test_outside_the_territory_where_nobody_knows_the_neighbour(self, visitor: Visitor) -> None:
        factories.a_premise()
        self.described(visitor, postal_code="10001").sees(
            "We do not serve this address", "we do not know who serves it"
        )

    def test_must_say_street_and_place(self, visitor: Visitor) -> None:
        self.described(visitor, line1="", city="", postal_code="")
        visitor.sees("Enter the house number and street.", "Enter the town or the ZIP code.")

    def test_that_is_on_file_after_all_is_recognised(self, visitor: Visitor) -> None:
        premise = factories.a_premise(line1="5 Birch Court")
        visitor.begins().sends(q="zzz").is_at("/start/unlisted")
        visitor.sends(
            **{
                "service_address-line1": "5 birch ct",
                "service_address-city": "Millbrook",
                "service_address-postal_code": "97901",
            }
        )
        visitor.is_at("/start/services")
        assert visitor.request.answers["service_address"] == {"premise_id": str(premise.pk)}

    def test_whose_zip_code_has_a_slip_is_asked_about_before_anybody_is_sent_away(self, visitor: Visitor) -> None:
        premise = factories.a_premise(line1="27 Heron Bend Road", city="Heronford", postal_code="97671")
        slip = {"line1": "27 Heron Bend Rd", "city": "Heronford", "postal_code": "10617"}
        self.described(visitor, **slip).is_at("/start/choose").sees("Is this the address?", "Heronford, OR 97671")
        visitor.sends(service_address=str(premise.pk)).is_at("/start/services")
        assert visitor.request.answers["service_address"] == {"premise_id": str(premise.pk)}

    def test_and_is_another_one_than_that_on_file_is_not_asked_about_twice(self, visitor: Visitor) -> None:
        factories.a_premise(line1="27 Heron Bend Road", city="Heronford", postal_code="97671")
        other = {"line1": "27 Heron Bend Rd", "city": "Heronford", "postal_code": "10617"}
        self.described(visitor, **other).sends(service_address="none").is_at("/start/unlisted")
        assert 'value="10617"' in visitor.html
        visitor.sends(**{f"service_address-{part}": value for part, value in {**other, "state": "OR"}.items()})
        visitor.sees("We do not serve this address")

    def test_in_a_building_that_is_on_file_under_another_zip_code_is_found_by_its_unit(self, visitor: Visitor) -> None:
        for number in range(1, 4):
            factories.a_premise(line1="7 Mill Lane", line2=f"Apt {number}", city="Heronford", postal_code="97671")
        slip = {"line1": "7 Mill Lane", "line2": "Apt 2", "city": "Heronford", "postal_code": "10617"}
        self.described(visitor, **slip).is_at("/start/choose").sees("Apt 2").does_not_see("Apt 3")

    def test_whose_zip_code_is_none_is_mended_first(self, visitor: Visitor) -> None:
        self.described(visitor, postal_code="9789").is_at("/start/unlisted")
        visitor.sees("Enter a ZIP code of five digits, for example 97301.")

    def test_outside_the_territory_can_be_changed_where_it_was_typed(self, visitor: Visitor) -> None:
        factories.a_premise()
        self.described(visitor, postal_code="10001").sees("Change this address")
        visitor.opens("/start/unlisted")
        assert all(f'value="{each}"' in visitor.html for each in ("3 New Street", "Millbrook", "10001"))

    def test_another_place_with_fewer_services_asks_for_the_services_again(self, visitor: Visitor) -> None:
        visitor.fills_in_everything(factories.a_premise())
        visitor.opens("/start/services").sends(**self.all_services(visitor))
        fewer = factories.a_premise(line1="8 Pine Street", services="electric")
        visitor.opens("/start/where?check=yes").sends(q="8 pine st").sends(service_address=str(fewer.pk))
        visitor.is_at("/start/services?check=yes")

    def all_services(self, visitor: Visitor) -> dict[str, object]:
        year, month, day = visitor.request.answers["start_date"].split("-")
        return {
            "services": ["electric", "gas", "water"], "start_date-year": year, "start_date-month": month, "start_date-day": day,
        }  # fmt: skip


def test_who_lives_there_is_never_said(visitor: Visitor) -> None:
    from tests.flow.town import BEN

    premise = factories.a_premise(line1="9 Oak Avenue")
    visitor.town.serves(replace(BEN), premise)
    visitor.asks_for_service(premise)
    visitor.town.works()
    visitor.opens(f"/requests/{visitor.request.reference}").sees("A person is checking your request")
    visitor.does_not_see("Okafor", "occupied", "somebody else")


def test_a_search_that_finds_very_many_says_how_to_find_fewer(visitor: Visitor) -> None:
    for number in range(1, 40):
        factories.a_premise(line1=f"{number} Oak Avenue", in_cis=False)
    visitor.begins().sends(q="oak avenue").sees("Add the house number to your search")
