"""Who is told what became of a privacy request?"""
