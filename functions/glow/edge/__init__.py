"""Edge: the worker on Cloudflare, as those see it who post to it."""
