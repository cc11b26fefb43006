# ---- Names and region

variable "project" {
  description = "Name of the project: the cluster is called <project>-cluster, and every other name starts with it."
  type        = string
  default     = "mineria-ml"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.project))
    error_message = "project must be 3 to 24 lower-case letters, digits and dashes, starting with a letter and not ending with a dash."
  }
}

variable "region" {
  description = "AWS region of all resources, such as us-east-1."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as us-east-1."
  }
}

variable "bucket_name" {
  description = "Name of the bucket for data, code, experiments and logs (bucket names are unique across AWS). Null: <project>-<account id>-<region>."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null ? true : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must be 3 to 63 lower-case letters, digits and dashes (no dots: they break TLS to the bucket)."
  }
}

variable "bucket_force_destroy" {
  description = "Whether `terraform destroy` may delete the bucket with all data, models and reports in it. False: it stops if the bucket is not empty."
  type        = bool
  default     = false
}

variable "input_locations" {
  description = "Other places from which the cluster may read tables, as s3://bucket/prefix/ URIs. The project's own bucket is always readable."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for uri in var.input_locations : can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([^*?]*/)?$", uri))])
    error_message = "Each of input_locations must be an s3://bucket/prefix/ URI that ends with a slash and contains no wildcard."
  }
}

variable "input_kms_key_arns" {
  description = "ARNs of the KMS keys that encrypt input_locations, if they have keys of their own. Each key's policy must allow this account, too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.input_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", arn))])
    error_message = "Each of input_kms_key_arns must be the ARN of a KMS key (not of an alias)."
  }
}

variable "bucket_kms_key_arn" {
  description = "ARN of your own KMS key for the bucket. Null: the account's AWS managed key for S3."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.bucket_kms_key_arn))
    error_message = "bucket_kms_key_arn must be the ARN of a KMS key (not of an alias)."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of your own KMS key for the logs that EMR uploads. Null: they are encrypted as the rest of the bucket."
  type        = string
  default     = null

  validation {
    condition     = var.log_kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.log_kms_key_arn))
    error_message = "log_kms_key_arn must be the ARN of a KMS key (not of an alias)."
  }
}

variable "disk_kms_key_arn" {
  description = "ARN of your own KMS key for the nodes' disks: local disks and all EBS volumes. Null: the disks are encrypted only if the account encrypts new volumes by default."
  type        = string
  default     = null

  validation {
    condition     = var.disk_kms_key_arn == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.disk_kms_key_arn))
    error_message = "disk_kms_key_arn must be the ARN of a KMS key (not of an alias)."
  }
}

variable "tags" {
  description = "Further tags of all resources, such as an owner or a cost centre. Project and ManagedBy are the project's own."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.tags), ["Project", "ManagedBy"])) == 0
    error_message = "tags must not contain Project or ManagedBy: the roles' rights depend on them."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that limits both roles (their permissions boundary). Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null ? true : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "role_path" {
  description = "IAM path of both roles and of the instance profile, such as /mineria/."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path must start and end with a slash, such as /mineria/."
  }
}

variable "glue_databases" {
  description = "Databases of this account's Glue Data Catalog whose tables the cluster may read, as table://database.table. [] leaves the catalogue out. Where the tables' files are goes to input_locations."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.glue_databases : can(regex("^[a-z0-9_-]{1,255}$", name))])
    error_message = "Each of glue_databases must be a database's name: lower-case letters, digits, underscores and dashes."
  }
}

variable "log_retention_days" {
  description = "Days after which the logs of the clusters are deleted from the bucket."
  type        = number
  default     = 90

  validation {
    condition     = var.log_retention_days >= 1 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days must be a whole number of days, 1 or more."
  }
}

# ---- Cluster

variable "emr_release_label" {
  description = "EMR release. 7.11 to 7.13 have Spark 3.5.6, the version that the project is tested with."
  type        = string
  default     = "emr-7.13.0"

  validation {
    condition     = can(regex("^emr-7\\.([1-9]|[1-9][0-9])\\.[0-9]+$", var.emr_release_label))
    error_message = "emr_release_label must be a 7.x release, emr-7.1.0 or later: earlier releases have no Python 3.11, and later major releases have another Spark."
  }
}

variable "emr_master_instance_type" {
  description = "Instance type of the primary node."
  type        = string
  default     = "m5.xlarge"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.emr_master_instance_type))
    error_message = "emr_master_instance_type must be an EC2 instance type, such as m5.xlarge."
  }
}

