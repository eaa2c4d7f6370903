"""Makes an SD card that turns a Raspberry Pi into a kiosk at its first start, without a network."""
