"""Which address leads to which page of the console?"""

from django.urls import path

from keyturn.console import case, deciding, documents, queue

app_name = "console"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("/search", queue.search, name="search"),
    path("/next", queue.next_one, name="next"),
    path("/requests/<str:reference>", case.show, name="request"),
    path("/requests/<str:reference>/decide", deciding.decide, name="decide"),
    path("/requests/<str:reference>/identifier", deciding.identifier, name="identifier"),
    path("/requests/<str:reference>/document", documents.show, name="document"),
    path("/requests/<str:reference>/take", deciding.take, name="take"),
    path("/requests/<str:reference>/put-back", deciding.put_back, name="put_back"),
    path("/requests/<str:reference>/look-again", deciding.look_again, name="look_again"),
    path("/requests/<str:reference>/retry", deciding.retry, name="retry"),
]
