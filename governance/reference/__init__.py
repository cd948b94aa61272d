"""Who the controller is, and the reference data that other packages look things up in.

Read `operations` first: the controller's record is versioned, and history stays. `laws.yaml` and `countries.yaml` are
read by `lookup`; periods and calendars come with the rules that use them.
"""
