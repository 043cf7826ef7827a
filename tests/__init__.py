"""The tests of Restante; a package so that they can share what they set up."""
