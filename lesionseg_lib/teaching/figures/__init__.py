"""Figures of one idea of one lesson."""
