"""Many runs of one kind: here, in local processes or on a Dask cluster; resumable, and going on when a worker dies."""
