"""Sockets: the clients on API Gateway, their subscriptions, and the messages posted to them."""
