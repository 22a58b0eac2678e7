"""The pipeline: its tables and queues, one file per function, and what connects them."""
