resource "terraform_data" "old_name" {
  input = "SENTINEL-moved"
}

resource "terraform_data" "moved_and_changed" {
  input = "SENTINEL-before"
}

resource "terraform_data" "forgotten" {
  input = "SENTINEL-forgotten"
}
