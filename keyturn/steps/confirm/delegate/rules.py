"""Who hears that somebody else may act for an account?"""

from collections.abc import Collection, Iterable

from keyturn.terms.finding import rule
from keyturn.terms.levels import Level


@rule("C-12", "Every owner of an account hears who may act for it from now on", implements=("BR-32",))
def addresses_to_tell(logins: Iterable[tuple[str, str]], asked: Collection[str]) -> list[str]:
    """`logins`: (level, e-mail) of everybody who may act; `asked`: who asked for it."""
    return list(dict.fromkeys([*(email for level, email in logins if level == Level.OWNER), *asked]))
