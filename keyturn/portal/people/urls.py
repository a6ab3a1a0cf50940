"""Which address leads to which page about acting for somebody?"""

from django.urls import path

from keyturn.portal.people import ending, groups, invitation, people, premises

app_name = "people"
urlpatterns = [
    path("account/people", people.hub, name="hub"),
    path("account/accounts/<uuid:ident>/people", people.people, name="people"),
    path("account/accounts/<uuid:ident>/people/<uuid:access_id>/end", ending.access_of_account, name="end"),
    path("account/accounts/<uuid:ident>/designees/<uuid:designee_id>/end", ending.designee, name="end_designee"),
    path("account/accounts/<uuid:ident>/invitations/<uuid:invitation_id>/end", ending.invitation, name="take_back"),
    path("account/groups", groups.listed, name="groups"),
    path("account/groups/new/<uuid:person_id>", groups.new, name="group_new"),
    path("account/groups/<uuid:group_id>", groups.group, name="group"),
    path("account/groups/<uuid:group_id>/end", groups.end, name="group_end"),
    path("account/groups/<uuid:group_id>/members/<uuid:access_id>/end", ending.access_of_group, name="member_end"),
    path("account/groups/<uuid:group_id>/invitations/<uuid:invitation_id>/end", ending.group_invitation, name="member_take_back"),
    path("account/premises", premises.listed, name="premises"),
    path("account/premises/<uuid:ident>", premises.premise, name="premise"),
    path("invitation/answered/<slug:how>", invitation.answered, name="answered"),
    path("invitation/<str:token>", invitation.invitation, name="invitation"),
]  # fmt: skip
