module "m" {
  source = "./m"
  for_each = { a = "1", b = "1" }
  p = each.value
}
output "o" { value = { for k, m in module.m : k => m.o } }
