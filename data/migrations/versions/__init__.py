"""The migrations; each file is one version."""
