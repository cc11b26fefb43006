"""The words of reports and plots, in English and Spanish."""
