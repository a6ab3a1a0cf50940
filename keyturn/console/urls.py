"""Which address leads to which page of the console?"""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
