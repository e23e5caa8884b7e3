# ids.py is compiled as it stands: it needs no C types of its own.
