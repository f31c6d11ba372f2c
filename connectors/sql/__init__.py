"""What every SQL database of ours shares: how it is named, opened, and what its failures mean."""
