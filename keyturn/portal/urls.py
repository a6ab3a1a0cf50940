"""Which address leads to which page of the portal?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
