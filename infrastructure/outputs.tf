output "emr_cluster_id" {
  description = "Id of the cluster, such as j-XXXXXXXXX."
  value       = aws_emr_cluster.this.id
}

output "emr_master_dns" {
  description = "DNS name of the primary node: public, or private in a private subnet."
  value       = aws_emr_cluster.this.master_public_dns
}

output "region" {
  description = "Region of the cluster and the bucket."
  value       = var.region
}

output "bucket" {
  description = "Bucket for data, code, experiments and logs."
  value       = aws_s3_bucket.this.id
}

output "data_uri" {
  description = "Where to upload tables: aws s3 cp table.parquet <this>"
  value       = "s3://${local.bucket_name}/data/"
}

output "out_uri" {
  description = "Where the cluster may write experiments (--out)."
  value       = "s3://${local.bucket_name}/experiments"
}

output "log_uri" {
  description = "Where the cluster's logs arrive."
  value       = "s3://${local.bucket_name}/logs/emr/"
}

output "service_role" {
  description = "EMR's service role, for clusters created without Terraform."
  value       = aws_iam_role.service.name
}

output "instance_profile" {
  description = "The nodes' instance profile, for clusters created without Terraform."
  value       = aws_iam_instance_profile.nodes.name
}

output "next_command" {
  description = "The next command to run: a detached experiment on the cluster."
  value       = "python run_experiment.py --params params/emr.yaml --cluster-id ${aws_emr_cluster.this.id} --input-data s3://${local.bucket_name}/data/ --out s3://${local.bucket_name}/experiments"
}

output "emr_cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_emr_cluster.this.arn
}

output "instance_group_ids" {
  description = "Ids of the instance groups, by role; task is null without one."
  value = {
    master = aws_emr_cluster.this.master_instance_group[0].id
    core   = aws_emr_cluster.this.core_instance_group[0].id
    task   = one(aws_emr_instance_group.task[*].id)
  }
}

output "role_arns" {
  description = "ARNs of EMR's service role and the nodes' role."
  value       = { service = aws_iam_role.service.arn, nodes = aws_iam_role.nodes.arn }
}

output "submitter_policy" {
  description = "IAM policy (JSON) of who submits, follows and diagnoses experiments, and scores with their models."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.submitter_statements })
}

output "operator_policy" {
  description = "IAM policy (JSON) of who also creates, resizes and ends clusters with run_experiment.py."
  value       = jsonencode({ Version = "2012-10-17", Statement = concat(local.submitter_statements, local.operator_statements) })
}
