"""The evaluation pages: one question a page; the funder's summary first."""
