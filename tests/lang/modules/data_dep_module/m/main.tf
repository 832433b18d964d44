variable "p" {}
resource "terraform_data" "m" { input = var.p }
