module "m" {
  source = "./m"
  x = [var.e]
}
variable "e" {
  default = "eph"
  ephemeral = true
}
