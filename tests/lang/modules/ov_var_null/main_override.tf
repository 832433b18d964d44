variable "v" {
  nullable = false
  default = null
}
