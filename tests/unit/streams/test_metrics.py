"""The metrics as Prometheus reads them."""

from streams.metrics import IN_FLIGHT, METRICS, RECORDS_DONE, Metrics


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