variable "emr_core_instance_type" {
  description = "Instance type of the core nodes."
  type        = string
  default     = "m5.2xlarge"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.emr_core_instance_type))
    error_message = "emr_core_instance_type must be an EC2 instance type, such as m5.2xlarge."
  }
}

variable "emr_core_instance_count" {
  description = "Number of core nodes."
  type        = number
  default     = 2

  validation {
    condition     = var.emr_core_instance_count >= 1 && floor(var.emr_core_instance_count) == var.emr_core_instance_count
    error_message = "emr_core_instance_count must be a whole number, 1 or more."
  }
}

variable "emr_master_ebs_size" {
  description = "Size in GB of the primary node's EBS volume (gp3)."
  type        = number
  default     = 64

  validation {
    condition     = var.emr_master_ebs_size >= 10 && var.emr_master_ebs_size <= 16384
    error_message = "emr_master_ebs_size must be between 10 and 16384 GB."
  }
}

variable "emr_core_ebs_size" {
  description = "Size in GB of each EBS volume (gp3) of a core or task node."
  type        = number
  default     = 128

  validation {
    condition     = var.emr_core_ebs_size >= 10 && var.emr_core_ebs_size <= 16384
    error_message = "emr_core_ebs_size must be between 10 and 16384 GB."
  }
}

variable "emr_core_ebs_volumes" {
  description = "Number of EBS volumes of each core or task node: Spark spreads its shuffle files over them."
  type        = number
  default     = 2

  validation {
    condition     = var.emr_core_ebs_volumes >= 1 && var.emr_core_ebs_volumes <= 25 && floor(var.emr_core_ebs_volumes) == var.emr_core_ebs_volumes
    error_message = "emr_core_ebs_volumes must be a whole number between 1 and 25."
  }
}

variable "emr_task_instance_type" {
  description = "Instance type of the Spot task nodes, if there are any."
  type        = string
  default     = "m5.2xlarge"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.emr_task_instance_type))
    error_message = "emr_task_instance_type must be an EC2 instance type, such as m5.2xlarge."
  }
}

variable "emr_task_instance_count" {
  description = "Initial number of Spot task nodes. 0: no task group."
  type        = number
  default     = 0

  validation {
    condition     = var.emr_task_instance_count >= 0 && floor(var.emr_task_instance_count) == var.emr_task_instance_count
    error_message = "emr_task_instance_count must be a whole number, 0 or more."
  }
}

variable "emr_task_bid_price" {
  description = "Maximum price of a Spot task node, in USD per hour. The default is the on-demand price of an m5.2xlarge in us-east-1. Null: the task nodes are on demand."
  type        = string
  default     = "0.384"

  validation {
    condition     = var.emr_task_bid_price == null ? true : try(tonumber(var.emr_task_bid_price) > 0, false)
    error_message = "emr_task_bid_price must be a price in USD per hour, such as \"0.384\", or null for nodes on demand."
  }

  validation {
    condition     = var.emr_task_bid_price == null ? true : var.emr_task_bid_price != "0.384" || var.emr_task_instance_type == "m5.2xlarge"
    error_message = "emr_task_bid_price \"0.384\" is the price of an m5.2xlarge: set the price of emr_task_instance_type, or null for nodes on demand."
  }
}

variable "emr_scaling_max_instances" {
  description = "Maximum number of core and task nodes together under EMR managed scaling. The core group keeps its size: only task nodes are added and removed. Null: no managed scaling."
  type        = number
  default     = null

  validation {
    condition     = var.emr_scaling_max_instances == null ? true : var.emr_scaling_max_instances > var.emr_core_instance_count && var.emr_scaling_max_instances >= var.emr_core_instance_count + var.emr_task_instance_count
    error_message = "emr_scaling_max_instances must be more than emr_core_instance_count, and at least the number of core and task nodes together."
  }

  validation {
    condition     = var.emr_scaling_max_instances == null || var.emr_task_bid_price != null
    error_message = "Under emr_scaling_max_instances all task nodes are Spot: set emr_task_bid_price."
  }
}

variable "emr_idle_timeout" {
  description = "Idle seconds after which the cluster terminates itself."
  type        = number
  default     = 3600

  validation {
    condition     = var.emr_idle_timeout >= 60 && var.emr_idle_timeout <= 604800
    error_message = "emr_idle_timeout must be between 60 seconds and 604800 (7 days)."
  }
}

