"""How does Django find the templates and files of the shared design?"""

from django.apps import AppConfig


class LookConfig(AppConfig):
    """Reads the utility's brand at the start, so that a colour nobody can read stops it then and not on a page."""

    name = "keyturn.look"
    label = "look"

    def ready(self) -> None:
        from keyturn.look import brand

        brand.current()
