"""The local Helius: its webhook API, and the posts that a webhook gets. It stands in for the service."""
