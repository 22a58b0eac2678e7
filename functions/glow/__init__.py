"""The domain of glow, in rooms. A room imports only the rooms after it:

    trades → routing → sockets | edge | candles → prices | queues → the modules of this folder

Every room may import `runtime`, which itself imports only `errors` and `log` of this folder.
tests/unit/test_imports.py holds these directions. The rooms are pure, except for the classes that
are given a client.
"""
