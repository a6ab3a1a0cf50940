"""What follows when somebody asks about their own data: a copy, a correction, erasure, restriction, an objection?"""
