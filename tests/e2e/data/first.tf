variable "password" {
  type      = string
  sensitive = true
}

variable "migrate" {
  type    = string
  default = "true"
}

resource "terraform_data" "network" {
  input = "10.20.0.0/16"
}

resource "terraform_data" "database" {
  input = {
    size     = "small"
    password = var.password
  }
}

output "database" {
  value     = terraform_data.database.id
  sensitive = true
}
