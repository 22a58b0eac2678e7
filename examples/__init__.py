"""A first app on each platform: README, "Your first app"."""
