"""`status`: how a deployed stack does now. Each family of figures is a module; none changes anything."""
