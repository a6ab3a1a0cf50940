"""The customer's pages: what a person who moves in sees, in their language, on any device, without JavaScript."""
