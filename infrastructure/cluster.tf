# The cluster: one primary node, core nodes, and optional Spot task nodes and managed scaling.

# cluster.json holds the settings that `terraform apply` and `run_experiment.py cluster create` share:
# - Executors are as large as a node (spark), unless an experiment sets its own sizes, as params/emr.yaml does.
# - Spark and Livy use the Python that bootstrap.sh installs. Settings without a property of their own go to the
#   environment of their scripts (spark-env, livy-env).
# - Without skip-busy, Livy would close a session in the middle of a long statement.
# - The baseline that every gp3 volume includes is spelt out: EMR reports it, and Terraform would see a change.
# - With glue_databases, Spark's catalogue is the Glue Data Catalog (glue); glue.actions are what reading it needs.
# - The bootstrap action's name, and its files in this folder.
# - The root volume holds the Python environment, some 2 GB on the primary node.
locals {
  design    = jsondecode(file("${path.module}/cluster.json"))
  uses_glue = length(var.glue_databases) > 0

  glue_defaults = { for name, value in local.design.glue.spark_defaults : name => value if local.uses_glue }
  configurations = concat(
    [
      for each in local.design.configurations :
      merge(each, { Properties = merge(each.Properties, each.Classification == "spark-defaults" ? local.glue_defaults : {}) })
    ],
    local.uses_glue ? local.design.glue.configurations : [],
  )
}

# Programs on the nodes get the role's credentials only through version 2 of the instance metadata service.
resource "aws_emr_security_configuration" "this" {
  # checkov:skip=CKV_AWS_171: S3 encrypts with KMS by the bucket's own default
  # checkov:skip=CKV_AWS_349: only with disk_kms_key_arn: the disks hold shuffle files and are deleted with the cluster; results are encrypted in S3
  # checkov:skip=CKV_AWS_350: as above
  # checkov:skip=CKV_AWS_351: traffic between the nodes stays in one subnet, behind its own security groups
  name_prefix = "${var.project}-"

  configuration = jsonencode(merge(
    {
      InstanceMetadataServiceConfiguration = {
        MinimumInstanceMetadataServiceVersion = 2
        HttpPutResponseHopLimit               = 1
      }
    },
    var.disk_kms_key_arn == null ? {} : {
      EncryptionConfiguration = {
        EnableInTransitEncryption = false
        EnableAtRestEncryption    = true
        AtRestEncryptionConfiguration = {
          LocalDiskEncryptionConfiguration = {
            EncryptionKeyProviderType = "AwsKms"
            AwsKmsKey                 = var.disk_kms_key_arn
            EnableEbsEncryption       = true # the root volumes, too
          }
        }
      }
    },
  ))
}

