"""The chart rendered: values laid over values, Helm run, and its lines led back to the templates."""
