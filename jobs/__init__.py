"""Work apart from a page's request: the queue, the worker and its limits, e-mail, notices and the calendar."""
