variable "v" {
  default = "a"
  validation {
    condition     = length([for x in [var.v] : x]) == 2
    error_message = "no ${var.v}."
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
