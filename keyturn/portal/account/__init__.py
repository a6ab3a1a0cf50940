"""The signed-in customer's pages: what is on file about them, and how they change it."""
