"""What do staff read about making two files one?"""

from keyturn.terms.words import gettext_noop as _

WORDS = {
    "K-90": _("These two files cannot be made one."),
    "K-94": _("Choose one of the two values shown."),
    "K-95": _("Write why, in a sentence."),
    "K-98": _("This person has become part of another file. The row was left aside."),
}

STAFF_WORDS = {
    "K-91": _("A colleague says that these two files are one person. Look at both, then agree or refuse."),
}

OBSTACLES = {
    "same_person": _("It is one and the same file."),
    "already_merged": _("One of the two has become part of another file already."),
    "kinds_differ": _("One is a person, the other an organisation."),
    "erased": _("One of the two was erased."),
    "merge_proposed": _("A colleague has proposed a merge of one of the two. Decide that first."),
    "said_not_same": _("Somebody looked and said: these two are not the same. Take that back first."),
    "protected": _("The address of one of the two is protected. A colleague with that right must do this."),
    "cis_is_being_told": _("The billing system is being told of one of the two just now. Try again in some minutes."),
    "only_other_in_cis": _("The billing system knows the other file only. Keep that one."),
    "own_proposal": _("You proposed this. Another colleague must agree."),
    "own_request": _("This is about yourself. A colleague must do it."),
    "changed_meanwhile": _("Something changed in one of the two files since. Look at both again."),
    "undo_later_first": _("One of the two was merged again later. Undo that merge first."),
    "decided_already": _("This was decided already."),
    "only_a_supervisor": _("Only a supervisor undoes a merge. Ask one of them."),
    "not_merged": _("This merge does not stand."),
    "try_again": _("Somebody else is working on one of the two. Try again."),
    "unknown_person": _("There is no such person."),
    "unknown_merge": _("There is no such merge."),
}
"""What `NotAllowed` says, by its code."""

WARNINGS = {
    "deceased": _("One of the two has died."),
    "flagged": _("There is a warning on one of the two."),
    "births_differ": _("Their dates of birth differ."),
    "identifiers_differ": _("They have different identity documents of the same type."),
}
