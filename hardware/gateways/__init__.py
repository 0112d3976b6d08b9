"""SMS gateways: what connects to each, behind one interface."""
