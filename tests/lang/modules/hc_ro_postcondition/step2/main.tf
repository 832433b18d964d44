resource "terraform_data" "z" {
  input=1
}
resource "terraform_data" "a" {
  lifecycle {
    postcondition {
    condition = self.input == 9
    error_message = "m"
  }
  }
  input=1
}
