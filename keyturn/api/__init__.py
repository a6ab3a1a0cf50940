"""The door for programs: the same verbs as portal and console, over HTTP."""
