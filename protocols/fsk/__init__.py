"""FSK caller id as raw serial bytes (Bellcore SDMF and MDMF)."""
