"""What a page is made of. Pure: values and frames in, Dash components or figures out; no SQL, no Flask."""
