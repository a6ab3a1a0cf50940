"""Under which name does Django know the tables?"""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "keyturn.records"
    label = "records"
