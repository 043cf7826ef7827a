"""Small committed changes that each take one defence away, and the program that tries them."""
