"""The stages of one method on one data set, each from files to files."""
