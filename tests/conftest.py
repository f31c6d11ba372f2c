"""Where fixtures come from; each file of tests/fixtures holds those of one thing."""

pytest_plugins = ["tests.fixtures.kafka", "tests.fixtures.registry"]
