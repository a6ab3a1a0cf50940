"""How does Django find the templates and files of the shared design?"""

from django.apps import AppConfig


class LookConfig(AppConfig):
    name = "keyturn.look"
    label = "look"
