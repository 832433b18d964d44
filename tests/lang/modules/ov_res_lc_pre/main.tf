resource "terraform_data" "a" {
  lifecycle {
    precondition {
      condition = path.module == "q"
      error_message = "one"
    }
  }
}
