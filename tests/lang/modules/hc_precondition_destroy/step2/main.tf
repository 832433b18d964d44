resource "terraform_data" "a" {
  lifecycle {
    precondition {
    condition = path.module == "z"
    error_message = "m"
  }
  }
  input=1
}
