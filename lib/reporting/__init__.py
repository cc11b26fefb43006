"""What people read: pictures, the tables of the notebooks, and the evaluation report in two languages."""
