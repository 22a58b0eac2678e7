"""Who may listen: access tokens of the app's own back end."""
