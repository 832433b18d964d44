variable "v" {
  default = "a"
  validation {
    condition     = var.v == "z"
    error_message = file("nope") == var.v
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
