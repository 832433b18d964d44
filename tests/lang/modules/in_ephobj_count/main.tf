variable "e" {
  default = "eph"
  ephemeral = true
}
resource "terraform_data" "a" {
  count = { k = var.e }
}
