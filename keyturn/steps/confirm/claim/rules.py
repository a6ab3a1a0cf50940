"""Who hears of a new link to an account?"""

from collections.abc import Collection

from keyturn.terms.finding import rule


@rule(
    "C-20",
    "All who own an account, and every contact on file, hear of a new link and can undo it",
    implements=("BR-62",),
)
def to_tell(
    *, owners: Collection[str], emails: Collection[str], phones: Collection[str], claimant: str
) -> tuple[tuple[str, str], ...]:
    """(channel, address). The claimant's own login is told another thing; without any e-mail the phones are told."""
    mails = [each for each in (*owners, *emails) if each and each.casefold() != claimant.casefold()]
    found = [("email", each) for each in dict.fromkeys(mails)]
    if not emails:
        found += [("sms", each) for each in dict.fromkeys(phones) if each]
    return tuple(found)


@rule("C-21", "Where no e-mail address and no mobile number is on file, the letter box is told", implements=("BR-51",))
def letter_is_due(told: Collection[tuple[str, str]], *, contacts_on_file: bool) -> bool:
    return not told and not contacts_on_file
