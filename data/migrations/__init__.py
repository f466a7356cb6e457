"""The versions of the schema, in order: each brings an older database, with what is in it, to the next."""
