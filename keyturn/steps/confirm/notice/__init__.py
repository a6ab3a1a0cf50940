"""Which messages may be sent to somebody who did not just ask for something?"""
