"""Where frames come from: cameras, clips, folders of pictures, the demo."""
