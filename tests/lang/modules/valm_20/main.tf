variable "v" {
  default = "a"
  validation {
    condition     = var.v == "z"
    error_message = sensitive(var.v == "z")
  }
}
variable "w" {
  default = "b"
}
locals {
  l = var.w
}
resource "terraform_data" "a" {

}
