locals { a = "x" }
check "c" {
  assert {
    condition = tonumber(local.a) == 2
    error_message = "no"
  }
}
