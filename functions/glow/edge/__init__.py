"""Edge: posts and orders to the worker on Cloudflare, and what follows when it does not answer."""
