"""A function of the user's, beside the ladder: named, loaded, checked, timed and shown. Its code runs in a process of
its own, never in this one."""
