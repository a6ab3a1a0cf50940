"""By which channels may a customer be told of a topic (TCPA, CASL, BR-17, BR-18, BR-65, BR-66)?

Each rule answers with a code where the channel is barred. Security notices and what a request itself leads to do not
come here: they go where the customer is known to be.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from keyturn.terms.finding import Finding, rule
from keyturn.terms.policy import Policy

COMMERCIAL = frozenset({"offers"})
"""Topics that advertise; everything else is about the customer's own service."""

BY_LAW = frozenset({"shut_off"})
"""What the law makes us tell: it is sent whatever was chosen, by letter at least."""

TOPICS = frozenset({"bills", "payments", "outages", "appointments", "account", "offers", "shut_off"})


@dataclass(frozen=True, slots=True)
class Facts:
    """One topic to one contact. `preference`: on, off or "" (nothing said). `consent`: given, withdrawn or ""; its basis
    is express or implied, and an implied one ends at `consent_until`."""

    topic: str
    channel: str  # email, sms, letter
    contact_status: str  # verified, pending, bounced; "" for a letter
    stopped: bool
    preference: str
    consent: str
    basis: str
    consent_until: datetime | None
    now: datetime


@rule("C-30", "No text goes to a number whose owner said STOP", implements=("BR-65",))
def number_was_not_stopped(facts: Facts, policy: Policy) -> str:
    """Whatever else they agreed to: a withdrawal by any reasonable means counts (47 CFR 64.1200(a)(10))."""
    return "stopped" if facts.channel == "sms" and facts.stopped else ""


@rule("C-31", "Nothing goes to an address from which mail comes back")
def contact_works(facts: Facts, policy: Policy) -> str:
    return "bounced" if facts.contact_status == "bounced" else ""


@rule("C-32", "A text goes only to a number that was proved to be theirs", implements=("BR-17", "ER-28"))
def number_is_approved(facts: Facts, policy: Policy) -> str:
    """A number typed wrongly is somebody else's."""
    return "not_approved" if facts.channel == "sms" and facts.contact_status != "verified" else ""


@rule("C-33", "Advertising goes only to who agreed to it for that channel", implements=("BR-65", "BR-66"))
def advertising_was_asked_for(facts: Facts, policy: Policy) -> str:
    """In Canada an implied consent does for e-mail and letters until its date (CASL s. 10); in the United States a text
    needs a written one, and so does ours in any channel."""
    if facts.topic not in COMMERCIAL:
        return ""
    if facts.consent != "given" or (facts.consent_until is not None and facts.consent_until <= facts.now):
        return "no_consent"
    implied_does = policy.country == "CA" and facts.channel != "sms"
    return "" if facts.basis == "express" or implied_does else "no_consent"


@rule(
    "C-34",
    "What a customer turned off is not sent; what nobody spoke of goes where they gave us a contact",
    implements=("BR-18", "BR-65"),
)
def was_not_turned_off(facts: Facts, policy: Policy) -> str:
    """A number that somebody gave us counts as leave to text about their service; we still wait until they ask for it."""
    if facts.topic in BY_LAW:
        return ""
    if facts.preference == "off":
        return "turned_off"
    return "not_asked_for" if facts.channel == "sms" and facts.preference != "on" else ""


RULES: tuple[Callable[[Facts, Policy], str], ...] = (
    number_was_not_stopped, contact_works, number_is_approved, advertising_was_asked_for, was_not_turned_off,
)  # fmt: skip


def barred(facts: Facts, policy: Policy) -> str:
    """Why this channel may not be used; "" where it may."""
    return next((why for each in RULES if (why := each(facts, policy))), "")


@rule("C-35", "Advertising always says how to stop it, and stopping takes one press", implements=("BR-66",))
def says_how_to_stop(topic: str) -> bool:
    return topic in COMMERCIAL


@rule("C-37", "Who has something said names a topic that there is, and what to say")
def is_sayable(topic: str, subject: str, text: str) -> Iterator[Finding]:
    if topic not in TOPICS:
        yield Finding("C-37", "topic", params={"topics": ", ".join(sorted(TOPICS))})
    for name, value in (("subject", subject), ("text", text)):
        if not value.strip():
            yield Finding("C-37", name, params={"why": "empty"})


WORDS_OF_STOP = frozenset(
    {"STOP", "STOPALL", "END", "CANCEL", "QUIT", "UNSUBSCRIBE", "REVOKE", "OPTOUT", "ALTO", "PARAR", "BAJA"}
)
WORDS_OF_START = frozenset({"START", "UNSTOP", "YES", "SI"})
WORDS_OF_HELP = frozenset({"HELP", "INFO", "AYUDA"})


@rule("C-36", "STOP, in any of its words, stops texts to that number at once", implements=("BR-65",))
def meaning(text: str) -> str:
    """stop, start, help, or "" where the text says none of it. Only the first word counts, blanks and dots do not."""
    plain = "".join(char for char in text.upper().replace("Í", "I") if char.isalpha() or char == " ").split()
    word = "".join(plain) if "".join(plain) in WORDS_OF_STOP else (plain[0] if plain else "")
    for said, words in (("stop", WORDS_OF_STOP), ("start", WORDS_OF_START), ("help", WORDS_OF_HELP)):
        if word in words:
            return said
    return ""
