"""Networks: photos -> logits."""
