"""What knows nothing of segmentation: names, files, array types."""
