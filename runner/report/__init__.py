"""Records to text and JSON: pure functions, and sinks that write to a stream they are given."""
