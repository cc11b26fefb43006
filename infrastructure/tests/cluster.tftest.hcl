# The cluster that the default variables make, and what the options change. No AWS account and no network: the
# provider is a mock.

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

run "default_cluster" {
  command = plan

  assert {
    condition     = aws_emr_cluster.this.name == "mineria-ml-cluster"
    error_message = "the cluster's name"
  }
  assert {
    condition     = aws_emr_cluster.this.applications == toset(["Hadoop", "JupyterEnterpriseGateway", "Livy", "Spark"])
    error_message = "the applications"
  }
  assert {
    condition = (
      aws_emr_cluster.this.master_instance_group[0].instance_type == "m5.xlarge" &&
      aws_emr_cluster.this.core_instance_group[0].instance_type == "m5.2xlarge" &&
      aws_emr_cluster.this.core_instance_group[0].instance_count == 2
    )
    error_message = "one m5.xlarge and two m5.2xlarge: 20 vCPU and 80 GB"
  }
  assert {
    condition = (
      one(aws_emr_cluster.this.master_instance_group[0].ebs_config).size == 64 &&
      one(aws_emr_cluster.this.core_instance_group[0].ebs_config).size == 128 &&
      one(aws_emr_cluster.this.core_instance_group[0].ebs_config).volumes_per_instance == 2
    )
    error_message = "64 GB for the master, 2 x 128 GB for a core node"
  }
  assert {
    condition     = one(aws_emr_cluster.this.auto_termination_policy).idle_timeout == 3600
    error_message = "an hour without work ends the cluster"
  }
  assert {
    condition     = aws_emr_cluster.this.log_uri == "s3://mineria-ml-123456789012-us-east-1/logs/emr/"
    error_message = "where the logs go"
  }
  assert {
    condition     = aws_emr_cluster.this.tags["for-use-with-amazon-emr-managed-policies"] == "true"
    error_message = "the tag without which EMR's policy reaches nothing"
  }
  assert {
    condition     = length(aws_emr_instance_group.task) == 0 && length(aws_emr_managed_scaling_policy.this) == 0
    error_message = "no Spot nodes and no scaling unless asked for"
  }
}

run "spark_and_livy_settings" {
  command = plan

  assert {
    condition = {
      for each in jsondecode(aws_emr_cluster.this.configurations_json) : each.Classification => each.Properties if length(each.Properties) > 0
      } == {
      "spark" = { maximizeResourceAllocation = "true" }
      "spark-defaults" = {
        "spark.dynamicAllocation.enabled"        = "true"
        "spark.shuffle.service.enabled"          = "true"
        "spark.serializer"                       = "org.apache.spark.serializer.KryoSerializer"
        "spark.sql.adaptive.enabled"             = "true"
        "spark.pyspark.python"                   = "/opt/mineria-ml/venv/bin/python"
        "spark.pyspark.driver.python"            = "/opt/mineria-ml/venv/bin/python"
        "spark.yarn.appMasterEnv.PYSPARK_PYTHON" = "/opt/mineria-ml/venv/bin/python"
        "spark.executorEnv.PYSPARK_PYTHON"       = "/opt/mineria-ml/venv/bin/python"
      }
      "livy-conf" = {
        "livy.server.session.timeout"                 = "8h"
        "livy.server.session.timeout-check.skip-busy" = "true"
      }
    }
    error_message = "Spark's and Livy's settings"
  }
  assert {
    condition = alltrue([
      for each in jsondecode(aws_emr_cluster.this.configurations_json) :
      each.Configurations[0].Properties.PYSPARK_PYTHON == "/opt/mineria-ml/venv/bin/python" if endswith(each.Classification, "-env")
    ])
    error_message = "the environment's Python for Spark's and Livy's scripts"
  }
}

run "the_glue_catalogue" {
  command = plan

  variables {
    glue_databases = ["geology"]
  }

  assert {
    condition = {
      for each in jsondecode(aws_emr_cluster.this.configurations_json) : each.Classification => each.Properties if each.Classification == "spark-hive-site"
      } == {
      "spark-hive-site" = {
        "hive.metastore.client.factory.class" = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
      }
    }
    error_message = "Spark's Hive catalogue is Glue's"
  }
}

run "packages_from_the_index" {
  command = plan

  assert {
    condition     = one(aws_emr_cluster.this.bootstrap_action).args == tolist(["s3://mineria-ml-123456789012-us-east-1/bootstrap/"])
    error_message = "where the bootstrap files are"
  }
  assert {
    condition     = !anytrue([for key, each in aws_s3_object.files : strcontains(key, "wheels-")])
    error_message = "no wheels in the bucket unless asked for"
  }
}

