"""How does Django find the customer's pages?"""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "keyturn.portal"
    label = "portal"