variable "emr_step_concurrency" {
  description = "Steps that may run at the same time. Above 1, their Spark settings must leave room for each other."
  type        = number
  default     = 1

  validation {
    condition     = var.emr_step_concurrency >= 1 && var.emr_step_concurrency <= 256 && floor(var.emr_step_concurrency) == var.emr_step_concurrency
    error_message = "emr_step_concurrency must be a whole number between 1 and 256."
  }
}

# ---- Network and access

variable "emr_key_name" {
  description = "Name of an EC2 key pair for SSH to the nodes. Null: no SSH; Session Manager connects to the primary node without a key."
  type        = string
  default     = null
}

variable "ssh_cidrs" {
  description = "Addresses that may connect to SSH on the primary node, such as [\"203.0.113.7/32\"]. Needs emr_key_name."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.ssh_cidrs : can(cidrhost(cidr, 0)) && try(tonumber(split("/", cidr)[1]) >= 16, false)])
    error_message = "Each of ssh_cidrs must be a range of /16 or narrower, such as 203.0.113.7/32: SSH is never open to the internet."
  }

  validation {
    condition     = length(var.ssh_cidrs) == 0 || var.emr_key_name != null
    error_message = "ssh_cidrs opens SSH, which needs a key pair: set emr_key_name too."
  }
}

variable "livy_cidrs" {
  description = "Private addresses (a VPN, a peered network) that may connect to Livy on the primary node directly. Livy asks for no password, so public addresses are refused: use a tunnel instead."
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for cidr in var.livy_cidrs : can(regex(
        "^(10(\\.[0-9]{1,3}){3}/([89]|[12][0-9]|3[0-2])|192\\.168(\\.[0-9]{1,3}){2}/(1[6-9]|2[0-9]|3[0-2])|172\\.(1[6-9]|2[0-9]|3[01])(\\.[0-9]{1,3}){2}/(1[2-9]|2[0-9]|3[0-2]))$",
        cidr
      ))
    ])
    error_message = "Each of livy_cidrs must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16: Livy has no authentication of its own."
  }
}

variable "wheelhouse" {
  description = "Whether the nodes install the Python packages that `make wheelhouse` downloaded and Terraform uploads. False: they download them from the package index, which needs the internet."
  type        = bool
  default     = false
}

variable "subnet_id" {
  description = "An existing subnet for the cluster, with access to the internet, or to S3 alone with wheelhouse. Null: the project creates its own VPC."
  type        = string
  default     = null

  validation {
    condition     = var.subnet_id == null ? true : can(regex("^subnet-[0-9a-f]+$", var.subnet_id))
    error_message = "subnet_id must be the id of a subnet, such as subnet-0123456789abcdef0."
  }
}

variable "private_subnet" {
  description = "Whether the nodes have no public address. In the project's own VPC this adds a NAT gateway, billed by the hour whether or not a cluster is running; for an existing subnet it says whether that subnet is private."
  type        = bool
  default     = false
}

variable "vpc_cidr" {
  description = "Address range of the project's own VPC."
  type        = string
  default     = "10.42.0.0/20"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 24, false)
    error_message = "vpc_cidr must be an IPv4 range between /16 and /24, such as 10.42.0.0/20."
  }
}

# ---- Budget

variable "monthly_budget_usd" {
  description = "Monthly budget of the account, in USD. E-mails are sent at 50, 80 and 100 % of it; nothing is stopped."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd must be above 0."
  }
}

variable "budget_emails" {
  description = "Who is notified when the month's spending passes 50, 80 and 100 % of the budget (1 to 10 addresses)."
  type        = list(string)

  validation {
    condition     = length(var.budget_emails) >= 1 && length(var.budget_emails) <= 10 && alltrue([for email in var.budget_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "budget_emails must contain between 1 and 10 e-mail addresses."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of an SNS topic that gets the budget's alerts and the alarm for an old cluster. Its policy must let budgets.amazonaws.com and cloudwatch.amazonaws.com publish. Null: e-mails of the budget alone, and no alarm."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null ? true : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }
}

variable "emr_alarm_hours" {
  description = "Hours of a cluster's life after which alarm_topic_arn is told. Nothing is stopped."
  type        = number
  default     = 24

  validation {
    condition     = var.emr_alarm_hours >= 1 && var.emr_alarm_hours <= 168 && floor(var.emr_alarm_hours) == var.emr_alarm_hours
    error_message = "emr_alarm_hours must be a whole number between 1 and 168 (7 days, as far as CloudWatch looks back)."
  }
}
