"""Which address leads to which page of the console?"""

from django.urls import path

from keyturn.console import (
    case,
    deciding,
    documents,
    giving,
    lifesupport,
    own_data,
    people,
    person,
    putting_right,
    queue,
    redflags,
)

app_name = "console"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("/search", queue.search, name="search"),
    path("/persons", person.search, name="persons"),
    path("/persons/<uuid:person>", person.show, name="person"),
    path("/next", queue.next_one, name="next"),
    path("/requests/<str:reference>", case.show, name="request"),
    path("/requests/<str:reference>/decide", deciding.decide, name="decide"),
    path("/requests/<str:reference>/identifier", deciding.identifier, name="identifier"),
    path("/requests/<str:reference>/document", documents.show, name="document"),
    path("/requests/<str:reference>/own-data", own_data.own_data, name="own_data"),
    path("/requests/<str:reference>/take", deciding.take, name="take"),
    path("/requests/<str:reference>/put-back", deciding.put_back, name="put_back"),
    path("/requests/<str:reference>/look-again", deciding.look_again, name="look_again"),
    path("/requests/<str:reference>/retry", deciding.retry, name="retry"),
    path("/requests/<str:reference>/undo-link", deciding.undo_link, name="undo_link"),
    path("/life-support", lifesupport.show, name="care"),
    path("/life-support/<uuid:care>", lifesupport.act, name="care_act"),
    path("/accounts/<uuid:account>/life-support", lifesupport.claim, name="care_claim"),
    path("/cases", redflags.show, name="cases"),
    path("/cases/<uuid:case>", redflags.decide, name="case"),
    path("/persons/<uuid:person>/keep", people.show, name="keep"),
    path("/persons/<uuid:person>/address", people.address, name="address"),
    path("/persons/<uuid:person>/protection", people.protect, name="protect"),
    path("/persons/<uuid:person>/proposals/<uuid:proposal>", people.proposal, name="proposal"),
    path("/persons/<uuid:person>/access/<uuid:access>/take-over", people.take_over, name="take_over"),
    path("/persons/<uuid:person>/access/<uuid:access>/end", giving.end, name="end_access"),
    path("/persons/<uuid:person>/accounts/<uuid:account>/grant", giving.grant, name="grant"),
    path("/persons/<uuid:person>/change/<str:what>", putting_right.change, name="change"),
    path("/persons/<uuid:person>/change/<str:what>/<str:contact>", putting_right.change, name="change_contact"),
]
