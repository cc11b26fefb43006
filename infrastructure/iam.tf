# Two roles: EMR's service role (creates and terminates the instances) and the nodes' role (the permissions of Spark,
# papermill and the log upload). Managed scaling needs no third role: it runs under EMR's service-linked role.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket_name}"

  # The bare name and the EMRFS marker represent the folder itself: Hadoop's S3 clients look for them before they
  # create anything below.
  written = ["experiments", "experiments/*", "experiments_$folder$"]
  read    = ["data", "data/*", "code/*", "bootstrap/*"]

  # For the nodes and for users.
  key_statements = concat(
    length(var.input_kms_key_arns) == 0 ? [] : [
      {
        Sid      = "DecryptInputs"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = var.input_kms_key_arns
      },
    ],
    var.bucket_kms_key_arn == null ? [] : [
      {
        Sid      = "UseBucketKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.bucket_kms_key_arn]
      },
    ],
  )

  input_arns = [for uri in var.input_locations : "arn:${local.partition}:s3:::${trimprefix(uri, "s3://")}"]
}

# ---- EMR's role

resource "aws_iam_role" "service" {
  name_prefix          = "${var.project}-emr-"
  description          = "EMR, to run ${var.project}-cluster"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "elasticmapreduce.${local.dns_suffix}" }
      # Only for clusters of this account.
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:elasticmapreduce:${var.region}:${local.account_id}:*" }
      }
    }]
  })
}

# Version 2 of AWS's policy covers only resources with local.emr_tag.
resource "aws_iam_role_policy_attachment" "service" {
  role       = aws_iam_role.service.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"
}

# That policy lets EMR pass only EMR_EC2_DefaultRole, not our own role.
resource "aws_iam_role_policy" "service_pass_role" {
  name = "pass-role-to-nodes"
  role = aws_iam_role.service.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PassRoleToNodes"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = aws_iam_role.nodes.arn
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.${local.dns_suffix}" } }
    }]
  })
}

# ---- The nodes' role

resource "aws_iam_role" "nodes" {
  name_prefix          = "${var.project}-nodes-"
  description          = "Nodes of ${var.project}-cluster"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${local.dns_suffix}" }
    }]
  })
}

resource "aws_iam_instance_profile" "nodes" {
  name_prefix = "${var.project}-nodes-"
  path        = var.role_path
  role        = aws_iam_role.nodes.name
}

resource "aws_iam_role_policy" "nodes_storage" {
  name = "storage"
  role = aws_iam_role.nodes.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "ListBucket"
          Effect   = "Allow"
          Action   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
          Resource = local.bucket_arn
        },
        {
          Sid      = "ReadDataAndCode"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = [for key in concat(local.read, local.written) : "${local.bucket_arn}/${key}"]
        },
        {
          Sid    = "WriteExperiments"
          Effect = "Allow"
          Action = [
            "s3:PutObject",
            "s3:PutObjectAcl", # papermill sends an ACL with every notebook
            "s3:DeleteObject", # Spark's committers remove their temporary files
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
          ]
          Resource = [for key in local.written : "${local.bucket_arn}/${key}"]
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
          Resource = "${local.bucket_arn}/logs/emr/*"
        },
      ],
      length(local.input_arns) == 0 ? [] : [
        {
          Sid      = "ListInputs"
          Effect   = "Allow"
          Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
          Resource = distinct([for arn in local.input_arns : split("/", arn)[0]])
        },
        {
          Sid      = "ReadInputs"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = flatten([for arn in local.input_arns : [trimsuffix(arn, "/"), "${arn}*"]])
        },
      ],
      local.key_statements,
      var.log_kms_key_arn == null ? [] : [
        {
          Sid      = "EncryptLogs"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"] # Decrypt: for logs in several parts
          Resource = [var.log_kms_key_arn]
        },
      ],
    )
  })
}

# What Session Manager needs for a shell or a tunnel to the primary node, without an open port or a key. The managed
# policy would also let the nodes read every SSM parameter of the account.
resource "aws_iam_role_policy" "nodes_session_manager" {
  name = "session-manager"
  role = aws_iam_role.nodes.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Register"
        Effect   = "Allow"
        Action   = ["ssm:UpdateInstanceInformation"]
        Resource = "arn:${local.partition}:ec2:${var.region}:${local.account_id}:instance/*"
      },
      {
        Sid    = "Channels"
        Effect = "Allow"
        Action = [
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = "*" # these four support no resource-level permissions
      },
    ]
  })
}

# What a run needs to report its cost: its cluster's nodes, their times, and list prices. Without it the run continues
# and reports that its cost is unknown.
resource "aws_iam_role_policy" "nodes_cost" {
  name = "cost"
  role = aws_iam_role.nodes.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "LookAtTheProjectsClusters"
        Effect = "Allow"
        Action = [
          "elasticmapreduce:DescribeCluster",
          "elasticmapreduce:GetAutoTerminationPolicy",
          "elasticmapreduce:GetManagedScalingPolicy",
          "elasticmapreduce:ListInstanceFleets",
          "elasticmapreduce:ListInstanceGroups",
          "elasticmapreduce:ListInstances",
          "elasticmapreduce:ListSteps",
        ]
        # The role is created before the cluster, whose id is then still unknown; its tag is known.
        Resource  = "arn:${local.partition}:elasticmapreduce:${var.region}:${local.account_id}:cluster/*"
        Condition = { StringEquals = { "elasticmapreduce:ResourceTag/Project" = var.project } }
      },
      {
        Sid      = "Prices"
        Effect   = "Allow"
        Action   = ["pricing:GetProducts"]
        Resource = "*" # public prices: there are no resources to name
      },
    ]
  })
}

# Reading some databases of the Glue Data Catalog. Spark also looks whether there is a database `default` when it starts.
resource "aws_iam_role_policy" "nodes_glue" {
  count = local.uses_glue ? 1 : 0
  name  = "glue"
  role  = aws_iam_role.nodes.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "ReadCatalogue"
      Effect = "Allow"
      Action = local.design.glue.actions
      Resource = [
        for each in concat(["catalog", "database/default"], flatten([
          for name in var.glue_databases : ["database/${name}", "table/${name}/*", "userDefinedFunction/${name}/*"]
        ])) : "arn:${local.partition}:glue:${var.region}:${local.account_id}:${each}"
      ]
    }]
  })
}

# ---- Disks under a key of your own. EMR encrypts the local disks on the nodes, and has EC2 encrypt the EBS volumes.

locals {
  own_disk_key = var.disk_kms_key_arn == null ? 0 : 1

  use_disk_key = {
    Sid    = "UseDiskKey"
    Effect = "Allow"
    Action = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    Resource = var.disk_kms_key_arn
  }
}

resource "aws_iam_role_policy" "nodes_disks" {
  count  = local.own_disk_key
  name   = "disks"
  role   = aws_iam_role.nodes.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [local.use_disk_key] })
}

resource "aws_iam_role_policy" "service_disks" {
  count = local.own_disk_key
  name  = "disks"
  role  = aws_iam_role.service.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.use_disk_key,
      {
        Sid       = "LendDiskKeyToVolumes"
        Effect    = "Allow"
        Action    = "kms:CreateGrant"
        Resource  = var.disk_kms_key_arn
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
    ]
  })
}
