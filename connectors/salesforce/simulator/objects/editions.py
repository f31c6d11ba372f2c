"""What an org of an edition has of the objects."""

from dataclasses import replace

from connectors.salesforce.simulator.objects.types import Objects

__all__ = ["without_change_events"]


def without_change_events(objects: Objects) -> Objects:
    """Give the same objects, of which no changes are told: there are no channels for them."""
    return Objects(replace(kind, change_events=False) for kind in objects.values())
