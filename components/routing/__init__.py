"""Routing: what carries a change of route out, and how a preview tells of one."""
