"""From records to the rows of a database, and the way into it: files, engines, transactions, one batch at a time."""
