variable "s" {
  default = "sec"
  sensitive = true
}
check "c" {
  assert {
    condition = path.module == "zz"
    error_message = { (var.s) = 1 }
  }
}
