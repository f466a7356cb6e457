"""The platform's API, version 1: one room for each resource, its wire models beside its routes."""
