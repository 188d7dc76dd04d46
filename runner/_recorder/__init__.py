"""The recorder of the drop-in: started by path, in a process of its own."""
