"""Pictures and clips decoded in a process apart, which can do nothing but compute."""
