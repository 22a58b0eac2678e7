"""The domain of glow: trades, updates, frames, routes. Pure but for the adapters that name a client."""
