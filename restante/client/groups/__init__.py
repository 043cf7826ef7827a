"""Groups: membership logs, what is said in them, and what the user does with them."""
