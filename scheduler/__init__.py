"""What happens when: the dates and times of a term's sessions, and the work that is due."""
