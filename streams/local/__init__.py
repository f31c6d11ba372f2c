"""All of dealwire on one machine, for the demo, the fault tests and the benchmarks."""
