"""At which addresses are the brand's files?"""

from django.urls import path
from django.views.i18n import set_language

from keyturn.look import views

app_name = "look"
urlpatterns = [
    path("look/<slug:digest>/brand.css", views.stylesheet, name="stylesheet"),
    path("look/<slug:digest>/logo.svg", views.logo, name="logo"),
    path("language", set_language, name="language"),
]
