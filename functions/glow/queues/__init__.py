"""Queues: the FIFO queues between functions, their batches, retries and dead letters."""
