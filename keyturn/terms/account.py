"""How is an account's number written for people, and read back from what they type?"""


def check_digit(digits: str) -> str:
    """The mod-10 (Luhn) digit that follows `digits` on a bill; it is for display only and is not stored (C.7)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def display_number(account_ref: str) -> str:
    """An account's number as it is printed: ten digits and the check digit. Another shape is shown as it is."""
    if len(account_ref) == 10 and account_ref.isascii() and account_ref.isdigit():
        return f"{account_ref[:5]} {account_ref[5:]} {check_digit(account_ref)}"
    return account_ref


def ref_from_display(typed: str) -> str:
    """The account reference meant by what somebody typed, or "" where the check digit says that it was mistyped."""
    plain = "".join(typed.split()).replace("-", "")
    if len(plain) == 11 and plain.isascii() and plain.isdigit():
        return plain[:10] if check_digit(plain[:10]) == plain[10] else ""
    return typed.strip()
