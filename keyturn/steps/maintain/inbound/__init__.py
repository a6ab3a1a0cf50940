"""What the CIS changed: is it taken over, does ours stay, or do staff look?"""
