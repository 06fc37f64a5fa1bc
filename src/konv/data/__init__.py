"""Images from files and data sets from other packages, as arrays and batches."""
