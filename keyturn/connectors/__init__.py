"""How do we speak to the world outside: the CIS, identity and address checks, mail, texts and letters?"""
