"""The returns' register: ``versions`` reads it, ``narrative`` and ``signing`` change it."""
