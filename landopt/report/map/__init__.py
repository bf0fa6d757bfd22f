"""The map page and the page of two plans compared: one HTML file each, offline."""
