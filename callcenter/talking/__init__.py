"""What the talking pane shows beside a call: slots, each filled by one module of the hospital."""
