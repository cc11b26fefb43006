# The cluster's network: an existing subnet, or a VPC with one subnet. The subnet is public by default: the nodes have
# public addresses to reach the package index and AWS's APIs, and the security groups allow no access from outside. A
# private subnet needs a NAT gateway, whose cost per month is more than that of the cluster per day.

locals {
  own_network = var.subnet_id == null
  subnet_id   = local.own_network ? aws_subnet.cluster[0].id : data.aws_subnet.existing[0].id
  vpc_id      = local.own_network ? aws_vpc.this[0].id : data.aws_subnet.existing[0].vpc_id

  # AmazonEMRServicePolicy_v2 lets EMR use only resources with this tag.
  emr_tag = { "for-use-with-amazon-emr-managed-policies" = "true" }
}

data "aws_subnet" "existing" {
  count = local.own_network ? 0 : 1
  id    = var.subnet_id

  lifecycle {
    postcondition {
      condition     = lookup(self.tags, "for-use-with-amazon-emr-managed-policies", "") == "true"
      error_message = "EMR may only use a subnet with the tag for-use-with-amazon-emr-managed-policies=true. Add it to the subnet and its VPC: aws ec2 create-tags --resources ${var.subnet_id} ${self.vpc_id} --tags Key=for-use-with-amazon-emr-managed-policies,Value=true"
    }
  }
}

# Not every availability zone has every instance type.
data "aws_ec2_instance_type_offerings" "core" {
  count         = local.own_network ? 1 : 0
  location_type = "availability-zone"

  filter {
    name   = "instance-type"
    values = [var.emr_core_instance_type]
  }

  lifecycle {
    postcondition {
      condition     = length(self.locations) > 0
      error_message = "No availability zone of ${var.region} has ${var.emr_core_instance_type}: choose another emr_core_instance_type or region."
    }
  }
}

resource "aws_vpc" "this" {
  # checkov:skip=CKV2_AWS_11: flow logs of short-lived clusters would cost more than they are worth
  count                = local.own_network ? 1 : 0
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = merge(local.emr_tag, { Name = var.project })
}

# Adopted only to empty it: a resource without an explicit security group then has no access at all.
resource "aws_default_security_group" "closed" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.this[0].id
}

resource "aws_subnet" "cluster" {
  count             = local.own_network ? 1 : 0
  vpc_id            = aws_vpc.this[0].id
  availability_zone = sort(data.aws_ec2_instance_type_offerings.core[0].locations)[0]
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, 0)
  # checkov:skip=CKV_AWS_130: no ingress from the internet; private_subnet = true removes the addresses and adds a NAT gateway
  map_public_ip_on_launch = !var.private_subnet

  tags = merge(local.emr_tag, { Name = "${var.project}-cluster" })
}

resource "aws_internet_gateway" "this" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.this[0].id

  tags = { Name = var.project }
}

resource "aws_route_table" "cluster" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.this[0].id

  tags = { Name = "${var.project}-cluster" }
}

resource "aws_route" "internet" {
  count                  = local.own_network ? 1 : 0
  route_table_id         = aws_route_table.cluster[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = var.private_subnet ? null : aws_internet_gateway.this[0].id
  nat_gateway_id         = var.private_subnet ? aws_nat_gateway.this[0].id : null
}

resource "aws_route_table_association" "cluster" {
  count          = local.own_network ? 1 : 0
  subnet_id      = aws_subnet.cluster[0].id
  route_table_id = aws_route_table.cluster[0].id
}

# Traffic to S3 stays inside AWS: faster, and without the NAT gateway's charge per GB.
resource "aws_vpc_endpoint" "s3" {
  count             = local.own_network ? 1 : 0
  vpc_id            = aws_vpc.this[0].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.cluster[0].id]

  tags = { Name = "${var.project}-s3" }
}

# ---- Only for private nodes: the NAT gateway and its public subnet

locals {
  nat = local.own_network && var.private_subnet ? 1 : 0
}

resource "aws_subnet" "nat" {
  count             = local.nat
  vpc_id            = aws_vpc.this[0].id
  availability_zone = aws_subnet.cluster[0].availability_zone
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, 1)

  map_public_ip_on_launch = false

  tags = { Name = "${var.project}-nat" }
}

resource "aws_route_table" "nat" {
  count  = local.nat
  vpc_id = aws_vpc.this[0].id

  tags = { Name = "${var.project}-nat" }
}

resource "aws_route" "nat" {
  count                  = local.nat
  route_table_id         = aws_route_table.nat[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "nat" {
  count          = local.nat
  subnet_id      = aws_subnet.nat[0].id
  route_table_id = aws_route_table.nat[0].id
}

resource "aws_eip" "nat" {
  # checkov:skip=CKV2_AWS_19: it belongs to the NAT gateway, not to an instance
  count  = local.nat
  domain = "vpc"

  tags = { Name = "${var.project}-nat" }
}

resource "aws_nat_gateway" "this" {
  count         = local.nat
  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.nat[0].id

  tags = { Name = var.project }

  depends_on = [aws_route.nat]
}
