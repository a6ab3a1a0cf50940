"""What does "none of so many" prove? At most so much, with 95 % confidence (the rule of three: 3/n)."""


def of(harmed: int, tried: int, what: str) -> str:
    """As "0 of 10,000 lost: below 0.03% (3/n at 95 %)"; where some were, their number alone: that has no such bound."""
    told = f"{harmed:,} of {tried:,} {what}"
    return told if harmed else f"{told}: below {3 / tried:.2%} (3/n at 95 %)"
