"""Who hears of a protection for life support?"""