resource "aws_emr_cluster" "this" {
  # checkov:skip=CKV_AWS_114: one team's cluster behind a tunnel: there is no Kerberos realm to join
  name          = "${var.project}-cluster"
  release_label = var.emr_release_label
  applications  = local.design.applications

  service_role           = aws_iam_role.service.arn
  security_configuration = aws_emr_security_configuration.this.name
  log_uri                = "s3://${local.bucket_name}/logs/emr/"

  log_encryption_kms_key_id = var.log_kms_key_arn
  configurations_json       = jsonencode(local.configurations)

  step_concurrency_level            = var.emr_step_concurrency
  keep_job_flow_alive_when_no_steps = true
  termination_protection            = false
  unhealthy_node_replacement        = true
  scale_down_behavior               = local.design.scale_down_behavior
  ebs_root_volume_size              = local.design.root_volume_gb

  auto_termination_policy {
    idle_timeout = var.emr_idle_timeout
  }

  ec2_attributes {
    subnet_id                         = local.subnet_id
    instance_profile                  = aws_iam_instance_profile.nodes.arn
    key_name                          = var.emr_key_name
    emr_managed_master_security_group = aws_security_group.master.id
    emr_managed_slave_security_group  = aws_security_group.core.id
    service_access_security_group     = one(aws_security_group.service[*].id)
  }

  master_instance_group {
    name           = "master"
    instance_type  = var.emr_master_instance_type
    instance_count = 1

    ebs_config {
      type                 = local.design.volume.type
      iops                 = local.design.volume.iops
      throughput           = local.design.volume.throughput
      size                 = var.emr_master_ebs_size
      volumes_per_instance = 1
    }
  }

  core_instance_group {
    name           = "core"
    instance_type  = var.emr_core_instance_type
    instance_count = var.emr_core_instance_count

    ebs_config {
      type                 = local.design.volume.type
      iops                 = local.design.volume.iops
      throughput           = local.design.volume.throughput
      size                 = var.emr_core_ebs_size
      volumes_per_instance = var.emr_core_ebs_volumes
    }
  }

  bootstrap_action {
    name = local.design.bootstrap.name
    path = "s3://${local.bucket_name}/bootstrap/bootstrap.sh"
    args = concat(["s3://${local.bucket_name}/bootstrap/"], var.wheelhouse ? ["wheelhouse"] : [])
  }

  tags = merge(local.emr_tag, { Name = "${var.project}-cluster" })

  lifecycle {
    # Their variables are for a new cluster: `run_experiment.py cluster resize`, `cluster set` and `--step-concurrency`
    # change a running one, and an apply that uploads code must not take its nodes away.
    ignore_changes = [core_instance_group[0].instance_count, step_concurrency_level]

    precondition {
      condition     = !var.wheelhouse || local.wheelhouse_is_current
      error_message = "infrastructure/build/wheelhouse does not exist yet, or is of other requirements: run `make wheelhouse` in the project's folder first."
    }
  }

  # The nodes need these before they start, and EMR needs them until the nodes are gone.
  depends_on = [
    aws_iam_role_policy.nodes_cost,
    aws_iam_role_policy.nodes_disks,
    aws_iam_role_policy.nodes_glue,
    aws_iam_role_policy.nodes_session_manager,
    aws_iam_role_policy.nodes_storage,
    aws_iam_role_policy.service_disks,
    aws_iam_role_policy.service_pass_role,
    aws_iam_role_policy_attachment.service,
    aws_route.internet,
    aws_route_table_association.cluster,
    aws_s3_object.files,
    aws_s3_object.lib,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.master_to_service,
    aws_vpc_security_group_egress_rule.nodes,
    aws_vpc_security_group_egress_rule.service_to_nodes,
    aws_vpc_security_group_egress_rule.web,
    aws_vpc_security_group_ingress_rule.nodes,
    aws_vpc_security_group_ingress_rule.nodes_from_service,
    aws_vpc_security_group_ingress_rule.service_from_master,
  ]
}

resource "aws_emr_instance_group" "task" {
  count          = var.emr_task_instance_count > 0 ? 1 : 0
  cluster_id     = aws_emr_cluster.this.id
  name           = "task"
  instance_type  = var.emr_task_instance_type
  instance_count = var.emr_task_instance_count
  bid_price      = var.emr_task_bid_price # with a bid price, the nodes are Spot; null: on demand

  ebs_config {
    type                 = local.design.volume.type
    iops                 = local.design.volume.iops
    size                 = var.emr_core_ebs_size
    volumes_per_instance = var.emr_core_ebs_volumes
  }

  lifecycle {
    # Managed scaling and `run_experiment.py cluster resize` change it afterwards.
    ignore_changes = [instance_count]
  }
}

resource "aws_emr_managed_scaling_policy" "this" {
  count      = var.emr_scaling_max_instances == null ? 0 : 1
  cluster_id = aws_emr_cluster.this.id

  compute_limits {
    unit_type                       = "Instances"
    minimum_capacity_units          = var.emr_core_instance_count
    maximum_core_capacity_units     = var.emr_core_instance_count
    maximum_ondemand_capacity_units = var.emr_core_instance_count # nodes beyond these are Spot
    maximum_capacity_units          = var.emr_scaling_max_instances
  }
}
