"""What is undone of what was established, and what does undoing leave?"""
