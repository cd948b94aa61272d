"""How long data are kept: policies' life, looking ahead, and the runs that carry policies out.

Read `operations` first. `life` drafts and activates, `due` says which rows a policy reaches at an instant, `simulating`
counts them, `running` takes them away batch by batch, `removing` does one batch. Simulation and run ask the same
statements, so that they agree.
"""
