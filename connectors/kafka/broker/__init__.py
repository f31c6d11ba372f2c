"""Real Apache Kafka and a real schema registry on loopback, for the sandbox and the tests.

No Docker and no system Java: Java comes as a Python wheel, the jars from a pinned list with checksums
(`artifacts.lock`), fetched once into a cache. `kafka.KafkaCluster` and `registry.Registry` are what to use;
each starts child processes that end with their parent.
"""
