terraform {
  required_version = ">= 1.7"
}

variable "generation" {
  type    = number
  default = 1
}

variable "password" {
  type      = string
  sensitive = true
}

variable "command" {
  type    = string
  default = "true"
}

locals {
  first = var.generation == 1
}

resource "terraform_data" "kept" {
  input = "SENTINEL-literal-in-the-configuration"
}

resource "terraform_data" "database" {
  input = {
    password   = var.password
    generation = var.generation
  }
}

resource "terraform_data" "replaced" {
  triggers_replace = [var.generation]

  provisioner "local-exec" {
    command     = var.command
    environment = { TOKEN = "SENTINEL-environment" }
  }
}

resource "terraform_data" "replaced_first_created" {
  triggers_replace = [var.generation]

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "each" {
  for_each = toset(local.first ? ["a", "gone"] : ["a", "new"])
  input    = "SENTINEL-${each.key}"
}

resource "terraform_data" "before_move" {
  count = local.first ? 1 : 0
  input = "SENTINEL-moved"
}

output "endpoint" {
  value = "SENTINEL-output-${var.generation}"
}

output "connection" {
  value     = terraform_data.database.output
  sensitive = true
}
