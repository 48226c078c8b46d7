"""Frozen time, recorded sleeps, and warnings about freezes that break a test."""
