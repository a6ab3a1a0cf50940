"""Which address leads to which page of a signed-in customer?"""

from django.urls import path

from keyturn.portal.account import changing, choosing, held, home, messages, own_data, proving, requests, you

app_name = "account"
urlpatterns = [
    path("account", home.home, name="home"),
    path("account/accounts/<uuid:ident>", home.account, name="account"),
    path("account/you", you.you, name="you"),
    path("account/change", changing.begin, name="begin"),
    path("account/stay", changing.stay, name="stay"),
    path("account/change/<str:reference>/code", changing.code, name="change_code"),
    path("account/change/<str:reference>/check", changing.check, name="change_check"),
    path("account/change/<str:reference>/prove", proving.prove, name="change_prove"),
    path("account/change/<str:reference>/choose", choosing.choose, name="change_choose"),
    path("account/change/<str:reference>/done", changing.done, name="change_done"),
    path("account/change/<str:reference>/<slug:name>", changing.page, name="change_page"),
    path("account/requests", requests.listed, name="requests"),
    path("account/requests/<str:reference>", requests.status, name="request"),
    path("account/requests/<str:reference>/withdraw", requests.withdraw, name="request_withdraw"),
    path("account/requests/<str:reference>/copy", own_data.copy, name="request_copy"),
    path("account/messages", messages.listed, name="messages"),
    path("account/messages/<uuid:ident>", messages.message, name="message"),
    path("account/held", held.held, name="held"),
]
