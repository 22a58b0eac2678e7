"""AWS: the path from the webhook to API Gateway, and what watches over it."""
