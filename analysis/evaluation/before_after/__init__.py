"""Before and during the service in the same places, without comparison areas."""
