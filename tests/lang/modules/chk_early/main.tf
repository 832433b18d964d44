check "c" {
  assert {
    condition = length(terraform_data.a.output) == "x"
    error_message = "no"
  }
}
resource "terraform_data" "a" { input = "abc" }
