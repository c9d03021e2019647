"""Tests of whole commands and whole builds."""
