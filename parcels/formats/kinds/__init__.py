"""One module a file format: each registers its reader, and its writer if it has one (``parcels.formats.registry``)."""
