"""Makes, trains and exports the models that Hearsight runs."""
