"""A round of the project's own, in the files of ROUND.md beside this module: two rural regions, 24 mentors, 70 mentees.

Its people are invented. Every rule and every kind of point is in play, and some requests cannot be placed, for each of the four reasons.
"""

from pathlib import Path

ROUND = Path(__file__).parent
"""The folder of the round."""
