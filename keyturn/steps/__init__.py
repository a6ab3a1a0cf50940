"""What happens to a request: one folder per box of process 3.3.1."""

from importlib import import_module
from pkgutil import walk_packages

from keyturn.terms.finding import RULEBOOK, Rule

STEPS = {
    "identify": "I", "gather": "G", "validate": "V", "match": "M", "verify": "Y", "decide": "D", "review": "R",
    "establish": "E", "sync": "S", "confirm": "C", "maintain": "K",
}  # fmt: skip
"""Each step's folder and the letter of its rules."""


def rulebook() -> dict[str, Rule]:
    """Every rule of every step, by number."""
    for name in _called("rules"):
        import_module(name)
    return dict(sorted(RULEBOOK.items(), key=lambda entry: (list(STEPS.values()).index(entry[0][0]), entry[0])))


def words() -> dict[str, str]:
    """What a customer reads for each rule number; the sentence is still to be translated."""
    return _merged("WORDS")


def staff_words() -> dict[str, str]:
    """What a reviewer reads for each rule number that refers a request to them."""
    return _merged("STAFF_WORDS")


def _merged(name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in _called("words"):
        found.update(getattr(import_module(module), name, {}))
    return found


def _called(name: str) -> list[str]:
    """The modules of that name in the steps' folders, and one folder below where a step has parts."""
    found = walk_packages(__path__, f"{__name__}.")
    return [each.name for each in found if each.name.rpartition(".")[2] == name]
