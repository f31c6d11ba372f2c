"""Everything outside dealwire on one machine: real Kafka, a real schema registry, a mail server that catches.

`sandbox.Sandbox` starts and stops them in this process (tests and the demo use it so); `supervisor` owns one
that runs in the background for `dealwire sandbox up`; `state` tells other processes what runs and where.
"""
