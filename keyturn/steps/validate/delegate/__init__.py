"""Is an invitation well formed?"""
