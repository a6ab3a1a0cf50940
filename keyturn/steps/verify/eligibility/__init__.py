"""Would the CIS serve this person, here, from that day?"""
