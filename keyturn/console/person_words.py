"""Which word do staff read for each code on a person's page?"""

from keyturn.terms.words import gettext_noop as _

NAMES = {
    "primary": _("Name"), "legal": _("Legal name"), "former": _("Former name"), "alias": _("Also known as"),
    "dba": _("Trading as"), "alternate": _("Other spelling"), "mailing": _("For letters"), "previous": _("Lived here before"),
}  # fmt: skip
CONTACTS = {
    "email": _("E-mail"), "phone": _("Phone"), "mobile": _("Mobile phone"), "home": _("Phone at home"),
    "work": _("Phone at work"),
}  # fmt: skip
ROLES = {
    "main": _("Main customer"), "guarantor": _("Guarantor"), "spouse": _("Spouse"), "representative": _("Representative"),
    "executor": _("Executor"), "guardian": _("Guardian"), "member": _("Member"), "staff": _("By staff"),
    "automatic": _("By the machine"),
}  # fmt: skip
THINGS = {
    "name": _("Name"), "contact": _("Contact"), "address": _("Address"), "identifier": _("Identifier"),
    "role": _("Part in an account"),
}  # fmt: skip
HISTORY = {
    "entered": _("entered"), "ended": _("ended"), "corrected": _("corrected"), "withdrawn": _("taken back"),
    "verified": _("proved"),
    "person_entered": _("Person entered"), "request_linked": _("Linked to a request"),
    "link_undone": _("Link to a request undone"),
}  # fmt: skip
SOURCES = {"request": _("a request"), "staff": _("staff"), "import": _("import"), "cis": _("the CIS")}
