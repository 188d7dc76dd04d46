"""Two runs side by side: what changed, why, and what cannot be compared. Pure: no module here knows a database."""
