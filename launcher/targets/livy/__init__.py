"""The target `livy`: notebooks run here, their Spark code in Livy sessions on a cluster."""
