variable "s" {
  default = "sec"
  sensitive = true
}
resource "terraform_data" "a" {
  for_each = { for x in var.s : x => x }
}
