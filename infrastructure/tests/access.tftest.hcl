# What the two roles and the bucket's policy allow.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_ec2_instance_type_offerings" {
    defaults = { locations = ["us-east-1a"] }
  }
}

variables {
  budget_emails = ["someone@example.org"]
  bucket_name   = "a-bucket"
}

run "nodes_reach_this_bucket_only" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.nodes_storage.policy).Statement :
      [for arn in flatten([statement.Resource]) : arn == "arn:aws:s3:::a-bucket" || startswith(arn, "arn:aws:s3:::a-bucket/")]
    ]))
    error_message = "the project's own bucket"
  }
  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.nodes_storage.policy).Statement :
      statement.Resource if contains(flatten([statement.Action]), "s3:PutObject")
      ])) == toset([
      "arn:aws:s3:::a-bucket/experiments",
      "arn:aws:s3:::a-bucket/experiments/*",
      "arn:aws:s3:::a-bucket/experiments_$folder$",
      "arn:aws:s3:::a-bucket/logs/emr/*",
    ])
    error_message = "nodes write experiments and logs, nothing else"
  }
  assert {
    condition = !anytrue(flatten([
      for policy in [
        aws_iam_role_policy.nodes_cost.policy,
        aws_iam_role_policy.nodes_session_manager.policy,
        aws_iam_role_policy.nodes_storage.policy,
        ] : [
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : strcontains(action, "*")]
      ]
    ]))
    error_message = "actions by name"
  }
}

run "nodes_look_at_this_projects_clusters_only" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.nodes_cost.policy).Statement :
      lookup(statement, "Condition", null) == { StringEquals = { "elasticmapreduce:ResourceTag/Project" = var.project } }
      if anytrue([for action in statement.Action : startswith(action, "elasticmapreduce:")])
    ])
    error_message = "clusters by the project's tag"
  }
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.nodes_cost.policy).Statement : [
        for action in statement.Action :
        anytrue([for verb in ["Describe", "Get", "List"] : startswith(split(":", action)[1], verb)])
      ]
    ]))
    error_message = "looking, not changing"
  }
}

run "further_inputs_are_read_only" {
  command = plan

  variables {
    input_locations = ["s3://other/tables/", "s3://whole/"]
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.nodes_storage.policy).Statement :
      statement.Sid => { actions = tolist(statement.Action), resources = tolist(statement.Resource) } if endswith(statement.Sid, "Inputs")
      } == {
      ListInputs = { actions = tolist(["s3:ListBucket", "s3:GetBucketLocation"]), resources = tolist(["arn:aws:s3:::other", "arn:aws:s3:::whole"]) }
      ReadInputs = {
        actions   = tolist(["s3:GetObject"])
        resources = tolist(["arn:aws:s3:::other/tables", "arn:aws:s3:::other/tables/*", "arn:aws:s3:::whole", "arn:aws:s3:::whole/*"])
      }
    }
    error_message = "list and read, no more"
  }
}

run "keys_of_ones_own" {
  command = plan

  variables {
    input_kms_key_arns = ["arn:aws:kms:us-east-1:210987654321:key/inputs"]
    bucket_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/bucket"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.nodes_storage.policy).Statement :
      statement.Sid => "${join(" ", statement.Action)} ${join(" ", statement.Resource)}" if strcontains(join(" ", flatten([statement.Action])), "kms:")
      } == {
      DecryptInputs = "kms:Decrypt arn:aws:kms:us-east-1:210987654321:key/inputs"
      UseBucketKey  = "kms:Decrypt kms:GenerateDataKey arn:aws:kms:us-east-1:123456789012:key/bucket"
    }
    error_message = "inputs are decrypted, and the bucket's objects are also encrypted"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.bucket_kms_key_arn
    error_message = "the bucket's key"
  }
}

