terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
  }

  # Bucket names are unique in all of AWS, so the bucket is named at init:
  #   init -backend-config=bucket=NAME, where NAME is the output `bucket` of state/.
  backend "s3" {
    key            = "envs/staging/terraform.tfstate"
    region         = "eu-west-1"
    encrypt        = true
    dynamodb_table = "sdt-state-locks"
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = "skills-development-tracker"
      Environment = "staging"
      ManagedBy   = "sdt"
    }
  }
}
