"""The first Ctrl-C asks, the second ends."""

from __future__ import annotations

import os
import signal

import pytest

from api.interrupt import stoppable


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop(wanted: signal.Signals) -> None:
    with stoppable() as stopped:
        assert not stopped()
        os.kill(os.getpid(), wanted)
        assert stopped()


def test_the_second_signal_ends_the_command() -> None:
    with stoppable() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
