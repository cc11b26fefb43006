"""What the report says of costs, in English and in Spanish side by side."""

COST = {
    "heading.cost": ("What it cost", "Lo que costó"),
    "cost.unknown": (
        "What it cost is not known: {reason}.",
        "No se sabe lo que costó: {reason}.",
    ),
    "cost.until": (
        "From {start} to {end} the run used cluster {cluster} for **{usd} USD** at list prices.",
        "Del {start} al {end} la ejecución usó el clúster {cluster} por **{usd} USD** a precios de lista.",
    ),
    "cost.bound": (
        "From {start} to {end} the run used cluster {cluster} for **at most {usd} USD** at list prices: Spot nodes "
        "count with the most they may cost.",
        "Del {start} al {end} la ejecución usó el clúster {cluster} por **{usd} USD como máximo** a precios de lista: "
        "los nodos Spot cuentan con lo más que pueden costar.",
    ),
    "cost.beside": (
        "At the same time ran {names}: what ran together shares the nodes in equal parts.",
        "Al mismo tiempo se ejecutó {names}: lo que coincide se reparte los nodos a partes iguales.",
    ),
    "cost.nodes": ("Nodes", "Nodos"),
    "cost.type": ("Type", "Tipo"),
    "cost.hours": ("Node-hours", "Horas de nodo"),
    "cost.sum": ("All", "Todos"),
    "cost.role.MASTER": ("primary", "principal"),
    "cost.role.CORE": ("core", "núcleo"),
    "cost.role.TASK": ("task", "tareas"),
    "cost.apart": (
        "Not in it: the cluster's start-up, {startup} USD, and its idle time until then, {idle} USD.",
        "No incluye el arranque del clúster, {startup} USD, ni el tiempo que llevaba inactivo, {idle} USD.",
    ),
    "cost.estimate_of_runs": (
        "The estimate before it started was {usd} USD for {time}, from earlier runs ({runs}).",
        "La estimación previa era de {usd} USD por {time}, según ejecuciones anteriores ({runs}).",
    ),
    "cost.estimate_guessed": (
        "The estimate before it started was {usd} USD for {time}, a rough guess with no earlier run to go by.",
        "La estimación previa era de {usd} USD por {time}, un cálculo aproximado sin ejecuciones anteriores.",
    ),
    "cost.not_the_bill": (
        "Instances, EMR's fee and disks at the list prices of {as_of} for {region}. This is not the bill: it leaves "
        "out S3, data transfer, public addresses, tax, discounts and Savings Plans, and AWS rounds in its own way.",
        "Instancias, tarifa de EMR y discos a los precios de lista del {as_of} para {region}. No es la factura: faltan "
        "S3, transferencia de datos, direcciones públicas, impuestos, descuentos y Savings Plans, y AWS redondea a su "
        "manera.",
    ),
}
