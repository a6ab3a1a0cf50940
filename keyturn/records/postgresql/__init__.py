"""Django's backend for PostgreSQL, which looks whether a connection is still there without a trip. DATABASES' ENGINE names it."""
