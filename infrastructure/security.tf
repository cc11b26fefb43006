# Who may connect to whom. EMR adds the rules it needs to the groups it manages (between the nodes, and from its own
# service), so no group here has inline rules: Terraform would remove EMR's. For the same reason every group revokes its
# rules before it is deleted: rules that refer to each other's groups would block the deletion.

locals {
  node_groups = {
    master = aws_security_group.master.id
    core   = aws_security_group.core.id
  }
  # "owner-peer" for each of the four pairs
  node_pairs = {
    for pair in setproduct(["master", "core"], ["master", "core"]) : "${pair[0]}-${pair[1]}" => { owner = pair[0], peer = pair[1] }
  }
  service_access = var.private_subnet ? 1 : 0
}

resource "aws_security_group" "master" {
  name_prefix            = "${var.project}-master-"
  description            = "Master node of ${var.project}-cluster"
  vpc_id                 = local.vpc_id
  revoke_rules_on_delete = true

  tags = merge(local.emr_tag, { Name = "${var.project}-master" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "core" {
  name_prefix            = "${var.project}-core-"
  description            = "Core and task nodes of ${var.project}-cluster"
  vpc_id                 = local.vpc_id
  revoke_rules_on_delete = true

  tags = merge(local.emr_tag, { Name = "${var.project}-core" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "nodes" {
  for_each                     = local.node_pairs
  description                  = "From ${each.value.peer} nodes"
  security_group_id            = local.node_groups[each.value.owner]
  referenced_security_group_id = local.node_groups[each.value.peer]
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "nodes" {
  for_each                     = local.node_pairs
  description                  = "To ${each.value.peer} nodes"
  security_group_id            = local.node_groups[each.value.owner]
  referenced_security_group_id = local.node_groups[each.value.peer]
  ip_protocol                  = "-1"
}

# AWS's APIs and the package index use HTTPS; the operating system's mirrors may use HTTP (signed packages).
resource "aws_vpc_security_group_egress_rule" "web" {
  for_each          = { for pair in setproduct(["master", "core"], [80, 443]) : "${pair[0]}-${pair[1]}" => { owner = pair[0], port = pair[1] } }
  description       = "To AWS and package mirrors"
  security_group_id = local.node_groups[each.value.owner]
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each          = toset(var.ssh_cidrs)
  description       = "SSH from ${each.value}"
  security_group_id = aws_security_group.master.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "livy" {
  for_each          = toset(var.livy_cidrs)
  description       = "Livy from ${each.value}"
  security_group_id = aws_security_group.master.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 8998
  to_port           = 8998
}

# ---- Only for private nodes: access for EMR's own service

resource "aws_security_group" "service" {
  count                  = local.service_access
  name_prefix            = "${var.project}-service-"
  description            = "EMR's way to the private nodes of ${var.project}-cluster"
  vpc_id                 = local.vpc_id
  revoke_rules_on_delete = true

  tags = merge(local.emr_tag, { Name = "${var.project}-service" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "service_from_master" {
  count                        = local.service_access
  description                  = "From the master node to EMR"
  security_group_id            = aws_security_group.service[0].id
  referenced_security_group_id = aws_security_group.master.id
  ip_protocol                  = "tcp"
  from_port                    = 9443
  to_port                      = 9443
}

resource "aws_vpc_security_group_egress_rule" "master_to_service" {
  count                        = local.service_access
  description                  = "From the master node to EMR"
  security_group_id            = aws_security_group.master.id
  referenced_security_group_id = aws_security_group.service[0].id
  ip_protocol                  = "tcp"
  from_port                    = 9443
  to_port                      = 9443
}

resource "aws_vpc_security_group_egress_rule" "service_to_nodes" {
  for_each                     = var.private_subnet ? local.node_groups : {}
  description                  = "From EMR to ${each.key} nodes"
  security_group_id            = aws_security_group.service[0].id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
}

resource "aws_vpc_security_group_ingress_rule" "nodes_from_service" {
  for_each                     = var.private_subnet ? local.node_groups : {}
  description                  = "From EMR to ${each.key} nodes"
  security_group_id            = each.value
  referenced_security_group_id = aws_security_group.service[0].id
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
}
