"""What is a CIS with a plain JSON interface like? A small one of nobody's make, to rehearse and to test against.

It is the reference CIS's brain behind an interface as such systems have it: words of its own, every call a transaction
of its own and no two of them ever one, and of what makes repeating safe one thing only: whatever is created may bear an
external id, which is unique among its kind and can be searched for.

    python -m keyturn.connectors.cis.rest.simulator --port 0
"""
