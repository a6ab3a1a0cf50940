"""What does staff read when a decision cannot be taken?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "R-01": _("This is your own request. A colleague must decide it."),
    "R-02": _("Write at least one full sentence: the applicant will read it."),
    "R-02.ask": _("Write your question in at least one full sentence: the applicant will read it."),
    "R-02.refuse": _("Write the reason in at least one full sentence: the applicant will read it."),
    "R-03": _("Choose one of the persons shown."),
    "R-04": _("First say whether the applicant is somebody on file, or a new person."),
    "R-05": _("First have the premise created in the CIS and imported. Until then, ask the customer or refuse."),
    "R-07": _("Say why you need to see it. The reason is kept with your name."),
    "R-09": _("The person has this service at this address already. Ask the customer, or refuse."),
    "R-20": _("These details name nobody. Ask the customer, or refuse."),
    "R-21": _("Open the customer's document first. Without one, ask the customer for it, or refuse."),
    "R-11": _("Whose file it is about is settled. Approve it, ask about it, or refuse it."),
    "R-22": _("Write what you compared, in one full sentence. It is kept with your name."),
    "R-10": _("The account is set up already. Approve to send it again, ask the customer, or refuse."),
}
