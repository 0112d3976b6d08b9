"""Requests that we make: to addresses that were checked, and to no others."""
