"""Requests of data subjects: received, proved, decided, carried out, answered in time.

`operations` names every verb. A request moves by `acting` alone, which asks `policies.requests`; `timing` keeps the
terms of the laws as they were at receipt; `carrying` says what is done for each kind; `notices` tells the person.
What is kept of a request is sealed under a key owner of its own, so that the file can be destroyed on its date.
"""
