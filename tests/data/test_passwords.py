"""Which passwords are taken: long ones of any signs that are not among the first that are guessed."""

from __future__ import annotations

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from data.passwords import LONGEST, SHORTEST, BadLength, HoldsAddress, PasswordError, TooCommon, hash_of, is_right, refuse_weak

KIM = "kimhaneul@example.org"


def test_those_that_are_used_most_are_refused_and_so_they_are_with_a_little_about_them() -> None:
    listed = FREQUENCY_LISTS["passwords"]
    long = {one for one in listed if len(one) >= SHORTEST}
    written = long | {text for one in listed[:6000] for text in (one * 2, f"{one}123", one.capitalize() * 2) if len(text) >= SHORTEST}
    assert len(long) > 200
    assert len(written) > 3000
    assert [text for text in sorted(written) if _is_taken(text)] == []


@pytest.mark.parametrize(
    "password", ["mentoring2026!", "tutoring-dure", "비밀번호비밀번호1234", "P@ssw0rdP@ssw0rd", "1q2w3e4r5t6y", "aaaaaaaaaaaab"]
)
def test_words_of_this_service_and_keys_beside_each_other_are_refused(password: str) -> None:
    with pytest.raises(TooCommon):
        refuse_weak(password, KIM)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("nine green boats at noon", id="small letters alone"),
        pytest.param("917402846153", id="digits alone"),
        pytest.param("초록 바다에 배가 아홉", id="Hangul"),
        pytest.param("x" + " kq7" * 20, id="more than 64 signs"),
        pytest.param("🐢🦊🌲🚲🎈🥁🍉🧩🪁🎷🦉⛵", id="pictures"),
    ],
)
def test_any_signs_make_a_password(password: str) -> None:
    refuse_weak(password, KIM)
    assert is_right(password, hash_of(password)) == (True, None)


def test_length_and_the_own_address_count_and_no_sign_is_left_out_or_changed() -> None:
    for wrong in ("x7k!pq9zlm2"[: SHORTEST - 1], "x7k! pq9z" * LONGEST):
        with pytest.raises(BadLength):
            refuse_weak(wrong, KIM)
    with pytest.raises(HoldsAddress):
        refuse_weak("Kimhaneul and nine boats", KIM)
    right = "Nine green boats at noon "
    kept = hash_of(right)
    assert [is_right(one, kept)[0] for one in (right, right.strip(), right.lower(), right + "x")] == [True, False, False, False]


def _is_taken(password: str) -> bool:
    try:
        refuse_weak(password, KIM)
    except PasswordError:
        return False
    return True
