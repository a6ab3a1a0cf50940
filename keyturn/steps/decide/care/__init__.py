"""May this protection be entered at once?"""
