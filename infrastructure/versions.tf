terraform {
  # From 1.9 on, the validation of a variable may refer to other variables.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

locals {
  tags = merge(var.tags, { Project = var.project, ManagedBy = "terraform" })
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}
