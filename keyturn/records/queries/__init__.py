"""What may the doors and steps ask of the tables? One module per noun."""
