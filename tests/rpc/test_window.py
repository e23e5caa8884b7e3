"""Windows as functions of time and size, on a simulated link."""

from __future__ import annotations

import heapq

import pytest

from caplet.rpc.window import AdaptiveWindow, FixedWindow, VariableWindow, Window

MESSAGE = 10_000


class Link:
    """A link of a bandwidth and a round trip, in virtual time; one window sends as fast as it may."""

    def __init__(self, window, bytes_a_second, round_trip_s):
        self.window = window
        self.bytes_a_second = bytes_a_second
        self.round_trip_s = round_trip_s
        self.now_s = 0.0
        self.free_at_s = 0.0
        self.acks = []

    def send(self):
        self.window.sent(self.now_s, MESSAGE)
        self.free_at_s = max(self.free_at_s, self.now_s) + MESSAGE / self.bytes_a_second
        heapq.heappush(self.acks, self.free_at_s + self.round_trip_s)

    def run(self, seconds, saturate=True, every_s=None):
        until_s = self.now_s + seconds
        next_s = self.now_s
        while True:
            if saturate:
                while self.window.has_room():
                    self.send()
            event_s = self.acks[0] if self.acks else until_s
            if every_s is not None and next_s <= min(event_s, until_s):
                self.now_s = next_s
                if self.window.has_room():
                    self.send()
                next_s += every_s
                continue
            if event_s > until_s:
                self.now_s = until_s
                return
            if not self.acks:
                return
            self.now_s = heapq.heappop(self.acks)
            self.window.acked(self.now_s, MESSAGE)


def test_a_message_larger_than_the_window_is_sent_alone_row_100():
    window = FixedWindow(1000)
    window.sent(0, 5000)
    assert window.has_room()
    window.sent(0, 5000)
    assert not window.has_room()


def test_a_variable_window_asks_each_time_that_it_has_no_room_row_103():
    size = [1000]
    asked = []
    window = VariableWindow(lambda: asked.append(size[0]) or size[0])
    window.sent(0, 900)
    window.sent(0, 900)
    assert window.has_room()
    window.sent(0, 900)
    assert not window.has_room()
    size[0] = 10_000
    assert window.has_room()
    window.sent(0, 900)
    assert window.has_room()
    assert asked == [1000, 1000, 10_000]
    # It may become smaller, too.
    size[0] = 2000
    for _ in range(10):
        window.sent(0, 900)
    assert not window.has_room()
    for _ in range(10):
        window.acked(1, 900)
    assert not window.has_room()


def test_blocks_when_the_window_is_full_and_goes_on_when_an_answer_frees_space_H19():
    window = AdaptiveWindow()
    while window.has_room():
        window.sent(0, MESSAGE)
    assert window.in_flight_bytes >= 256 * 1024
    window.acked(0.1, MESSAGE)
    assert window.has_room()


def test_the_window_grows_while_that_brings_throughput_H19():
    window = AdaptiveWindow()
    link = Link(window, 1e9, 0.1)
    link.run(0.35)
    assert window.starting
    assert window.window_bytes >= 4 * 256 * 1024


def test_start_up_ends_when_throughput_does_not_grow_any_more_H19():
    window = AdaptiveWindow()
    Link(window, 10e6, 0.1).run(5)
    assert not window.starting


@pytest.mark.parametrize(("rate", "round_trip_s"), [(10e6, 0.1), (50e6, 0.05), (2e6, 0.3)])
def test_the_window_settles_near_what_the_link_holds_H19(rate, round_trip_s):
    window = AdaptiveWindow()
    Link(window, rate, round_trip_s).run(60)
    product = rate * round_trip_s
    assert 0.8 * product <= window.window_bytes <= 2.5 * product


def test_the_window_does_not_shrink_while_the_sender_has_nothing_to_send_H19():
    window = AdaptiveWindow()
    link = Link(window, 10e6, 0.1)
    link.run(30)
    before = window.window_bytes
    link.run(1, saturate=False)
    link.run(30, saturate=False, every_s=0.2)
    assert window.window_bytes >= before * 7 // 8


def test_the_window_shrinks_when_the_link_becomes_slower_H19():
    window = AdaptiveWindow()
    link = Link(window, 50e6, 0.1)
    link.run(30)
    before = window.window_bytes
    link.bytes_a_second = 5e6
    link.run(60)
    assert window.window_bytes < before / 2


def test_the_window_never_goes_below_its_smallest_size_H19():
    window = AdaptiveWindow()
    link = Link(window, 10e6, 0.1)
    link.run(10)
    link.bytes_a_second = 1e4
    link.run(200)
    assert window.window_bytes >= 64 * 1024


def test_answers_that_tell_nothing_about_the_link_change_nothing():
    """Answers nobody waits for, and answers in the same instant."""
    window = AdaptiveWindow()
    before = window.window_bytes
    window.acked(1.0, 100)
    window.sent(2.0, 100)
    window.acked(2.0, 100)
    assert window.window_bytes == before


def test_the_window_does_not_grow_while_the_sender_has_little_to_send():
    window = AdaptiveWindow()
    before = window.window_bytes
    for number in range(20):
        window.sent(float(number), 100)
        window.acked(number + 0.5, 100)
    assert window.window_bytes == before
    assert window.starting


def test_a_kind_of_window_that_does_not_say_how_large_it_is_is_an_error():
    window = Window()
    for ask in (lambda: window.sent(0.0, 1), lambda: window.acked(0.0, 1), window.has_room):
        with pytest.raises(NotImplementedError):
            ask()
