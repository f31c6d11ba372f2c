"""The metrics as Prometheus reads them."""

from streams.metrics import HTTP_SECONDS, IN_FLIGHT, METRICS, RECORDS_DONE, Metrics


def test_shows_counters_and_gauges() -> None:
    metrics = Metrics()
    metrics.add(RECORDS_DONE, agent="b")
    metrics.add(RECORDS_DONE, 2, agent="a")
    metrics.watch(IN_FLIGHT, lambda: 7, agent='odd"name\\')
    assert metrics.render() == (
        f"# HELP dealwire_records_done_total {RECORDS_DONE.sentence}\n"
        "# TYPE dealwire_records_done_total counter\n"
        'dealwire_records_done_total{agent="a"} 2\n'
        'dealwire_records_done_total{agent="b"} 1\n'
        f"# HELP dealwire_in_flight {IN_FLIGHT.sentence}\n"
        "# TYPE dealwire_in_flight gauge\n"
        'dealwire_in_flight{agent="odd\\"name\\\\"} 7\n'
    )


def test_every_metric_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert metric.name.startswith("dealwire_")
        assert metric.sentence.endswith(".")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        assert (metric.kind == "histogram") == bool(metric.buckets)
        assert list(metric.buckets) == sorted(set(metric.buckets))


def test_a_histogram_counts_what_is_at_most_each_bound() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.005, 0.3, 99):
        metrics.observe(HTTP_SECONDS, seconds, route="/b")
    metrics.observe(HTTP_SECONDS, 1, route="/a")
    lines = metrics.render().splitlines()
    name = "dealwire_http_request_duration_seconds"
    assert lines[:2] == [f"# HELP {name} {HTTP_SECONDS.sentence}", f"# TYPE {name} histogram"]
    assert all('route="/a"' in line for line in lines[2:16])
    counts = [line.rpartition(" ")[2] for line in lines[16:]]
    assert counts == ["2"] * 5 + ["2", "3", "3", "3", "3", "3", "4", repr(0.001 + 0.005 + 0.3 + 99), "4"]
    assert lines[16] == f'{name}_bucket{{route="/b",le="0.005"}} 2'
    assert lines[-3] == f'{name}_bucket{{route="/b",le="+Inf"}} 4'
    assert [line.partition("{")[0] for line in lines[-2:]] == [f"{name}_sum", f"{name}_count"]


def test_a_large_count_is_written_whole() -> None:
    metrics = Metrics()
    metrics.add(RECORDS_DONE, 123_456_789)
    assert metrics.render().endswith(" 123456789\n")
