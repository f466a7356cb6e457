"""How people and programs get in: the command line and, later, the web."""
