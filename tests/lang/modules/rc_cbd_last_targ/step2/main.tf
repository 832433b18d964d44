resource "terraform_data" "a" {
  triggers_replace=2
}
resource "terraform_data" "b" {
  triggers_replace=terraform_data.a.id
}
resource "terraform_data" "d" {
  lifecycle {
    create_before_destroy = true
  }
  input=terraform_data.b.id
}
