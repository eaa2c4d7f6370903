"""Where the finished picture goes: a window, a web page, files."""
