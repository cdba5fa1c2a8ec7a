"""What lessons play through: mistakes and mechanisms in small."""
