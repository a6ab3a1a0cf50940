"""How the parts are put together into one running site."""
