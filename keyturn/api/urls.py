"""Which address leads to which page of the api?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
