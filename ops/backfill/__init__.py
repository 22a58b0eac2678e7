"""`backfill`: reads at the chain what the webhook missed, and stores it."""
