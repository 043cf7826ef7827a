"""What `restante doctor` looks at: the files from outside, and the engine from inside."""
