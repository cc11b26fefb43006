# One bucket, by prefix:
#   data/           tables, uploaded by their owners
#   code/           lib.zip, scripts and notebooks of the checkout that ran `terraform apply`
#   bootstrap/      the bootstrap script of new nodes and its files, and their packages with `wheelhouse`
#   experiments/    models, results and executed notebooks
#   logs/emr/       logs of the clusters

locals {
  bucket_name = coalesce(var.bucket_name, "${var.project}-${data.aws_caller_identity.current.account_id}-${var.region}")

  root = "${path.module}/.."

  # Key in the bucket => file.
  code_files = merge(
    { for name in fileset("${local.root}/scripts", "*.py") : "code/scripts/${name}" => "${local.root}/scripts/${name}" },
    { for name in fileset("${local.root}/notebooks", "*.ipynb") : "code/notebooks/${name}" => "${local.root}/notebooks/${name}" },
  )
  bootstrap_files = {
    for name in local.design.bootstrap.files : "bootstrap/${name}" => "${path.module}/${name}"
  }
  lib_zip = "${path.module}/build/lib.zip"

  # `make wheelhouse` writes the requirements last: with them it is whole, and says of which it is.
  wheelhouse = "${path.module}/build/wheelhouse"
  wheelhouse_is_current = try(
    file("${local.wheelhouse}/requirements-master.txt") == file("${path.module}/requirements-master.txt"), false
  )
  wheelhouse_files = {
    for name in fileset(local.wheelhouse, "wheels-*.tar") : "bootstrap/${name}" => "${local.wheelhouse}/${name}" if var.wheelhouse
  }
}

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18: access logs would need a second bucket; use CloudTrail data events if you need them
  # checkov:skip=CKV_AWS_144: experiments can be repeated; replication to another region is not worth its cost
  # checkov:skip=CKV2_AWS_62: nothing here reacts to new objects
  bucket        = local.bucket_name
  force_destroy = var.bucket_force_destroy
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

# By default with the account's AWS managed key for S3: it costs nothing, and access to an object includes the use of the key.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.bucket_kms_key_arn
    }
  }
}

resource "aws_s3_bucket_policy" "tls_only" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "logs"
    status = "Enabled"

    filter {
      prefix = "logs/"
    }

    expiration {
      days = var.log_retention_days
    }
  }

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_object" "lib" {
  bucket = aws_s3_bucket.this.id
  key    = "code/lib.zip"
  source = local.lib_zip
  # source_hash, not etag: the ETag of a KMS-encrypted object is not its MD5.
  source_hash = fileexists(local.lib_zip) ? filemd5(local.lib_zip) : null

  lifecycle {
    precondition {
      condition     = fileexists(local.lib_zip)
      error_message = "infrastructure/build/lib.zip does not exist yet: run `make lib.zip` in the project's folder first."
    }
  }

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]
}

resource "aws_s3_object" "files" {
  for_each    = merge(local.code_files, local.bootstrap_files, local.wheelhouse_files)
  bucket      = aws_s3_bucket.this.id
  key         = each.key
  source      = each.value
  source_hash = filemd5(each.value)

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]
}
