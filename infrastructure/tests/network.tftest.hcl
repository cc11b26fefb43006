# Who reaches what, in each kind of network.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_ec2_instance_type_offerings" {
    defaults = { locations = ["us-east-1d", "us-east-1b"] }
  }
}

variables {
  budget_emails = ["someone@example.org"]
}

run "public_subnet" {
  command = plan

  assert {
    condition     = aws_subnet.cluster[0].availability_zone == "us-east-1b" && aws_subnet.cluster[0].map_public_ip_on_launch
    error_message = "a public subnet in a zone that has the instance type"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_security_group.service) == 0
    error_message = "nothing that is billed without a cluster"
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.ssh) == 0 && length(aws_vpc_security_group_ingress_rule.livy) == 0
    error_message = "nobody gets in from outside"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.nodes : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "the nodes' rules name groups, not addresses"
  }
  assert {
    condition     = alltrue([for group in [aws_security_group.master, aws_security_group.core] : group.revoke_rules_on_delete])
    error_message = "rules that point at one another are revoked before the groups go"
  }
  assert {
    condition = alltrue([
      for tags in [aws_vpc.this[0].tags, aws_subnet.cluster[0].tags, aws_security_group.master.tags, aws_security_group.core.tags] :
      tags["for-use-with-amazon-emr-managed-policies"] == "true"
    ])
    error_message = "EMR's policy reaches only what is tagged"
  }
}

run "private_subnet" {
  command = plan

  variables {
    private_subnet = true
  }

  assert {
    condition     = !aws_subnet.cluster[0].map_public_ip_on_launch && !aws_subnet.nat[0].map_public_ip_on_launch
    error_message = "no public addresses"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && aws_route.internet[0].gateway_id == null
    error_message = "the way out is the NAT gateway"
  }
  assert {
    condition     = aws_security_group.service[0].revoke_rules_on_delete
    error_message = "EMR's own group for private nodes"
  }
  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.service_from_master[0].from_port == 9443 &&
      alltrue([for rule in aws_vpc_security_group_ingress_rule.nodes_from_service : rule.from_port == 8443 && rule.to_port == 8443])
    )
    error_message = "EMR's ports, and no others"
  }
}

run "existing_subnet" {
  command = plan

  variables {
    subnet_id = "subnet-0123456789abcdef0"
  }

  override_data {
    target = data.aws_subnet.existing[0]
    values = {
      id     = "subnet-0123456789abcdef0"
      vpc_id = "vpc-0123456789abcdef0"
      tags   = { "for-use-with-amazon-emr-managed-policies" = "true" }
    }
  }

  assert {
    condition     = aws_emr_cluster.this.ec2_attributes[0].subnet_id == "subnet-0123456789abcdef0" && length(aws_vpc.this) == 0
    error_message = "the subnet that was given, and no VPC"
  }
  assert {
    condition     = aws_security_group.master.vpc_id == "vpc-0123456789abcdef0"
    error_message = "the groups stand in the subnet's VPC"
  }
}

run "existing_subnet_without_the_tag" {
  command = plan

  variables {
    subnet_id = "subnet-0123456789abcdef0"
  }

  override_data {
    target = data.aws_subnet.existing[0]
    values = {
      vpc_id = "vpc-0123456789abcdef0"
      tags   = {}
    }
  }

  expect_failures = [data.aws_subnet.existing]
}

run "instance_type_that_the_region_lacks" {
  command = plan

  override_data {
    target = data.aws_ec2_instance_type_offerings.core[0]
    values = { locations = [] }
  }

  expect_failures = [data.aws_ec2_instance_type_offerings.core]
}

run "ssh_and_livy" {
  command = plan

  variables {
    emr_key_name = "a-key"
    ssh_cidrs    = ["203.0.113.7/32"]
    livy_cidrs   = ["10.8.0.0/16", "172.16.4.0/24", "192.168.1.5/32"]
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.ssh["203.0.113.7/32"].to_port == 22
    error_message = "SSH from the one address"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.livy : rule.from_port == 8998 && rule.to_port == 8998])
    error_message = "Livy from private addresses"
  }
}

run "ssh_without_a_key" {
  command = plan

  variables {
    ssh_cidrs = ["203.0.113.7/32"]
  }

  expect_failures = [var.ssh_cidrs]
}
