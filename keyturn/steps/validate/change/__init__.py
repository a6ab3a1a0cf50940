"""Is what a customer wants changed well formed and possible?"""
