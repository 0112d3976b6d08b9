"""Line drivers for Hayes and V.253 voice modems."""
