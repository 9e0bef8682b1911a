# A trail of the KMS that the account of the application cannot alter: it is delivered to a bucket of another account, under a
# key of that account, and nothing in the bucket can be deleted for as long as it has to be kept. What the reader of waxseal
# may do is at the end.
#
#   terraform init
#   terraform apply -var application_account=111122223333 -var log_account=444455556666 -var bucket=example-trail

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}

variable "application_account" {
  type        = string
  description = "Where the KEKs are, and whose events are logged."
}

variable "log_account" {
  type        = string
  description = "Where the bucket is. Nobody who runs the application has rights here."
}

variable "bucket" {
  type = string
}

variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "Home Region of the trail, and that of the bucket."
}

variable "keep_days" {
  type        = number
  default     = 400
  description = "As long as the audit is kept: the retention of waxseal."
}

variable "reader_principal" {
  type        = string
  default     = null
  description = "ARN of who runs `waxseal audit mirror`, and may assume the role of the reader. Default: the account."
}

# Both assume a role that may set this up; change them to how you sign in.
provider "aws" {
  alias               = "application"
  region              = var.region
  allowed_account_ids = [var.application_account]
  profile             = "application"
}

provider "aws" {
  alias               = "log"
  region              = var.region
  allowed_account_ids = [var.log_account]
  profile             = "log"
}

locals {
  name      = "waxseal"
  trail_arn = "arn:aws:cloudtrail:${var.region}:${var.application_account}:trail/${local.name}"
  account   = "arn:aws:iam::${var.application_account}:root"
}

# --- The log account: key and bucket -----------------------------------------------------------------------------------

data "aws_iam_policy_document" "key" {
  provider = aws.log

  statement {
    sid       = "Administration"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.log_account}:root"]
    }
  }

  statement {
    sid       = "TrailEncrypts"
    actions   = ["kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "ReaderDecrypts"
    actions   = ["kms:Decrypt"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.reader.arn]
    }
  }
}

resource "aws_kms_key" "log" {
  provider            = aws.log
  description         = "the audit trail of ${var.application_account}"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json
}

resource "aws_s3_bucket" "log" {
  provider            = aws.log
  bucket              = var.bucket
  object_lock_enabled = true
}

resource "aws_s3_bucket_versioning" "log" {
  provider = aws.log
  bucket   = aws_s3_bucket.log.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "log" {
  provider = aws.log
  bucket   = aws_s3_bucket.log.id
  rule {
    default_retention {
      # Not even the owner of the account ends it. GOVERNANCE, while you try it out, can be ended by who may.
      mode = "COMPLIANCE"
      days = var.keep_days
    }
  }
  depends_on = [aws_s3_bucket_versioning.log]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "log" {
  provider = aws.log
  bucket   = aws_s3_bucket.log.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.log.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "log" {
  provider                = aws.log
  bucket                  = aws_s3_bucket.log.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "log" {
  provider = aws.log
  bucket   = aws_s3_bucket.log.id
  rule {
    id     = "after-retention"
    status = "Enabled"
    filter {}
    expiration {
      days = var.keep_days + 1
    }
    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  provider = aws.log

  statement {
    sid       = "TrailLooks"
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.log.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "TrailDelivers"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.log.arn}/AWSLogs/${var.application_account}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }

  statement {
    sid       = "ReaderLists"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.log.arn]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.reader.arn]
    }
  }

  statement {
    sid       = "ReaderReads"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.log.arn}/AWSLogs/*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.reader.arn]
    }
  }

  statement {
    sid       = "OnlyByTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.log.arn, "${aws_s3_bucket.log.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "log" {
  provider = aws.log
  bucket   = aws_s3_bucket.log.id
  policy   = data.aws_iam_policy_document.bucket.json
}

# --- The account of the application: the trail --------------------------------------------------------------------------

resource "aws_cloudtrail" "waxseal" {
  provider                   = aws.application
  name                       = local.name
  s3_bucket_name             = aws_s3_bucket.log.id
  kms_key_id                 = aws_kms_key.log.arn
  is_multi_region_trail      = true
  enable_log_file_validation = true

  # All management events. Uses of a key are reads, and the KMS must not be among exclude_management_event_sources.
  event_selector {
    read_write_type           = "All"
    include_management_events = true
  }

  depends_on = [aws_s3_bucket_policy.log]
}

# --- The account of the application: who mirrors the trail --------------------------------------------------------------

data "aws_iam_policy_document" "assume_reader" {
  provider = aws.application

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [coalesce(var.reader_principal, local.account)]
    }
  }
}

data "aws_iam_policy_document" "reader" {
  provider = aws.application

  # Of both readers, and to see whether the trail can be relied on. No key of the application: it uses none.
  statement {
    sid = "Trail"
    actions = [
      "cloudtrail:LookupEvents",
      "cloudtrail:GetTrail",
      "cloudtrail:GetTrailStatus",
      "cloudtrail:GetEventSelectors",
      "cloudtrail:ListPublicKeys",
    ]
    resources = ["*"]
  }

  # The other account has to allow it as well, and does above.
  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket", "s3:GetObject"]
    resources = ["arn:aws:s3:::${var.bucket}", "arn:aws:s3:::${var.bucket}/AWSLogs/*"]
  }

  statement {
    sid       = "KeyOfTheBucket"
    actions   = ["kms:Decrypt"]
    resources = ["arn:aws:kms:${var.region}:${var.log_account}:key/*"]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "reader" {
  provider           = aws.application
  name               = "${local.name}-trail-reader"
  assume_role_policy = data.aws_iam_policy_document.assume_reader.json
}

resource "aws_iam_role_policy" "reader" {
  provider = aws.application
  name     = "trail"
  role     = aws_iam_role.reader.id
  policy   = data.aws_iam_policy_document.reader.json
}

output "reader_role" {
  value = aws_iam_role.reader.arn
}

output "trail" {
  value       = aws_cloudtrail.waxseal.arn
  description = "The option `trail` of the reader."
}
