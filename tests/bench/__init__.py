"""The benchmark: made rounds of several kinds, the command and its peers side by side at the same time limit."""
