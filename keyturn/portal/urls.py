"""Which address leads to which page of the portal?"""

from django.urls import include, path

from keyturn.portal import (
    claiming,
    following,
    front,
    place,
    proof,
    questions,
    returning,
    sending,
    stopping,
    unsubscribing,
    uploads,
)

pages = [
    path("", front.front, name="front"),
    path("privacy", front.privacy, name="privacy"),
    path("accessibility", front.accessibility, name="accessibility"),
    path("terms", front.terms, name="terms"),
    path("start", front.start, name="start"),
    path("start/where", place.where, name="where"),
    path("start/choose", place.choose, name="choose"),
    path("start/unlisted", place.unlisted, name="unlisted"),
    path("start/code", proof.code, name="code"),
    path("start/check", sending.check, name="check"),
    path("start/done", sending.done, name="done"),
    path("start/later", returning.later, name="later"),
    path("start/stay", returning.stay, name="stay"),
    path("start/locked", returning.locked, name="locked"),
    path("start/expired", returning.expired, name="expired"),
    path("start/login", claiming.login_at_the_end, name="login_at_the_end"),
    path("start/<slug:name>", questions.page, name="page"),
    path("resume", returning.resume, name="resume"),
    path("resume/<str:token>", returning.follow, name="follow"),
    path("stop/<str:token>", stopping.stop, name="stop"),
    path("unsubscribe/<str:token>", unsubscribing.unsubscribe, name="unsubscribe"),
    path("account/claim", claiming.claim, name="claim"),
    path("account/claim/code", claiming.code, name="claim_code"),
    path("account/claim/done", claiming.done, name="claim_done"),
    path("account/claim/link/<uuid:ident>", claiming.link, name="claim_link"),
    path("account/claim/<slug:name>", claiming.page, name="claim_page"),
    path("claim/stop/<str:token>", claiming.stop, name="claim_stop"),
    path("documents/<uuid:ident>", uploads.fetch, name="document"),
    path("requests", following.find, name="find"),
    path("requests/<str:reference>", following.status, name="status"),
    path("requests/<str:reference>/withdraw", following.withdraw, name="withdraw"),
    path("requests/<str:reference>/reply", following.reply, name="reply"),
    path("requests/<str:reference>/leave", following.leave, name="leave"),
]
urlpatterns = [
    path("", include("keyturn.look.urls")),
    path("", include((pages, "portal"))),
    path("", include("keyturn.portal.account.urls")),
    path("", include("keyturn.portal.people.urls")),
]
