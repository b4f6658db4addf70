"""What a process does beside answering: it listens, may have workers, and keeps its memory in order."""
