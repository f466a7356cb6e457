"""Room for the compiled inner loops, which make none themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.board import GRADES, Board, Ints


class Scratch(NamedTuple):
    """Room to work in, one for each thread."""

    region: Ints  # [regions + 1] what a region is worth with this mentor, NEVER where not served; 0 stands for none
    crowd: Ints  # [regions + 1] how many of a pool have it
    nth: Ints  # [regions + 1] how many of those were met
    upto: Ints  # [regions + 1] how many of those can matter
    sums: Ints  # [regions + 1] what the best of those are worth
    leads: Ints  # [size + 1] for each number of members, how many regions were compared
    lead_sum: Ints  # [size + 1, size + 1] what the best of them are worth with so many
    lead_region: Ints
    extra: Ints  # [R] what this mentor's special requests are worth more
    special: Ints  # [R] 1 for those
    top: Ints  # [GRADES * width] the best values of each grade
    top_request: Ints
    counts: Ints  # [GRADES]
    span_from: Ints  # [stretches] of a bucket, to be looked at
    span_until: Ints
    value: Ints  # a window's pool
    request: Ints
    dp: Ints  # [size + 1]
    taken: Ints  # [pool, size + 1]
    pool_region: Ints
    spare: Ints  # [size + 1]
    most: Ints  # [offers] no less than the offer's best group is worth
    known: Ints  # [offers] 1 where that is its worth
    rank: Ints  # [offers]
    stack: Ints  # [cap + 1]
    members_of: Ints  # [offers, size + 1] of the offer's best group, where known
    size_of: Ints  # [offers]
    set: Ints  # [cap + 1] offers whose groups are to be disjoint
    trial: Ints  # [cap + 1, size + 1]
    trial_size: Ints
    keep: Ints  # [cap + 1, size + 1]
    keep_size: Ints
    left_out: Ints  # [64] requests left out of ...
    left_from: Ints  # ... this group of the trial
    left_next: Ints  # the other group to try, or -1
    picked: Ints  # [cap + 1] offers of the week
    size: Ints  # [cap + 1] their sizes
    members: Ints  # [cap + 1, size + 1] their requests


def scratch(board: Board) -> Scratch:
    """Room for any mentor of the board."""
    buckets = int(np.diff(board.bucket_ptr).max(initial=0)) + int(np.diff(board.special_ptr).max(initial=0)) + 2
    pool = buckets * min(GRADES, board.max_grade_gap + 1)
    size, cap = int(board.size.max(initial=1)) + 1, int(board.cap.max(initial=1)) + 1
    offers = int(np.diff(board.offer_ptr).max(initial=0)) + 1
    spans = int(np.diff(board.serve_ptr).max(initial=0)) + 2
    regions = int(max(board.region.max(initial=-1), board.home.max(initial=-1))) + 2

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    return Scratch(
        ints(regions),
        ints(regions),
        ints(regions),
        ints(regions),
        ints(regions),
        ints(size),
        ints(size, size),
        ints(size, size),
        ints(len(board.mentee)),
        ints(len(board.mentee)),
        ints(GRADES * buckets),
        ints(GRADES * buckets),
        ints(GRADES),
        ints(spans),
        ints(spans),
        ints(pool),
        ints(pool),
        ints(size),
        ints(pool, size),
        ints(pool),
        ints(size),
        ints(offers),
        ints(offers),
        ints(offers),
        ints(cap),
        ints(offers, size),
        ints(offers),
        ints(cap),
        ints(cap, size),
        ints(cap),
        ints(cap, size),
        ints(cap),
        ints(64),
        ints(64),
        ints(64),
        ints(cap),
        ints(cap),
        ints(cap, size),
    )
