"""Edge: the worker on Cloudflare, and the functions' view of it."""
