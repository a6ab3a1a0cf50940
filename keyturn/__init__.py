"""Keyturn: customer self-service for utilities, from "I am moving in" to a customer information system that is right."""

__version__ = "0.1.0"
