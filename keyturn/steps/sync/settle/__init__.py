"""Part of sync: what staff say became of a delivery."""
