"""Which address leads to which page of the signin?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
