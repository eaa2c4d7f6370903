"""The network: its layers, its operations on the device, its published weights."""
