"""May a change be written at once, after a pause, or only when staff have looked?"""
