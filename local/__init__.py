"""The local cloud: both clouds emulated on loopback, and the real Pulumi engine on top of them."""
