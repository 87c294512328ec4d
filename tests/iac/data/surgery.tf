moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}

resource "terraform_data" "new_name" {
  input = "SENTINEL-moved"
}

moved {
  from = terraform_data.moved_and_changed
  to   = terraform_data.changed_and_moved
}

resource "terraform_data" "changed_and_moved" {
  input = "SENTINEL-after"
}

removed {
  from = terraform_data.forgotten

  lifecycle {
    destroy = false
  }
}

import {
  to = terraform_data.imported
  id = "SENTINEL-imported-id"
}

resource "terraform_data" "imported" {}

import {
  to = terraform_data.imported_and_changed
  id = "SENTINEL-other-imported-id"
}

resource "terraform_data" "imported_and_changed" {
  input = "SENTINEL-changed-after-import"
}
