"""How customers prove a contact: a code that is sent to it, and the session of a quarter of an hour that it opens.

Nothing in here knows who holds a contact: a code goes to whatever was typed, so that nothing can be learnt by asking.
`codes` sends and looks at codes, `visits` keeps sessions, `counting` says how often, `operations` names the verbs.
"""
