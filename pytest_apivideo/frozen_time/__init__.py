"""Frozen time and recorded sleeps, and a guard against freezes that break a test."""
