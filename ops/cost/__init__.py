"""What a stack costs at a load, on each path: a pure core (load and prices in, bill out), and a command.

`load` says how much happens in a month. `intake`, `aws_path` and `edge_path` say what that makes the
clouds do, `prices` what it costs; `bill` joins them. `quotas` says what breaks first.
"""
