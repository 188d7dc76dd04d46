"""The worker: started by path in its own process, standard library only; nobody imports it but the drop-in, by path."""
