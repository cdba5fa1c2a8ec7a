"""One recipe -> one trained network."""
