"""Photos and masks: reading, data sets, splits, cache, augmentation, checks."""
