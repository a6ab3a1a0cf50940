"""How is an account number written for people, and what do they mean by what they type (C.7)?

The last digit on a bill is a check digit (ISO/IEC 7812-1, annex B; "Luhn"). It is for display only: what is on file, and
what the CIS is told, has none.
"""


def check_digit(digits: str) -> str:
    """The digit that makes the sum of all, every second one from the right doubled, end in nought."""
    total = 0
    for place, each in enumerate(reversed(digits)):
        value = int(each) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def plain(text: str) -> str:
    """What was typed without blanks, dashes and dots; letters in capitals."""
    return "".join(char for char in text.upper() if char.isascii() and char.isalnum())


def is_mistyped(text: str, *, digits: int) -> bool:
    """Whether the check digit says so. `digits` without it; 0: this utility writes none."""
    number = plain(text)
    return bool(digits) and number.isdigit() and len(number) == digits + 1 and check_digit(number[:-1]) != number[-1]


def ref_of(text: str, *, digits: int) -> str:
    """The number as it is on file: without the check digit, where one was typed."""
    number = plain(text)
    return number[:-1] if digits and number.isdigit() and len(number) == digits + 1 else number


def shown(ref: str, *, digits: int) -> str:
    """As it stands on a bill: "12345 67890 3". A reference of another kind stays as it is."""
    if not digits or not ref.isdigit() or len(ref) != digits:
        return ref
    groups = [ref[start : start + 5] for start in range(0, digits, 5)]
    return " ".join([*groups, check_digit(ref)])
