"""Days with patrol against days without, in the same hot spots; and how much patrol."""
