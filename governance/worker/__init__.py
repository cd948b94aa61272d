"""The entry point for time: what happens by itself.

`timetable` says when, `tasks` what each job does, `loops` keeps short steps going (the audit log's sequencer and
signer), `running` runs all of it in one process: `python -m governance.worker`. Any number of hosts may run one.
"""
