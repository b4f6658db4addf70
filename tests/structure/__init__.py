"""What holds the house together: floors, sizes, a test for each file, words, and what no tracked file may name."""
