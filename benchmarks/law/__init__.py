"""Benchmarks of the law: real supplies, speed of questions, the service."""