run "keys_for_logs_and_disks" {
  command = plan

  variables {
    log_kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/logs"
    disk_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/disks"
  }

  assert {
    condition     = aws_emr_cluster.this.log_encryption_kms_key_id == var.log_kms_key_arn
    error_message = "EMR's logs"
  }
  assert {
    condition = jsondecode(aws_emr_security_configuration.this.configuration).EncryptionConfiguration == {
      EnableInTransitEncryption = false
      EnableAtRestEncryption    = true
      AtRestEncryptionConfiguration = {
        LocalDiskEncryptionConfiguration = { EncryptionKeyProviderType = "AwsKms", AwsKmsKey = var.disk_kms_key_arn, EnableEbsEncryption = true }
      }
    }
    error_message = "local disks and EBS volumes"
  }
  assert {
    condition     = jsondecode(aws_emr_security_configuration.this.configuration).InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion == 2
    error_message = "the rest of the security configuration stays"
  }
  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.nodes_storage.policy).Statement : statement.Sid => statement.Resource
      if strcontains(join(" ", flatten([statement.Action])), "kms:")
    } == { EncryptLogs = [var.log_kms_key_arn] }
    error_message = "nodes upload logs"
  }
  assert {
    condition     = join(" ", flatten([for each in local.submitter_statements : each.Resource if contains(each.Action, "kms:Decrypt")])) == var.log_kms_key_arn
    error_message = "users read logs, and no disks"
  }
  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.nodes_disks[0].policy, aws_iam_role_policy.service_disks[0].policy] : alltrue([
        for statement in jsondecode(policy).Statement : statement.Resource == var.disk_kms_key_arn
      ])
    ])
    error_message = "the disks' key, and no other"
  }
  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.service_disks[0].policy).Statement : statement.Condition if statement.Action == "kms:CreateGrant"
    ] == [{ Bool = { "kms:GrantIsForAWSResource" = "true" } }]
    error_message = "EMR lends the key to volumes alone"
  }
}

run "without_keys_nothing_changes" {
  command = plan

  assert {
    condition     = aws_emr_cluster.this.log_encryption_kms_key_id == null && keys(jsondecode(aws_emr_security_configuration.this.configuration)) == ["InstanceMetadataServiceConfiguration"]
    error_message = "no key that was not asked for"
  }
  assert {
    condition     = length(aws_iam_role_policy.nodes_disks) == 0 && length(aws_iam_role_policy.service_disks) == 0
    error_message = "no right that was not asked for"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.nodes_storage.policy, "kms:") && !anytrue([for each in local.submitter_statements : strcontains(join(" ", each.Action), "kms:")])
    error_message = "no key for nodes and users"
  }
}

run "a_key_is_named_by_its_arn" {
  command = plan

  variables {
    bucket_kms_key_arn = "alias/bucket"
    input_kms_key_arns = ["arn:aws:kms:us-east-1:123456789012:alias/inputs"]
    log_kms_key_arn    = "logs"
    disk_kms_key_arn   = "arn:aws:kms:us-east-1:123456789012:alias/disks"
  }

  expect_failures = [var.bucket_kms_key_arn, var.input_kms_key_arns, var.log_kms_key_arn, var.disk_kms_key_arn]
}

run "limits_of_a_company" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/limit"
    role_path                = "/mineria/"
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.service, aws_iam_role.nodes] : role.path == "/mineria/" && role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "both roles have the path and the boundary"
  }
  assert {
    condition     = aws_iam_instance_profile.nodes.path == "/mineria/"
    error_message = "and the instance profile has the path"
  }
}

