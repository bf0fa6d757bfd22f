"""A round and the central database: its snapshot, and what has changed there since."""
