"""The page: its data, its folder, its server."""
