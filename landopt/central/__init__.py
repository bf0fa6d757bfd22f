"""The central database (PostgreSQL with PostGIS): its address, its connection, its tables and roles."""
