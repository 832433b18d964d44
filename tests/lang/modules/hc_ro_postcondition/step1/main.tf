resource "terraform_data" "z" {
  input=1
}
resource "terraform_data" "a" {
  input=1
}
