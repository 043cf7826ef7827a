"""The history's way to a newly linked device: exported in parts, sent as blobs, imported there."""
