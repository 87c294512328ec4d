variable "generation" {
  type    = number
  default = 1
}

variable "command" {
  type    = string
  default = "true"
}

resource "terraform_data" "first_created" {
  triggers_replace = [var.generation]

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "slow" {
  triggers_replace = [terraform_data.first_created.id]

  provisioner "local-exec" {
    command = "echo SENTINEL-slow; ${var.command}"
  }
}
