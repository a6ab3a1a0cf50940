"""Who is told about a claim, and where?"""
