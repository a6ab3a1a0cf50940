"""Why does the utility hold what it holds, by what right, and until when?

Sentences for customers: they stand on the page "what we hold and why", in a copy, and in docs/privacy.md.
"""

from dataclasses import replace

from keyturn.records.data_map.shape import Category, Use
from keyturn.terms.words import gettext_noop as _

CONTRACT = _("We need it to supply you and to bill you.")
LAW = _("The law asks us to keep it.")
INTEREST = _("We need it to run the service safely.")
CONSENT = _("You agreed to it, and can take that back at any time.")

WHILE_CUSTOMER = _("While you are a customer, and then as long as we must keep your accounts for the books.")
WITH_REQUEST = _("With the request it belongs to; what was refused, withdrawn or let lapse is forgotten earlier.")
WITH_BOOKS = _("As long as the law asks us to keep accounts, after the last one has ended.")
SHORT = _("Some minutes to some weeks; then it is deleted by itself.")
WITH_LOGIN = _("Until your login is erased.")
AS_PROOF = _("As proof of what was done, without your name once you are erased.")
WHILE_THERE = _("As long as the place is served. It says nothing about who lives there.")

BOOKS_STAY = _("The books must show what was supplied and paid. Without your name, it leads to nobody.")
PROOF_STAYS = _("It proves what was done and when, by numbers and codes. Without your name, it leads to nobody.")
PLACE_STAYS = _("It is about a place, whoever lives there.")
NUMBER_STAYS = _("It is a number or a setting of the system and says nothing about you.")

IDENTITY = Use(Category.IDENTITY, _("To know you again, and not to take you for somebody else."), CONTRACT,
               WHILE_CUSTOMER)  # fmt: skip
CONTACT = Use(Category.CONTACT, _("To reach you about your service, and to prove that it is you."), CONTRACT,
              WHILE_CUSTOMER)  # fmt: skip
ADDRESS = Use(Category.ADDRESS, _("To send you bills and letters."), CONTRACT, WHILE_CUSTOMER)
PLACE = Use(Category.NONE, _("To know which places can be served."), CONTRACT, WHILE_THERE, PLACE_STAYS)
ACCOUNT = Use(Category.ACCOUNT, _("To supply you, and to bill what was supplied."), CONTRACT, WITH_BOOKS, BOOKS_STAY)
ACCESS = Use(Category.ACCOUNT, _("To know who may see and do what for an account."), CONTRACT, AS_PROOF, PROOF_STAYS)
CARE = Use(Category.EVIDENCE, _("To keep supplying somebody whose health depends on it."), LAW,
           _("Until the certificate has ended, or you take it back."))  # fmt: skip
SHELTER = Use(Category.ADDRESS, _("To keep the address of a protected person from everybody without the right."), LAW,
              _("Until the protection ends."))  # fmt: skip
ANSWERS = Use(Category.IDENTITY, _("What you wrote in a request, so that it can be carried out."), CONTRACT,
              WITH_REQUEST)  # fmt: skip
EVIDENCE = Use(Category.EVIDENCE, _("To show that you proved what you said."), INTEREST, WITH_REQUEST)
PAPERS = Use(Category.EVIDENCE, _("Papers that you gave us as proof."), INTEREST,
             _("Until the date set when it was taken in; then it is deleted by itself."))  # fmt: skip
AGREED = Use(Category.HISTORY, _("To show what you agreed to and what you took back."), LAW, AS_PROOF, PROOF_STAYS)
WISHES = Use(Category.CONTACT, _("To write to you only about what you want, and by the way you want."), CONSENT,
             _("Until you change it."))  # fmt: skip
MESSAGES = Use(Category.CONTACT, _("What we wrote to you."), CONTRACT,
               _("The text for some months; that something was sent, as proof."))  # fmt: skip
HISTORY = Use(Category.HISTORY, _("To show what was done, by whom and when."), INTEREST, AS_PROOF, PROOF_STAYS)
WATCH = Use(Category.SECURITY, _("To notice when somebody tries to take over what is not theirs."), LAW, AS_PROOF,
            PROOF_STAYS)  # fmt: skip
LOGIN = Use(Category.SECURITY, _("To let you in, and nobody else."), CONTRACT, WITH_LOGIN)
GUESSES = Use(Category.SECURITY, _("To stop people who guess codes and passwords."), INTEREST, SHORT)
INDEX = Use(Category.IDENTITY, _("To find you quickly: made from what is on file, not readable by itself."), CONTRACT,
            WHILE_CUSTOMER)  # fmt: skip
TECHNICAL = Use(Category.TECHNICAL, _("A number or date of the system."), INTEREST, WITH_REQUEST, NUMBER_STAYS)
NOBODY = Use(Category.NONE, _("Nothing about anybody."), INTEREST, AS_PROOF, NUMBER_STAYS)

FORMER = replace(HISTORY, stays="")  # history that an erasure forgets
