"""Erasure: a plan for each compartment, steps with receipts, keys shredded last, and a certificate that proves it.

`operations` is read first. `stores` names every table that holds something of a person, and the step by which it goes;
`planning` says what may go and what must stay, `steps` does it, `running` sees to order, failures and resumption,
`certifying` and `verifying` are the two ends of a certificate, `proving` looks for what should not be there any more.
"""