run "users_reach_this_projects_clusters_and_bucket_only" {
  command = plan

  variables {
    project            = "zinc"
    input_locations    = ["s3://other/tables/"]
    bucket_kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/bucket"
  }

  # Creating is bound to the tag that the new cluster has; these two requests name no cluster.
  assert {
    condition = toset([
      for statement in concat(local.submitter_statements, local.operator_statements) : statement.Sid
      if anytrue([for action in statement.Action : startswith(action, "elasticmapreduce:")]) ? (
        statement.Resource != "*" && try(statement.Condition.StringEquals["elasticmapreduce:ResourceTag/Project"], "") != "zinc"
      ) : false
    ]) == toset(["CreateTheProjectsClusters", "HistoryServer"])
    error_message = "clusters by the project's tag"
  }
  assert {
    condition     = one([for each in local.operator_statements : each.Condition.StringEquals if each.Sid == "CreateTheProjectsClusters"]) == { "elasticmapreduce:RequestTag/Project" = "zinc" }
    error_message = "new clusters have the project's tag"
  }
  assert {
    condition = toset(flatten([
      for statement in concat(local.submitter_statements, local.operator_statements) : statement.Resource
      if anytrue([for action in statement.Action : contains(["s3:PutObject", "s3:DeleteObject"], action)])
    ])) == toset(["arn:aws:s3:::a-bucket/bootstrap/*", "arn:aws:s3:::a-bucket/experiments/*"])
    error_message = "users write experiments; operators the bootstrap files of new clusters, too"
  }
  assert {
    condition = toset(flatten([
      for statement in local.submitter_statements : statement.Resource if contains(statement.Action, "s3:ListBucket")
    ])) == toset(["arn:aws:s3:::a-bucket", "arn:aws:s3:::other"])
    error_message = "the buckets that are listed"
  }
  assert {
    condition     = join(" ", flatten([for each in local.submitter_statements : each.Resource if contains(each.Action, "kms:Decrypt")])) == var.bucket_kms_key_arn
    error_message = "the bucket's key"
  }
}

run "users_rights_are_of_this_partition" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  assert {
    condition = alltrue([
      for arn in flatten([for statement in concat(local.submitter_statements, local.operator_statements) : [
        for each in flatten([statement.Resource]) : each if !contains(["CheckNodesRights", "PassRoleToEmr", "PassRoleToNodes"], statement.Sid)
      ]]) : arn == "*" || startswith(arn, "arn:aws-cn:")
    ])
    error_message = "China is a partition of its own"
  }
}

run "limits_that_are_none_are_refused" {
  command = plan

  variables {
    permissions_boundary_arn = "limit"
    role_path                = "mineria"
    tags                     = { Project = "another" }
  }

  expect_failures = [var.permissions_boundary_arn, var.role_path, var.tags]
}

run "tags_of_ones_own" {
  command = plan

  variables {
    tags = { CostCentre = "4711", Owner = "geology" }
  }

  # The mock provider fills in no default tags: test_apply.py looks at resources.
  assert {
    condition     = local.tags == { CostCentre = "4711", Owner = "geology", Project = "mineria-ml", ManagedBy = "terraform" }
    error_message = "beside the project's own"
  }
}

run "without_databases_there_is_no_catalogue" {
  command = plan

  assert {
    condition     = length(aws_iam_role_policy.nodes_glue) == 0
    error_message = "no right that was not asked for"
  }
}

run "the_catalogue_is_read_only" {
  command = plan

  variables {
    glue_databases = ["geology", "soil_2024"]
  }

  assert {
    condition = alltrue([
      for action in one(jsondecode(aws_iam_role_policy.nodes_glue[0].policy).Statement).Action : startswith(action, "glue:Get") && !strcontains(action, "*")
    ])
    error_message = "looking, by name"
  }
  assert {
    condition = one(jsondecode(aws_iam_role_policy.nodes_glue[0].policy).Statement).Resource == [
      for each in [
        "catalog", "database/default",
        "database/geology", "table/geology/*", "userDefinedFunction/geology/*",
        "database/soil_2024", "table/soil_2024/*", "userDefinedFunction/soil_2024/*",
      ] : "arn:aws:glue:us-east-1:123456789012:${each}"
    ]
    error_message = "these databases, and no others"
  }
}

run "emr_is_trusted_for_this_account_only" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.service.assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:elasticmapreduce:us-east-1:123456789012:*" }
    }
    error_message = "who may have EMR use the role"
  }
}

run "bucket_is_closed" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "no public access"
  }
  assert {
    condition = jsondecode(aws_s3_bucket_policy.tls_only.policy).Statement == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::a-bucket", "arn:aws:s3:::a-bucket/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "TLS only"
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled" && !aws_s3_bucket.this.force_destroy
    error_message = "versions are kept, and destroy stops at a bucket with results"
  }
}