run "packages_from_the_wheelhouse" {
  command = plan

  variables {
    wheelhouse = true
  }

  assert {
    condition     = one(aws_emr_cluster.this.bootstrap_action).args == tolist(["s3://mineria-ml-123456789012-us-east-1/bootstrap/", "wheelhouse"])
    error_message = "the bootstrap script is told"
  }
  assert {
    condition = (
      toset([for key, each in aws_s3_object.files : key if strcontains(key, "wheels-")]) ==
      toset(["bootstrap/wheels-aarch64.tar", "bootstrap/wheels-x86_64.tar"])
    )
    error_message = "the wheels of both kinds of machines"
  }
}

run "graviton_nodes" {
  command = plan

  variables {
    emr_master_instance_type = "m6g.xlarge"
    emr_core_instance_type   = "r7g.2xlarge"
    emr_task_instance_type   = "m7gd.2xlarge"
    emr_task_instance_count  = 1
    emr_task_bid_price       = "0.35"
  }

  assert {
    condition = (
      aws_emr_cluster.this.master_instance_group[0].instance_type == "m6g.xlarge" &&
      aws_emr_cluster.this.core_instance_group[0].instance_type == "r7g.2xlarge" &&
      aws_emr_instance_group.task[0].instance_type == "m7gd.2xlarge"
    )
    error_message = "arm64 types"
  }
}

run "spot_nodes_and_scaling" {
  command = plan

  variables {
    emr_task_instance_count   = 3
    emr_scaling_max_instances = 8
  }

  assert {
    condition     = aws_emr_instance_group.task[0].instance_count == 3 && aws_emr_instance_group.task[0].bid_price == "0.384"
    error_message = "three Spot nodes"
  }
  assert {
    condition = (
      aws_emr_managed_scaling_policy.this[0].compute_limits == toset([{
        unit_type                       = "Instances"
        minimum_capacity_units          = 2
        maximum_core_capacity_units     = 2
        maximum_ondemand_capacity_units = 2
        maximum_capacity_units          = 8
      }])
    )
    error_message = "only task nodes come and go, and they are Spot"
  }
}

run "task_nodes_on_demand" {
  command = plan

  variables {
    emr_task_instance_count = 1
    emr_task_instance_type  = "m5.4xlarge"
    emr_task_bid_price      = null
  }

  assert {
    condition     = aws_emr_instance_group.task[0].bid_price == null
    error_message = "no bid: on demand"
  }
}

run "a_price_of_another_type_is_refused" {
  command = plan

  variables {
    emr_task_instance_type = "m5.4xlarge"
  }

  expect_failures = [var.emr_task_bid_price]
}

run "an_old_cluster_is_told" {
  command = plan

  variables {
    alarm_topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms"
    emr_alarm_hours = 12
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.age[0].period * aws_cloudwatch_metric_alarm.age[0].evaluation_periods == 12 * 3600
    error_message = "twelve hours of life"
  }
  assert {
    condition     = alltrue([for each in aws_budgets_budget.monthly.notification : tolist(each.subscriber_sns_topic_arns) == tolist([var.alarm_topic_arn])])
    error_message = "the topic gets the budget's alerts, too"
  }
}

run "budget" {
  command = plan

  assert {
    condition     = aws_budgets_budget.monthly.limit_amount == "100.00" && aws_budgets_budget.monthly.time_unit == "MONTHLY"
    error_message = "100 USD a month"
  }
  assert {
    condition     = toset(aws_budgets_budget.monthly.notification[*].threshold) == toset([50, 80, 100])
    error_message = "alerts at 50, 80 and 100 %"
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    project                 = "Mineria"
    region                  = "Virginia"
    bucket_name             = "With.Dots"
    input_locations         = ["s3://bucket/*"]
    glue_databases          = ["Geology.*"]
    emr_release_label       = "emr-6.15.0"
    emr_core_instance_count = 0
    emr_idle_timeout        = 5
    emr_task_bid_price      = "cheap"
    ssh_cidrs               = ["0.0.0.0/0"]
    livy_cidrs              = ["203.0.113.0/24"]
    vpc_cidr                = "10.0.0.0/30"
    budget_emails           = []
  }

  expect_failures = [
    var.project,
    var.region,
    var.bucket_name,
    var.input_locations,
    var.glue_databases,
    var.emr_release_label,
    var.emr_core_instance_count,
    var.emr_idle_timeout,
    var.emr_task_bid_price,
    var.ssh_cidrs,
    var.livy_cidrs,
    var.vpc_cidr,
    var.budget_emails,
  ]
}

run "scaling_below_what_is_there_is_refused" {
  command = plan

  variables {
    emr_task_instance_count   = 3
    emr_scaling_max_instances = 4
  }

  expect_failures = [var.emr_scaling_max_instances]
}
