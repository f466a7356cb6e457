"""Small rounds for tests, and how to write them as the files of the contract."""
