"""How do two persons on file become one, and two again? The rows of it: what moves, what stays, what is put back."""
