# What the users of `run_experiment.py` need, as policies to attach to people, groups or a scheduler's role (Terraform
# attaches them to nobody):
#   submitter   submits, follows, diagnoses and scores; checks a cluster before
#   operator    all that, and creates, resizes, sets and ends clusters
# Each action is one that the launcher calls; tests/infrastructure/test_rights.py compares them with its code. Running
# `terraform apply` needs far more, and is not among them.

locals {
  clusters       = "arn:${local.partition}:elasticmapreduce:${var.region}:${local.account_id}:cluster/*"
  our_cluster    = { StringEquals = { "elasticmapreduce:ResourceTag/Project" = var.project } }
  session_prefix = "arn:${local.partition}:ssm:${var.region}:${local.account_id}:session"

  submitter_statements = concat(
    [
      {
        Sid    = "FollowTheProjectsClusters"
        Effect = "Allow"
        Action = [
          "elasticmapreduce:AddJobFlowSteps",
          "elasticmapreduce:CancelSteps",
          "elasticmapreduce:CreatePersistentAppUI",
          "elasticmapreduce:DescribeCluster",
          "elasticmapreduce:DescribeStep",
          "elasticmapreduce:GetAutoTerminationPolicy",
          "elasticmapreduce:GetManagedScalingPolicy",
          "elasticmapreduce:GetOnClusterAppUIPresignedURL",
          "elasticmapreduce:ListBootstrapActions",
          "elasticmapreduce:ListInstanceFleets",
          "elasticmapreduce:ListInstanceGroups",
          "elasticmapreduce:ListInstances",
          "elasticmapreduce:ListSteps",
          "elasticmapreduce:ModifyCluster", # --step-concurrency
        ]
        Resource  = local.clusters
        Condition = local.our_cluster
      },
      {
        Sid      = "HistoryServer"
        Effect   = "Allow"
        Action   = ["elasticmapreduce:DescribePersistentAppUI", "elasticmapreduce:GetPersistentAppUIPresignedURL"]
        Resource = local.clusters # the requests name no cluster whose tag could be compared
      },
      {
        Sid    = "Look"
        Effect = "Allow"
        Action = [
          "cloudwatch:GetMetricStatistics",
          "ec2:DescribeSecurityGroups",
          "elasticmapreduce:GetBlockPublicAccessConfiguration",
          "elasticmapreduce:ListClusters",
          "pricing:GetProducts",
        ]
        Resource = "*" # none of these supports resource-level permissions
      },
      {
        Sid      = "CheckBudget"
        Effect   = "Allow"
        Action   = ["budgets:ViewBudget"]
        Resource = "arn:${local.partition}:budgets::${local.account_id}:budget/*" # the check asks for all budgets of the account
      },
      {
        Sid      = "CheckNodesRights"
        Effect   = "Allow"
        Action   = ["iam:GetInstanceProfile", "iam:SimulatePrincipalPolicy"]
        Resource = [aws_iam_instance_profile.nodes.arn, aws_iam_role.nodes.arn]
      },
      {
        Sid      = "ListBucket"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = distinct(concat([local.bucket_arn], [for arn in local.input_arns : split("/", arn)[0]]))
      },
      {
        Sid    = "ReadTablesResultsAndLogs"
        Effect = "Allow"
        Action = ["s3:GetObject"]
        Resource = concat(
          [for key in concat(local.read, local.written, ["logs/emr/*"]) : "${local.bucket_arn}/${key}"],
          flatten([for arn in local.input_arns : [trimsuffix(arn, "/"), "${arn}*"]]),
        )
      },
      {
        Sid      = "WriteExperiments"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:DeleteObject"]
        Resource = "${local.bucket_arn}/experiments/*"
      },
      {
        Sid       = "TunnelToTheProjectsNodes"
        Effect    = "Allow"
        Action    = ["ssm:StartSession"]
        Resource  = "arn:${local.partition}:ec2:${var.region}:${local.account_id}:instance/*"
        Condition = { StringEquals = { "ssm:resourceTag/Project" = var.project } } # EMR gives its cluster's tags to the nodes
      },
      {
        Sid    = "TunnelsAndNoShell"
        Effect = "Allow"
        Action = ["ssm:StartSession"]
        Resource = [
          for name in ["AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost"] :
          "arn:${local.partition}:ssm:${var.region}::document/${name}"
        ]
      },
      {
        Sid      = "EndOwnTunnels"
        Effect   = "Allow"
        Action   = ["ssm:TerminateSession"]
        Resource = [for who in ["username", "userid"] : "${local.session_prefix}/$${aws:${who}}-*"] # users, and roles
      },
    ],
    local.key_statements,
    var.log_kms_key_arn == null ? [] : [
      {
        Sid      = "DecryptLogs"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.log_kms_key_arn]
      },
    ],
  )

  operator_statements = [
    {
      Sid       = "CreateTheProjectsClusters"
      Effect    = "Allow"
      Action    = ["elasticmapreduce:RunJobFlow"]
      Resource  = local.clusters
      Condition = { StringEquals = { "elasticmapreduce:RequestTag/Project" = var.project } }
    },
    {
      Sid    = "ChangeAndEndTheProjectsClusters"
      Effect = "Allow"
      Action = [
        "elasticmapreduce:AddInstanceGroups",
        "elasticmapreduce:ModifyInstanceGroups",
        "elasticmapreduce:PutAutoTerminationPolicy",
        "elasticmapreduce:RemoveAutoTerminationPolicy",
        "elasticmapreduce:SetTerminationProtection",
        "elasticmapreduce:TerminateJobFlows",
      ]
      Resource  = local.clusters
      Condition = local.our_cluster
    },
    {
      Sid       = "PassRoleToEmr"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = aws_iam_role.service.arn
      Condition = { StringEquals = { "iam:PassedToService" = "elasticmapreduce.${local.dns_suffix}" } }
    },
    {
      Sid       = "PassRoleToNodes"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = aws_iam_role.nodes.arn
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.${local.dns_suffix}" } }
    },
    {
      Sid    = "FindWhatAClusterNeeds"
      Effect = "Allow"
      Action = [
        "ec2:DescribeSubnets",
        "elasticmapreduce:ListSecurityConfigurations",
        "iam:ListInstanceProfiles",
        "iam:ListRoles",
        "s3:ListAllMyBuckets",
      ]
      Resource = "*" # they list what there is, of which the launcher picks by name
    },
    {
      Sid      = "UploadBootstrapFiles"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = "${local.bucket_arn}/bootstrap/*"
    },
  ]
}
