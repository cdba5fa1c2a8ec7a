"""Lightweight segmentation of skin lesions: data, encoder, decoders, losses, metrics, training, records.

Import what you need from the modules; importing the package itself loads nothing heavy.
"""
