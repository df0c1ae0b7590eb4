"""Back-off of crashing containers."""

from proa.cluster.kubelet.backoff import Backoff, duration
from proa.cluster.kubelet.pods import PodName
from proa.cluster.kubelet.restarts import Restarts
from support.kubelet_objects import EXITED, RUNNING, SECOND, container

POD = PodName("d", "web", "u1")


def test_delays_double_up_to_the_longest() -> None:
    backoff, delays = Backoff(), []
    for _ in range(7):
        backoff.step("a", 0)
        delays.append(backoff.delay("a"))
    assert delays == [10, 20, 40, 80, 160, 300, 300]


def test_a_quiet_time_begins_anew() -> None:
    backoff = Backoff()
    backoff.step("a", 0)
    backoff.step("a", 5)
    assert backoff.remaining("a", 600, 601) == 19
    assert backoff.remaining("a", 606, 606) == 0
    backoff.step("a", 700)
    assert backoff.delay("a") == 10


def test_durations_read_as_upstreams() -> None:
    assert [duration(s) for s in (10, 80, 300)] == ["10s", "1m20s", "5m0s"]


def test_the_first_start_and_the_first_restart_never_wait() -> None:
    restarts = Restarts(POD)
    assert restarts.check(None, 0) is None
    assert restarts.check(container(state=RUNNING), 0) is None
    assert restarts.check(container(state=EXITED, finished_at=110 * SECOND), 110) is None


def test_the_second_restart_waits_from_the_end_of_the_first() -> None:
    restarts = Restarts(POD)
    restarts.count(container(state=EXITED), 110)
    crash = restarts.check(container(state=EXITED, attempt=1, finished_at=112 * SECOND), 115)
    assert crash is not None
    assert crash.wait == 7
    assert crash.message == "back-off 10s restarting failed container=main pod=web_d(u1)"
    assert restarts.check(container(state=EXITED, attempt=1, finished_at=112 * SECOND), 122) is None


def test_a_new_agent_goes_on_where_the_old_one_was() -> None:
    crash = Restarts(POD).check(container(state=EXITED, attempt=3), 111)
    assert crash is not None
    assert crash.wait == 39


def test_a_long_run_before_the_agents_restart_is_forgiven() -> None:
    ended = container(state=EXITED, attempt=9, started_at=SECOND, finished_at=900 * SECOND)
    assert Restarts(POD).check(ended, 901) is None


def test_a_container_that_went_down_with_the_machine_does_not_wait() -> None:
    lost = container(state=EXITED, attempt=3, started_at=0, finished_at=110 * SECOND, reason="Unknown")
    assert Restarts(POD).check(lost, 110) is None
    crashed = container(state=EXITED, attempt=3, started_at=0, finished_at=110 * SECOND, reason="Error")
    assert Restarts(POD).check(crashed, 110) is not None
