"""Who is at the keyboard? Nothing else."""
